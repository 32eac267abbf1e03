import { join } from 'node:path';
import { assert, crc32 } from '@rocinante/base';
import type { SavedCheckpoint } from '@rocinante/checkpoint';
import {
  checksumsDigest,
  digestOf,
  findEnd,
  LEDGER_FORMAT,
  LEDGER_VERSION,
  LedgerFile,
  placeOf,
  spansOf,
  type BegunRecord,
  type LedgerEnd,
  type LedgerRecord,
  type StateHashes,
  type StepRecord,
} from '@rocinante/ledger';
import { networkLayout } from '@rocinante/model';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import { networkOf, type Assignment, type RunEffect } from '@rocinante/training';
import { readWeightsFile } from '@rocinante/weights';
import { RunFailedError } from '../../errors.js';
import type { Session } from '../../service/session.js';
import type { PreparedRun } from '../prepared-run.js';
import type { IssuedAgain, RunObserver } from '../run-observer.js';
import type { LoadedRun } from '../checkpoints/run-checkpoints.js';
import { RoomQueue } from '../log/room-queue.js';
import type { RangeChecksums } from '../arithmetic/step-arithmetic.js';

/** Where a run's ledger is, in the run's directory. */
export function ledgerPath(directory: string): string {
  return join(directory, 'ledger.jsonl');
}

/** What one assignment put into the sum of the issue in progress. */
interface Contribution {
  readonly worker: string;
  readonly microBatches: readonly number[];
  readonly ranges: Set<number>;
}

/**
 * Keeps `ledger.jsonl` while a run is worked on: one record a closed step, of what went into it and what came out. Who
 * computed what is taken from the ranges that were added, not from the state machine's own books.
 */
export class LedgerKeeper implements RunObserver {
  /** Told once where the ledger cannot be written any more, for other reasons than a full disk; what follows is not recorded. */
  onFailure: (error: Error) => void = (error) => {
    throw error;
  };
  /** Told of each record that the full disk did not take: it waits until `flush` finds room. */
  onFull: (error: Error) => void = () => {};
  readonly #records = new RoomQueue<LedgerRecord>((record) => this.#file!.append(record));
  readonly #prepared: PreparedRun;
  readonly #layout: ParameterLayout;
  readonly #begun: BegunRecord;
  #file: LedgerFile | null = null;
  #failed = false;
  #contributions = new Map<number, Contribution>();
  #exponents = new Int8Array();
  readonly #sum: Uint32Array;
  readonly #parameters: Uint32Array;

  constructor(prepared: PreparedRun) {
    const { config, corpus, shape, loaded } = prepared;
    this.#prepared = prepared;
    this.#layout = networkLayout(networkOf(config, corpus.vocabulary.size));
    const ranges = this.#layout.ranges.length;
    this.#sum = new Uint32Array(ranges);
    this.#parameters = new Uint32Array(ranges);
    this.#begun = {
      kind: 'begun',
      format: LEDGER_FORMAT,
      version: LEDGER_VERSION,
      step: loaded?.progress.step ?? 0,
      stepsTotal: shape.stepsTotal,
      seed: config.seed,
      corpus: corpus.textSha256,
      layout: layoutSha256(this.#layout),
      ranges,
      windowsPerEpoch: shape.windowsPerEpoch,
      batch: config.batch.size,
      microBatch: config.batch.microBatch,
    };
  }

  /**
   * Begins the ledger, or goes on in it where the run goes on. Where it throws, the ledger is as it was.
   * @returns what people should know of it, in one line; null for nothing.
   * @throws {LedgerDamagedError} it is damaged before its end.
   * @throws {RunFailedError} it is another run's, or the checkpoint is not the one that it records.
   * @throws Node's error where it cannot be read or written.
   */
  async open(): Promise<string | null> {
    const { loaded, directory, shape } = this.#prepared;
    const path = ledgerPath(directory.path);
    if (loaded === null) {
      this.#file = LedgerFile.begin(path, this.#begun);
      return null;
    }
    const { step } = loaded.progress;
    const { hashes } = loaded;
    const end = await findEnd(path, step);
    if (end !== null) this.#checkOwn(path, end, loaded, hashes);
    this.#file = end === null ? LedgerFile.begin(path, this.#begun) : LedgerFile.goOn(path, end);
    const { stepsTotal } = shape;
    const lost = end?.lost ?? 0;
    const { length } = loaded.progress.rollbacks;
    const rollbacks = length > 0 ? { rollbacks: length } : {};
    const checkpoint = loaded.name;
    this.#file.append({ kind: 'resumed', step, stepsTotal, checkpoint, ...hashes, lost, ...rollbacks });
    const first = (end?.lastStep ?? step) + 1;
    return first <= step ? `${path}: it has no record of steps ${first} to ${step}` : null;
  }

