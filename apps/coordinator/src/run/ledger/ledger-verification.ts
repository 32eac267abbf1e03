import { existsSync } from 'node:fs';
import { crc32 } from '@rocinante/base';
import { DamagedCheckpointError, DirectoryStore, UnreadableCheckpointError } from '@rocinante/checkpoint';
import {
  checksumsDigest,
  ledgerLines,
  LedgerOrder,
  stateHashes,
  stepsPerEpoch,
  type RecordOf,
  type StateHashes,
} from '@rocinante/ledger';
import type { ParameterLayout } from '@rocinante/parameters';
import { identityDifferences, identityOf } from '@rocinante/training';
import { readWeightsFile, WeightsFileError } from '@rocinante/weights';
import { parseConfig } from '../../config.js';
import { ledgerPath } from './ledger-keeper.js';
import { RunDirectory, type RunRecord } from '../run-directory.js';

/** Something about a run that is not as its ledger says. */
export interface LedgerProblem {
  /** The file that it is about: `ledger.jsonl`, or a checkpoint's name. */
  readonly subject: string;
  /** The ledger's line, from 1; null for another file. */
  readonly line: number | null;
  /** One clause. */
  readonly problem: string;
}

/** What came of checking a run's directory. */
export interface Verification {
  /** Lines of the ledger that hold. */
  readonly lines: number;
  /** Steps closed by them, and of the whole run. */
  readonly steps: number;
  readonly stepsTotal: number;
  /** Steps closed before the ledger began, of which it says nothing; 0 for a ledger that is as old as its run. */
  readonly stepsBefore: number;
  /** Epochs all of whose windows were applied, and steps of the one in progress. */
  readonly epochs: number;
  readonly epochSteps: number;
  /** How often the run went on from a checkpoint, the steps behind it that were lost, and how many of them were taken again. */
  readonly resumed: number;
  readonly rollbacks: number;
  readonly lost: number;
  readonly takenAgain: number;
  /** Checkpoints that agree with the ledger, in the order of steps. */
  readonly checkpoints: readonly string[];
  /** Of final weights that agree with the ledger; null without any. */
  readonly weightsSha256: string | null;
  readonly problems: readonly LedgerProblem[];
  /** What is not wrong, and yet good to know; one sentence each. */
  readonly notices: readonly string[];
}

/** The step that a checkpoint's name says. */
export function stepOfCheckpoint(name: string): number {
  return Number(/\d+/.exec(name)![0]);
}

type FinalWeights = Awaited<ReturnType<typeof readWeightsFile>>;

/** The final weights, as messages call them. */
const WEIGHTS = 'weights/final.safetensors';

/**
 * Checks a run's directory by its ledger: the chain, that every window of an epoch was applied once, and that checkpoints
 * and final weights are those that it records. Nothing is changed; a coordinator may be at work in it.
 * @throws {UsageError} there is no run in it (`RunDirectory.expectRun`).
 */
export async function verifyRun(path: string): Promise<Verification> {
  const directory = new RunDirectory(path);
  directory.expectRun();
  return new LedgerVerification(directory).result();
}

class LedgerVerification {
  readonly #directory: RunDirectory;
  readonly #store: DirectoryStore;
  readonly #order = new LedgerOrder();
  readonly #problems: LedgerProblem[] = [];
  readonly #notices: string[] = [];
  readonly #agreeing: string[] = [];
  /** The digest of the parameters that a step made, as far as a file is of it. */
  readonly #made = new Map<number, string>();
  readonly #states = new Map<number, StateHashes>();
  #weightsRecord: RecordOf<'weights'> | null = null;
  /** What config.json says; null where it is damaged. */
  #record: RunRecord | null = null;
  #lines = 0;
  #stepsTotal = 0;
  /** Whether all of the ledger holds, so that what it does not say was not so. */
  #whole = true;

  constructor(directory: RunDirectory) {
    this.#directory = directory;
    this.#store = new DirectoryStore(directory.checkpointsPath);
  }

