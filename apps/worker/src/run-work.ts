import type { EngineProxy } from './engine-proxy.js';
import type { ParameterLayout } from '@rocinante/parameters';
import type { Assignment, WorkKind } from '@rocinante/training';
import {
  encodeContributionRange,
  WireError,
  type AssignMessage,
  type ParametersRangeMessage,
  type SampleRequestMessage,
  type WorkerMessage,
} from '@rocinante/wire';
import { Contributions, type Contribution } from './contributions.js';
import { ParametersReceiver } from './parameters-receiver.js';

/** Where a run's answers go. */
export interface Outlets {
  readonly session: string;
  /** On the control stream. */
  readonly send: (message: WorkerMessage) => void;
  /** On the stream of contributions: a range as `encodeContributionRange` makes it. */
  readonly contribute: (range: Buffer) => void;
  /** Something that cannot be mended within the session. */
  readonly fail: (error: Error) => void;
}

/** One run's work on the network's thread: what was assigned, computed, granted and withdrawn. */
export class RunWork {
  readonly #engine: EngineProxy;
  readonly #layout: ParameterLayout;
  readonly #outlets: Outlets;
  readonly #receiver: ParametersReceiver;
  readonly #contributions: Contributions;
  #last: Promise<void> = Promise.resolve();

  constructor(engine: EngineProxy, layout: ParameterLayout, outlets: Outlets) {
    this.#engine = engine;
    this.#layout = layout;
    this.#outlets = outlets;
    this.#receiver = new ParametersReceiver(layout);
    this.#contributions = new Contributions(layout.length);
  }

  /** @throws {WireError} as ParametersReceiver. */
  receiveParameters(message: ParametersRangeMessage): void {
    this.#receiver.receive(message);
  }

  /** @throws {WireError} MALFORMED: a grid of another length. */
  assign(message: AssignMessage): void {
    const assignment = assignmentOf(message);
    if (assignment.kind === 'train' && message.gridExponents.byteLength !== this.#layout.blockCount) {
      throw new WireError(
        'MALFORMED',
        `grid: expected ${this.#layout.blockCount} exponents, received ${message.gridExponents.byteLength}`,
      );
    }
    // A Buffer's bytes as signed numbers, in memory of their own.
    const exponents = new Int8Array(Uint8Array.from(message.gridExponents).buffer);
    const contribution = this.#contributions.add(assignment, exponents);
    this.#enqueue(() => this.#compute(contribution));
  }

  withdraw(assignment: number): void {
    this.#contributions.cancel(assignment);
    // The engine may be writing to it at this moment: its memory is free once the queue has come past it.
    this.#enqueue(() => Promise.resolve(this.#contributions.release(assignment)));
  }

  /** Sends one range; a grant that crossed a withdrawal is void. */
  grant(assignment: number, rangeIndex: number): void {
    const contribution = this.#contributions.get(assignment);
    if (!contribution || Atomics.load(contribution.cancelled, 0) === 1) return;
    const range = this.#layout.ranges[rangeIndex];
    if (!range)
      throw new WireError(
        'MALFORMED',
        `grant of range ${rangeIndex}: there are ${this.#layout.ranges.length}`,
      );
    this.#outlets.contribute(
      encodeContributionRange(this.#outlets.session, assignment, contribution.sum, range),
    );
    if (rangeIndex === this.#layout.ranges.length - 1) this.#contributions.release(assignment);
  }

  sample(request: SampleRequestMessage): void {
    this.#enqueue(async () => {
      const parameters = await this.#receiver.whole(request.parametersVersion);
      try {
        const symbols = await this.#engine.request({ type: 'sample', parameters, ...request });
        this.#outlets.send({ sampleResult: { request: request.request, symbols } });
      } catch (error) {
        this.#outlets.send({ sampleResult: { request: request.request, error: (error as Error).message } });
      }
    });
  }

  /** The session is over: the engine stops at its next micro-batch. */
  abandon(): void {
    this.#contributions.cancelAll();
  }

  /** One piece of work after another, in the order they came. */
  #enqueue(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch((error: unknown) => this.#outlets.fail(error as Error));
  }

  async #compute({ assignment, exponents, sum, cancelled }: Contribution): Promise<void> {
    if (Atomics.load(cancelled, 0) === 1) return;
    const parameters = await this.#receiver.whole(assignment.parametersVersion);
    if (assignment.kind === 'evaluate') {
      const result = await this.#engine.request({ type: 'evaluate', assignment, parameters, cancelled });
      if (result) this.#outlets.send({ evaluation: { assignment: assignment.id, ...mutable(result) } });
      this.#contributions.release(assignment.id);
      return;
    }
    const result = await this.#engine.request({
      type: 'train',
      assignment,
      parameters,
      exponents,
      sum,
      cancelled,
    });
    if (!result) return;
    const { magnitudes } = result;
    this.#outlets.send({
      report: {
        assignment: assignment.id,
        ...mutable(result),
        magnitudes: Buffer.from(magnitudes.buffer, magnitudes.byteOffset, magnitudes.byteLength),
      },
    });
  }
}

/** gRPC's input types ask for arrays that may be written to. */
function mutable<T, R extends { readonly results: readonly T[] }>(
  result: R,
): Omit<R, 'results'> & { results: T[] } {
  return { ...result, results: [...result.results] };
}

const kinds: Readonly<Record<string, WorkKind>> = {
  WORK_KIND_TRAIN: 'train',
  WORK_KIND_EVALUATE: 'evaluate',
};

function assignmentOf(message: AssignMessage): Assignment {
  const kind = kinds[message.kind];
  if (!kind)
    throw new WireError('MALFORMED', `assignment ${message.assignment}: unknown kind ${message.kind}`);
  return {
    id: message.assignment,
    kind,
    step: message.step,
    issue: message.issue,
    microBatches: message.microBatches,
    parametersVersion: message.parametersVersion,
    firstRange: message.firstRange,
    magnitudesOnly: message.magnitudesOnly,
  };
}