  stepIssued(_step: number, _issue: number, _again: IssuedAgain | null, exponents: Int8Array): void {
    this.#contributions = new Map();
    this.#exponents = Int8Array.from(exponents);
  }

  assigned({ name }: Session, { id, kind, microBatches }: Assignment): void {
    if (kind !== 'train') return;
    this.#contributions.set(id, { worker: name, microBatches, ranges: new Set() });
  }

  rangeArrived(_session: Session, assignment: number, range: number): void {
    const contribution = this.#contributions.get(assignment);
    assert(contribution !== undefined, `assignment ${assignment} is of the issue in progress`);
    contribution.ranges.add(range);
  }

  rangeApplied(range: number, checksums: RangeChecksums | null): void {
    assert(checksums !== null, 'a run with a ledger has checksums');
    this.#sum[range] = checksums.sum;
    this.#parameters[range] = checksums.parameters;
  }

  stepClosed({ step, issue, loss }: Extract<RunEffect, { type: 'close-step' }>): void {
    this.#append({
      kind: 'step',
      step: step + 1,
      ...placeOf(this.#begun, step + 1),
      issue,
      computed: this.#computed(),
      grid: digestOf(this.#exponents),
      sum: checksumsDigest(this.#sum),
      parameters: checksumsDigest(this.#parameters),
      loss,
    });
  }

  /** A checkpoint is on the disk. @param hashes of the state in memory that it was made of. */
  checkpointWritten({ step, name }: Pick<SavedCheckpoint, 'step' | 'name'>, hashes: StateHashes): void {
    this.#append({ kind: 'checkpoint', step, name, ...hashes });
  }

  /**
   * The weights of the run that is done are on the disk. They are read back.
   * @throws {WeightsFileError} they are not there, or not whole. @throws Node's error where it cannot be recorded.
   */
  async weightsWritten(path: string, step: number): Promise<void> {
    const { sha256, contentSha256 } = await readWeightsFile(path);
    // The run is over for the state machine: nobody would hear of a failure but the caller.
    if (this.#failed || this.#file === null) return;
    const hindrance = this.#records.push({
      kind: 'weights',
      step,
      parameters: sha256,
      contents: contentSha256,
    });
    if (hindrance !== null) throw hindrance;
  }

  /** Writes what waits for room. @returns null where nothing does any more, else the disk's error. */
  flush(): Error | null {
    if (this.#failed || this.#file === null) return null;
    try {
      return this.#records.flush();
    } catch (error) {
      this.#fail(error as Error);
      return null;
    }
  }

  /** Returns once what is recorded is on the disk. */
  async sync(): Promise<void> {
    await this.#file?.sync();
  }

  /** What is told afterwards is not recorded, and what the disk is too full for is lost. */
  close(): void {
    this.flush();
    this.#file?.close();
    this.#file = null;
  }

  #append(record: LedgerRecord): void {
    if (this.#failed || this.#file === null) return;
    let hindrance;
    try {
      hindrance = this.#records.push(record);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (hindrance !== null) this.onFull(hindrance);
  }

  #fail(error: Error): void {
    // It stays open until the end: it may be on its way to the disk.
    this.#failed = true;
    this.onFailure(error);
  }

  #computed(): StepRecord['computed'] {
    const whole = this.#layout.ranges.length;
    return [...this.#contributions.values()]
      .filter(({ ranges }) => ranges.size > 0)
      .map(({ worker, microBatches, ranges }) => ({
        worker,
        microBatches: spansOf(microBatches),
        ...(ranges.size < whole && { ranges: spansOf(ranges) }),
      }));
  }

  /** Whether the ledger is this run's, and the checkpoint the one that it records. */
  #checkOwn(path: string, end: LedgerEnd, loaded: LoadedRun, hashes: StateHashes): void {
    for (const key of ['seed', 'corpus', 'layout', 'windowsPerEpoch', 'batch', 'microBatch'] as const) {
      const [theirs, ours] = [end.begun[key], this.#begun[key]];
      if (theirs === ours) continue;
      throw new RunFailedError(
        `${path}: it is another run's (${key} is ${theirs}, not ${ours}); move it away`,
      );
    }
    const { parameters } = loaded.state;
    const checksums = this.#layout.ranges.map(({ start, end }) => crc32(parameters.subarray(start, end)));
    const { state, step } = end;
    const agrees =
      (state === null || (state.parameters === hashes.parameters && state.moments === hashes.moments)) &&
      (step === null || step.parameters === checksumsDigest(checksums));
    if (agrees) return;
    throw new RunFailedError(
      `checkpoint ${loaded.name}: it is whole, but not the state that ${path} records of step ` +
        `${loaded.progress.step}; remove the one of the two that is wrong`,
    );
  }
}