  async result(): Promise<Verification> {
    // Files first: one that comes while the ledger is read would have its record behind what was read.
    const names = await this.#store.names();
    const weights = await this.#readWeights();
    await this.#checkLedger(new Set([...names.map(stepOfCheckpoint), weights?.step ?? 0]));
    this.#checkConfig();
    for (const name of names) await this.#checkCheckpoint(name);
    const weightsSha256 = this.#checkWeights(weights);
    const { begun, step, resumed, rollbacks, lost, takenAgain } = this.#order;
    const perEpoch = begun === null ? 1 : stepsPerEpoch(begun);
    return {
      lines: this.#lines,
      steps: step,
      stepsTotal: this.#stepsTotal,
      stepsBefore: begun?.step ?? 0,
      epochs: Math.floor(step / perEpoch),
      epochSteps: step % perEpoch,
      resumed,
      rollbacks,
      lost,
      takenAgain,
      checkpoints: this.#agreeing,
      weightsSha256,
      problems: this.#problems,
      notices: this.#notices,
    };
  }

  async #checkLedger(wanted: ReadonlySet<number>): Promise<void> {
    const path = ledgerPath(this.#directory.path);
    if (!existsSync(path)) {
      this.#whole = false;
      return this.#wrong('ledger.jsonl', 'expected the ledger, and it is not there');
    }
    for await (const { number, cut, record, problem } of ledgerLines(path)) {
      if (problem !== null) {
        this.#whole = false;
        if (cut && !existsSync(this.#directory.finalWeightsPath)) {
          this.#notices.push(
            `line ${number} is cut, as a killed coordinator leaves it; a resume mends that.`,
          );
        } else {
          this.#wrong('ledger.jsonl', `${problem} (behind step ${this.#order.step})`, number);
        }
        return;
      }
      this.#lines = number;
      for (const wrong of this.#order.take(record!)) this.#wrong('ledger.jsonl', wrong, number);
      switch (record!.kind) {
        case 'begun':
          this.#stepsTotal = record!.stepsTotal;
          if (record!.step > 0) {
            this.#notices.push(
              `the ledger begins behind step ${record!.step}: it was lost or moved away, or the run began without one.`,
            );
          }
          break;
        case 'step':
          if (wanted.has(record!.step)) this.#made.set(record!.step, record!.parameters);
          break;
        case 'resumed':
          this.#stepsTotal = record!.stepsTotal;
          this.#states.set(record!.step, record!);
          break;
        case 'checkpoint':
          this.#states.set(record!.step, record!);
          break;
        case 'weights':
          this.#weightsRecord = record!;
      }
    }
  }

