import {
  EngineGraphFileError,
  EngineMemoryError,
  EngineOperationError,
  type Engine,
  type Graph,
  type Recording,
  type Tensor,
} from '@rocinante/engine';
import type { BatchTensors } from './batch-tensors.js';
import { computedWindows } from './micro-batch.js';
import type { NetworkWeights } from './network-weights.js';

/** Takes a tensor's gradient where it is made; that of an LSTM layer of `units` has the path's order of gates. */
export type Take = (name: string, gradient: Tensor, units?: number) => void;

/** Gives each tensor's gradient to `take`, and the rows' losses, unread. */
export type Backpropagate = (batch: BatchTensors, take: Take) => Tensor;

/** A tensor's gradient that is the caller's to free, as it was taken. */
export interface KeptGradient {
  readonly name: string;
  readonly gradient: Tensor;
  readonly units: number | undefined;
}

/** Computes gradients and keeps them; the losses are the scope's. */
export function keepGradients(
  engine: Engine,
  backpropagate: Backpropagate,
  batch: BatchTensors,
): { losses: Tensor; kept: readonly KeptGradient[] } {
  const kept: KeptGradient[] = [];
  try {
    const losses = backpropagate(batch, (name, gradient, units) => {
      kept.push({ name, gradient: engine.keep(gradient), units });
    });
    return { losses, kept };
  } catch (error) {
    freeGradients(engine, kept);
    throw error;
  }
}

function freeGradients(engine: Engine, kept: readonly KeptGradient[]): void {
  engine.free(...kept.map(({ gradient }) => gradient));
}

/**
 * A graph has fewer nodes: TensorFlow takes some 0.15 ms a node to prepare one. The reference network's has 5,143, and 6,518 where
 * factors are bfloat16: three layers may have some 190 positions, or 150.
 */
const NODES_MAX = 10_000;

/**
 * Seconds that a gradient may take op by op, for a graph to be made of it: whoever ends the process waits for a graph's end. Processor
 * time where that is less, since workers of a machine compute their first gradients together, beside all else that begins then.
 */
const SECONDS_MAX = 2;

/** What a graph is made of. */
export interface GraphLimits {
  /** The windows of its micro-batches. */
  readonly windows: number;
  /** 2 where it is left out. */
  readonly secondsMax?: number | undefined;
}

/** A graph, with the size of its micro-batches and what its gradients are of. */
interface SizedGraph {
  readonly graph: Graph;
  readonly size: string;
  readonly parts: readonly Omit<KeptGradient, 'gradient'>[];
}

/**
 * Computes micro-batches of so many windows by a graph of the ops that the first of them ran, and others op by op.
 *
 * The bits are the same: the first is computed in both ways, and the graph is kept only where they give the same bits. It belongs to
 * the network: other parameters are other inputs. A clock decides whether there is one, and so no number.
 */
export class GradientGraph {
  #made: SizedGraph | undefined;
  #isDecided = false;
  #notice: string | null = null;

  constructor(
    readonly engine: Engine,
    readonly weights: NetworkWeights,
    readonly byOps: Backpropagate,
    readonly limits: GraphLimits,
  ) {}

  /** Whether there is a graph; after the first micro-batch of its size. */
  get isMade(): boolean {
    return this.#made !== undefined;
  }

  /** Where there should be a graph and is none, why, in one line; null otherwise. */
  get notice(): string | null {
    return this.#notice;
  }

  /** As the network does by itself, op by op. */
  readonly backpropagate: Backpropagate = (batch, take) => {
    if (!this.#isDecided && batch.B === computedWindows(this.limits.windows)) return this.#first(batch, take);
    const made = this.#made;
    if (made?.size !== sizeOf(batch)) return this.byOps(batch, take);
    const [losses, ...gradients] = this.engine.runGraph(made.graph, this.#inputs(batch));
    for (const [index, { name, units }] of made.parts.entries()) take(name, gradients[index], units);
    return losses;
  };

  dispose(): void {
    if (this.#made !== undefined) this.engine.freeGraph(this.#made.graph);
    this.#made = undefined;
  }

  #first(batch: BatchTensors, take: Take): Tensor {
    const { engine } = this;
    const { secondsMax = SECONDS_MAX } = this.limits;
    const began = { wall: performance.now(), processor: process.cpuUsage() };
    // What was made of the parameters is made in the graph.
    this.weights.forgetDerived();
    let kept: readonly KeptGradient[] = [];
    const inputs = this.#inputs(batch);
    const { outputs, recording } = engine.record(inputs, NODES_MAX, () => {
      const computed = keepGradients(engine, this.byOps, batch);
      kept = computed.kept;
      return [computed.losses, ...kept.map(({ gradient }) => gradient)];
    });
    const { user, system } = process.cpuUsage(began.processor);
    const seconds = Math.min(performance.now() - began.wall, (user + system) / 1000) / 1000;
    this.#isDecided = true;
    try {
      if (recording === null) {
        this.#notice = `a graph of it would have ${NODES_MAX.toLocaleString('en')} nodes or more`;
      } else if (seconds >= secondsMax) {
        this.#notice = `one took ${seconds.toFixed(1)} s, and a graph, which nothing can interrupt, is made where it takes less than ${secondsMax} s`;
      } else {
        const graph = this.#graphAlike(recording, inputs, outputs);
        const parts = kept.map(({ name, units }) => ({ name, units }));
        if (graph !== null) this.#made = { graph, size: sizeOf(batch), parts };
      }
      for (const { name, gradient, units } of kept) take(name, gradient, units);
    } finally {
      freeGradients(engine, kept);
    }
    return outputs[0];
  }

  /** A recording's graph, where it gives what its ops gave. */
  #graphAlike(recording: Recording, inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph | null {
    const { engine } = this;
    let graph: Graph | undefined;
    try {
      const made = (graph = engine.createGraph(recording));
      const isAlike = engine.scope(() =>
        engine.runGraph(made, inputs).every((tensor, index) => haveSameBits(engine, tensor, outputs[index])),
      );
      if (isAlike) return made;
      this.#notice = 'TensorFlow runs a gradient as a graph with other bits than op by op';
    } catch (error) {
      if (error instanceof EngineMemoryError) this.#notice = 'there is not the memory to run one as a graph';
      else if (error instanceof EngineOperationError || error instanceof EngineGraphFileError)
        this.#notice = error.message;
      else throw error;
    }
    if (graph !== undefined) engine.freeGraph(graph);
    return null;
  }

  #inputs({ symbols_N, labels_L, shares_L1, words }: BatchTensors): Tensor[] {
    return [...this.weights.parameters, symbols_N, labels_L, shares_L1, ...(words ?? [])];
  }
}

const sizeOf = ({ T, B, words }: BatchTensors): string => `${T} ${B} ${words === null}`;

function haveSameBits(engine: Engine, a: Tensor, b: Tensor): boolean {
  const [bitsA, bitsB] = [a, b].map((tensor) => {
    const { buffer, byteOffset, byteLength } = engine.readFloat32(tensor);
    return Buffer.from(buffer, byteOffset, byteLength);
  });
  return bitsA.equals(bitsB);
}
