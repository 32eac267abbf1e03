import { toInt16 } from '@rocinante/codec';
import { positionOf, type BatchPlan } from '@rocinante/corpus';
import type { ParameterLayout, ParameterRange } from '@rocinante/parameters';
import { runWindows, type Assignment, type WorkKind } from '@rocinante/training';
import {
  encodeContributionRange,
  WireError,
  type AssignMessage,
  type ParametersRangeMessage,
  type SampleRequestMessage,
  type WorkerMessage,
} from '@rocinante/wire';
import { Contributions, type Contribution } from './contributions.js';
import type { EngineProxy } from './engine-proxy.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { ParametersReceiver } from './parameters-receiver.js';
import type { PreparedRun } from './run-preparation.js';
import { WorkMeter } from './work-meter.js';

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
  readonly #metrics: WorkerMetrics;
  readonly #meter: WorkMeter;
  readonly #receiver: ParametersReceiver;
  readonly #contributions: Contributions;
  readonly #batches: BatchPlan;
  /** Where a range of a sum is narrowed; null where it travels as it is. */
  readonly #narrow: Int16Array | null;
  #last: Promise<void> = Promise.resolve();
  #abandoned = false;

  /** @param prepared the run that the engine has opened. */
  constructor(engine: EngineProxy, prepared: PreparedRun, outlets: Outlets, metrics: WorkerMetrics) {
    const { layout, opening, sums } = prepared;
    this.#engine = engine;
    this.#layout = layout;
    this.#outlets = outlets;
    this.#metrics = metrics;
    this.#meter = new WorkMeter(metrics);
    const { up, down } = opening.config.codec;
    this.#receiver = new ParametersReceiver(layout, down);
    this.#narrow = up === 'int16-grid' ? new Int16Array(layout.longestRange) : null;
    this.#contributions = new Contributions(sums);
    this.#batches = runWindows(opening.config, opening.ids.byteLength / opening.idBytes).batches;
  }

  /** @throws {WireError} as ParametersReceiver. */
  receiveParameters(message: ParametersRangeMessage): void {
    this.#receiver.receive(message);
  }

  /** @throws {WireError} MALFORMED: a grid of another length. */
  assign(message: AssignMessage): void {
    const assignment = assignmentOf(message);
    if (assignment.kind !== 'evaluate' && message.gridExponents.byteLength !== this.#layout.blockCount) {
      throw new WireError(
        'MALFORMED',
        `grid: expected ${this.#layout.blockCount} exponents, received ${message.gridExponents.byteLength}`,
      );
    }
    // A Buffer's bytes as signed numbers, in memory of their own.
    const exponents = new Int8Array(Uint8Array.from(message.gridExponents).buffer);
    this.#meter.assigned();
    const contribution = this.#contributions.add(assignment, exponents);
    this.#enqueue(() => this.#compute(contribution));
  }

  withdraw(assignment: number): void {
    this.#contributions.cancel(assignment);
    // The engine may be writing to it at this moment: its memory is free once the queue has come past it.
    this.#enqueue(() => Promise.resolve(this.#release(assignment)));
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
    const bytes = this.#encoded(assignment, contribution.sum, range);
    this.#outlets.contribute(bytes);
    this.#meter.sent(bytes.byteLength);
    if (rangeIndex < this.#layout.ranges.length - 1) return;
    this.#meter.sentLast(assignment);
    this.#release(assignment);
  }

  sample(request: SampleRequestMessage): void {
    this.#enqueue(async () => {
      const parameters = await this.#receiver.whole(request.parametersVersion);
      if (this.#abandoned) return;
      if (parameters === null) {
        const error = `parameters ${request.parametersVersion} are past`;
        return this.#send({ sampleResult: { request: request.request, error } });
      }
      try {
        const symbols = await this.#engine.request({ type: 'sample', parameters, ...request });
        this.#send({ sampleResult: { request: request.request, symbols } });
      } catch (error) {
        this.#send({ sampleResult: { request: request.request, error: (error as Error).message } });
      }
    });
  }

  /** The run or the session is over: the engine stops at its next micro-batch, and nothing more is said of this run. */
  abandon(): void {
    this.#abandoned = true;
    this.#contributions.cancelAll();
    void this.#last.then(() => this.#contributions.releaseAll());
  }

  /** A range of a sum, as the run's codec has it. */
  #encoded(assignment: number, sum: Int32Array, range: ParameterRange): Buffer {
    const { session } = this.#outlets;
    if (this.#narrow === null) return encodeContributionRange(session, assignment, sum, range);
    const values = sum.subarray(range.start, range.end);
    const { length } = values;
    toInt16(values, this.#narrow.subarray(0, length));
    return encodeContributionRange(session, assignment, this.#narrow, { ...range, start: 0, end: length });
  }

  #send(message: WorkerMessage): void {
    if (!this.#abandoned) this.#outlets.send(message);
  }

  #release(assignment: number): void {
    this.#contributions.release(assignment);
    this.#meter.released(assignment, this.#contributions.count === 0);
  }

  /**
   * One piece of work after another, in the order they came. Nothing is asked of the engine once the run is over, which it
   * may have closed by then.
   */
  #enqueue(work: () => Promise<void>): void {
    this.#last = this.#last
      .then(() => (this.#abandoned ? undefined : work()))
      .catch((error: unknown) => {
        if (!this.#abandoned) this.#outlets.fail(error as Error);
      });
  }

  async #compute({ assignment, exponents, sum, cancelled }: Contribution): Promise<void> {
    if (Atomics.load(cancelled, 0) === 1) return;
    const waitedSince = performance.now();
    const parameters = await this.#receiver.whole(assignment.parametersVersion);
    this.#meter.parametersWhole(waitedSince);
    // Of parameters that are past nothing is wanted any more: a worker that stood still comes back to other work.
    if (parameters === null || Atomics.load(cancelled, 0) === 1) return;
    if (assignment.kind === 'evaluate') {
      const result = await this.#engine.request({ type: 'evaluate', assignment, parameters, cancelled });
      if (result) this.#send({ evaluation: { assignment: assignment.id, ...mutable(result) } });
      this.#release(assignment.id);
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
    this.#metrics.engineHandles(this.#engine.liveHandles);
    if (!result) return;
    const { results, magnitudes, fits, computeSeconds } = result;
    this.#send({
      report: {
        assignment: assignment.id,
        results: [...results],
        magnitudes: Buffer.from(magnitudes.buffer, magnitudes.byteOffset, magnitudes.byteLength),
        fits,
        computeSeconds,
      },
    });
    this.#meter.reported(assignment.id, result, this.#windowsOf(assignment));
    if (assignment.kind === 'audit') this.#release(assignment.id);
  }

  /** Windows of an assignment's micro-batches; an epoch's last one may have fewer than the others. */
  #windowsOf({ step, microBatches }: Assignment): number {
    const { microBatch } = this.#batches;
    const { windowCount } = positionOf(this.#batches, step);
    return microBatches.reduce((sum, k) => sum + Math.min(microBatch, windowCount - k * microBatch), 0);
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
  WORK_KIND_AUDIT: 'audit',
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