  /** Whether the ledger is that of the run whose configuration is here. */
  #checkConfig(): void {
    try {
      this.#record = this.#directory.read();
    } catch (error) {
      return this.#wrong('config.json', (error as Error).message);
    }
    const { begun } = this.#order;
    if (begun === null) return;
    const { config, corpus } = this.#record;
    const { seed, batch } = config;
    const own = { seed, corpus: corpus.sha256, batch: batch.size, microBatch: batch.microBatch };
    for (const key of ['seed', 'corpus', 'batch', 'microBatch'] as const) {
      if (own[key] === begun[key]) continue;
      this.#wrong('config.json', `${key}: expected the ledger's ${begun[key]}, received ${own[key]}`);
    }
  }

  async #checkCheckpoint(name: string): Promise<void> {
    let checkpoint;
    try {
      checkpoint = await this.#store.load(name);
    } catch (error) {
      const isOfFile = error instanceof DamagedCheckpointError || error instanceof UnreadableCheckpointError;
      if (!isOfFile) throw error;
      // A coordinator at work removes old ones.
      if (existsSync(`${this.#directory.checkpointsPath}/${name}`)) this.#wrong(name, error.reason);
      return;
    }
    const { step, layout, parameters } = checkpoint;
    const state = this.#states.get(step);
    if (state !== undefined) {
      const hashes = stateHashes(checkpoint);
      for (const key of ['parameters', 'moments'] as const) {
        if (hashes[key] === state[key]) continue;
        return this.#wrong(name, `${key}: expected SHA-256 ${state[key]}, received ${hashes[key]}`);
      }
    } else if (this.#whole && step <= this.#order.step) {
      this.#notices.push(`${name} has no record of its own: its coordinator was killed before it was made.`);
    }
    const { configuration, corpusSha256 } = checkpoint;
    if (!this.#madeByLedger(name, step, layout, parameters)) return;
    if (this.#ofThisRun(name, configuration, corpusSha256)) this.#agreeing.push(name);
  }

  /** Whether a file's configuration is config.json's: that of another run may have the same seed and sizes. */
  #ofThisRun(
    subject: string,
    configuration: Readonly<Record<string, unknown>>,
    corpusSha256?: string,
  ): boolean {
    if (this.#record === null) return true;
    const { config, corpus } = this.#record;
    let differences;
    try {
      const own = parseConfig(configuration, { config: subject });
      const ownCorpus = corpusSha256 ?? corpus.sha256;
      differences = identityDifferences(identityOf(own, ownCorpus), identityOf(config, corpus.sha256));
    } catch (error) {
      this.#wrong(subject, `its configuration: ${(error as Error).message}`);
      return false;
    }
    if (differences.length === 0) return true;
    const [{ key, first, second }] = differences;
    this.#wrong(
      subject,
      `it is another run's than config.json: ${key}: expected ${second}, received ${first}`,
    );
    return false;
  }

  /** The final weights; null where there are none, or not whole ones. */
  async #readWeights(): Promise<FinalWeights | null> {
    const path = this.#directory.finalWeightsPath;
    if (!existsSync(path)) return null;
    try {
      return await readWeightsFile(path);
    } catch (error) {
      if (!(error instanceof WeightsFileError)) throw error;
      this.#wrong(WEIGHTS, error.message);
      return null;
    }
  }

  /** @returns the weights' SHA-256, where they agree. */
  #checkWeights(weights: FinalWeights | null): string | null {
    const record = this.#weightsRecord;
    if (weights === null) {
      if (record !== null && !existsSync(this.#directory.finalWeightsPath)) {
        this.#wrong(WEIGHTS, `expected those of step ${record.step}, and they are not there`);
      }
      return null;
    }
    const { step, layout, parameters, sha256, contentSha256, configuration } = weights;
    if (record !== null && record.contents !== contentSha256) {
      this.#wrong(WEIGHTS, `expected bytes of SHA-256 ${record.contents}, received ${contentSha256}`);
      return null;
    }
    if (record === null && this.#whole) this.#notices.push(`${WEIGHTS} have no record of their own.`);
    const state = this.#states.get(step);
    if (state !== undefined && state.parameters !== sha256) {
      this.#wrong(WEIGHTS, `expected parameters of SHA-256 ${state.parameters}, received ${sha256}`);
      return null;
    }
    const isOwn = this.#madeByLedger(WEIGHTS, step, layout, parameters);
    return isOwn && this.#ofThisRun(WEIGHTS, configuration) ? sha256 : null;
  }

  /** Whether a file's parameters are those that the ledger's step made; says what is wrong where they are not. */
  #madeByLedger(subject: string, step: number, layout: ParameterLayout, parameters: Float32Array): boolean {
    if (step > this.#order.step) {
      const why = this.#whole ? 'and the ledger ends at' : 'and the ledger holds to';
      this.#wrong(subject, `it is of step ${step}, ${why} step ${this.#order.step}`);
      return false;
    }
    const made = this.#made.get(step);
    if (made === undefined) return true;
    const checksums = layout.ranges.map(({ start, end }) => crc32(parameters.subarray(start, end)));
    if (checksumsDigest(checksums) === made) return true;
    this.#wrong(subject, `its parameters are not those that step ${step} made`);
    return false;
  }

  #wrong(subject: string, problem: string, line: number | null = null): void {
    this.#problems.push({ subject, line, problem });
  }
}
