import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LstmChoice } from '@rocinante/model';
import { DamagedCheckpointError, DirectoryStore, type Checkpoint } from '@rocinante/checkpoint';
import type { Device } from '@rocinante/engine';
import { LedgerDamagedError, ledgerLines, LedgerOrder, type StepRecord } from '@rocinante/ledger';
import type { RunConfig } from '@rocinante/training';
import { readCorpus } from '../../corpus/corpus-file.js';
import { encodeText, type EncodedText } from '../../corpus/encode-thread.js';
import { RunFailedError, UsageError } from '../../errors.js';
import { TrainingService } from '../../service/training-service.js';
import { ledgerPath } from './ledger-keeper.js';
import { passagesOf, type MicroBatchPassages } from './ledger-passages.js';
import { stepOfCheckpoint } from './ledger-verification.js';
import { LocalWorkers } from '../local-workers.js';
import { listenForOwnWorkers } from '../own-workers-port.js';
import { prepareRun, type PreparedRun } from '../prepared-run.js';
import { RefusedWorkers } from '../refused-workers.js';
import { progressOf } from '../checkpoints/saved-progress.js';
import { RunDirectory, type RunRecord } from '../run-directory.js';
import { RunExecution } from '../run-execution.js';
import { DEFAULT_LIMITS, type RunLimits } from '../run-limits.js';
import { stopOnSignals } from '../stop-signals.js';

export interface ReplayOptions {
  readonly runDir: string;
  /** The step to compute again, counted from 1. */
  readonly step: number;
  /** A text file, `bundled` or `quijote`; absent for the one that the run's record names. */
  readonly corpus: string | undefined;
  /** Compute threads. */
  readonly threads: number;
  readonly device: Device;
  /** How LSTM layers are computed. */
  readonly lstm: LstmChoice;
  readonly passages: boolean;
  /** Told what is computed, before it is, and now and then how far it is. */
  readonly notice: (message: string) => void;
}

/** How often it is said how far a replay is. */
const NOTICE_INTERVAL_MS = 10_000;

/** What of a step is the same whoever computes it, in the order in which one follows from the other. */
const COMPARED = ['epoch', 'position', 'windows', 'grid', 'sum', 'parameters', 'loss'] as const;

/** The first thing in which a step that was computed again differs from its record. */
export interface Difference {
  readonly step: number;
  readonly key: (typeof COMPARED)[number];
  readonly recorded: string | number;
  readonly computed: string | number;
}

export interface Replay {
  readonly step: number;
  /** The checkpoint that it began with; null where that was the seed's first values. */
  readonly checkpoint: string | null;
  /** How many steps were computed again. */
  readonly steps: number;
  /** Null where every step agrees with its record. */
  readonly difference: Difference | null;
  /** Of the step; null where they were not asked for. */
  readonly passages: readonly MicroBatchPassages[] | null;
}

/**
 * Computes a step of a run again on this machine, from the checkpoint before it and by the coordinator and the worker
 * that computed it first, and compares every step on the way with its record. The run's directory is only read.
 * @returns null where it was interrupted.
 * @throws {UsageError} there is no such step or run, or the text is another. @throws {LedgerDamagedError}
 * @throws {RunFailedError} it could not be computed.
 */
export async function replayStep(options: ReplayOptions): Promise<Replay | null> {
  const { runDir, step } = options;
  const directory = new RunDirectory(runDir);
  directory.expectRun();
  const record = directory.read();
  const start = await checkpointBefore(directory, step);
  const from = start?.checkpoint.step ?? 0;
  const rollbacks = start === null ? 0 : progressOf(start.checkpoint).rollbacks.length;
  const { recorded, stepsTotal } = await recordedSteps(directory, from, step, record.config, rollbacks);
  if (start === null && record.config.initFrom !== null) {
    throw new UsageError(
      `--step ${step}: the run began with other weights than the seed's, and no checkpoint before the step is left; ` +
        `expected a step behind its oldest one`,
    );
  }
  const text = await encodedText(options, directory, record, start?.checkpoint.vocabulary ?? null);
  const passages = options.passages ? passagesOf(record.config, text.corpus, step) : null;
  const origin = start === null ? 'first values' : start.name;
  options.notice(
    `computing ${from + 1 === step ? `step ${step}` : `steps ${from + 1} to ${step}`} from ${origin}`,
  );

  const folder = await mkdtemp(join(tmpdir(), 'rocinante-replay-'));
  const again = new RunDirectory(folder);
  try {
    again.create();
    if (start !== null) {
      await copyFile(join(directory.checkpointsPath, start.name), join(again.checkpointsPath, start.name));
    }
    const before = start === null ? null : record.config;
    const prepared = await prepareRun(record.config, text, REPLAY_LIMITS, again, before);
    // Evaluations change no step's numbers, and would take their time.
    const noEvaluations = { evaluationPieces: 0, evaluateEverySteps: 0, patience: 0 };
    // A step that would diverge is still to be compared, and a state to go back to is not wanted.
    const noReturns = { spikeFactor: 0, anchorEverySteps: 0 };
    const shape = { ...prepared.shape, stepsTotal, ...noEvaluations, ...noReturns };
    if (!(await computeUntil(step, { ...prepared, shape }, options))) return null;
    const computed = await stepRecords(again, from, step);
    const difference = firstDifference(recorded, computed);
    return { step, checkpoint: start?.name ?? null, steps: step - from, difference, passages };
  } finally {
    again.release();
    await rm(folder, { recursive: true, force: true });
  }
}

/** No checkpoint is wanted but the first; and a worker of another kind than the run's is let in, to show what differs. */
const REPLAY_LIMITS: RunLimits = { ...DEFAULT_LIMITS, checkpointSeconds: 0, exact: 'off' };

/** The newest good checkpoint of fewer steps; null where there is none. */
async function checkpointBefore(
  { checkpointsPath }: RunDirectory,
  step: number,
): Promise<{ readonly name: string; readonly checkpoint: Checkpoint } | null> {
  const store = new DirectoryStore(checkpointsPath);
  const names = (await store.names()).filter((name) => stepOfCheckpoint(name) < step);
  for (const name of names.reverse()) {
    try {
      return { name, checkpoint: await store.load(name) };
    } catch (error) {
      if (!(error instanceof DamagedCheckpointError)) throw error;
    }
  }
  return null;
}

/**
 * The records of the steps from one to another, and how long the run was to be then.
 * @param rollbacksBefore how often the run had gone back where they begin.
 * @throws {UsageError} the ledger lacks one of them, or the learning rate changed in between.
 */
async function recordedSteps(
  directory: RunDirectory,
  from: number,
  step: number,
  { schedule }: RunConfig,
  rollbacksBefore: number,
): Promise<{ readonly recorded: readonly StepRecord[]; readonly stepsTotal: number }> {
  const path = ledgerPath(directory.path);
  if (!existsSync(path)) throw new UsageError(`${path}: expected the run's ledger, and it is not there`);
  const order = new LedgerOrder();
  const recorded: StepRecord[] = [];
  const lengths = new Set<number>();
  let stepsTotal = 0;
  let rollbacks = 0;
  for await (const { number, record, problem } of ledgerLines(path)) {
    const wrong = problem ?? order.take(record!)[0];
    if (wrong !== undefined)
      throw new LedgerDamagedError(path, number, `${wrong} (behind step ${order.step})`);
    if (record!.kind === 'begun' || record!.kind === 'resumed') ({ stepsTotal } = record!);
    if (record!.kind === 'resumed') rollbacks = record!.rollbacks ?? 0;
    if (record!.kind !== 'step' || record!.step <= from) continue;
    recorded.push(record!);
    lengths.add(stepsTotal);
    if (rollbacks !== rollbacksBefore) {
      throw new UsageError(
        `--step ${step}: the run went back to step ${record!.step - 1}, and on at another learning rate, since the checkpoint ` +
          `of step ${from}; expected a step that has a checkpoint behind that`,
      );
    }
    if (record!.step === step) break;
  }
  if (recorded.length !== step - from) {
    const known = recorded.length === 0 ? order.step : recorded[0].step;
    throw new UsageError(
      order.step < step
        ? `--step: the ledger ends at step ${order.step}, received ${step}`
        : `--step ${step}: no checkpoint before it is left, and the ledger begins at step ${known}`,
    );
  }
  if (schedule.kind === 'cosine' && lengths.size > 1) {
    throw new UsageError(
      `--step ${step}: the run's length, and with it the learning rate, changed since the checkpoint of step ${from}; ` +
        'expected a step that has a checkpoint behind the change',
    );
  }
  return { recorded, stepsTotal };
}

async function stepRecords(directory: RunDirectory, from: number, step: number): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  for await (const { record } of ledgerLines(ledgerPath(directory.path))) {
    if (record?.kind === 'step' && record.step > from && record.step <= step) records.push(record);
  }
  return records;
}

/** The run's text, encoded as it was. */
async function encodedText(
  options: ReplayOptions,
  directory: RunDirectory,
  { config, corpus }: RunRecord,
  symbols: readonly string[] | null,
): Promise<EncodedText> {
  // A daemon keeps texts under their hash, beside its runs.
  const content = join(directory.path, '..', '..', 'contents', corpus.sha256);
  const name = options.corpus ?? (existsSync(content) ? content : corpus.source);
  const { bytes } = await readCorpus(name, process.env);
  const { normalisation } = config.text;
  const text = await encodeText({ bytes, normalisation, subject: `corpus ${name}`, symbols });
  if (text.corpus.textSha256 === corpus.sha256) return text;
  throw new UsageError(
    `corpus ${name}: expected the run's text, of SHA-256 ${corpus.sha256}, received ${text.corpus.textSha256}; ` +
      'name it with --corpus',
  );
}

/**
 * Takes steps until so many are closed.
 * @returns whether they are: not where it was interrupted.
 */
async function computeUntil(
  step: number,
  prepared: PreparedRun,
  { threads, device, lstm, notice }: Pick<ReplayOptions, 'threads' | 'device' | 'lstm' | 'notice'>,
): Promise<boolean> {
  const service = new TrainingService();
  let closed = 0;
  let noticeAt = performance.now() + NOTICE_INTERVAL_MS;
  const refusals = new RefusedWorkers((reason) => execution.abort(new UsageError(reason)));
  const execution: RunExecution = new RunExecution(prepared, {
    name: 'replay',
    service,
    pool: undefined,
    initialParameters: null,
    cause: 'resumed',
    activeSeconds: 0,
    trafficBefore: { bytesSent: 0, bytesReceived: 0 },
    placeOption: 'TMPDIR',
    ledger: true,
    goesBack: false,
    sample: false,
    observers: [
      refusals,
      {
        stepClosed: (effect) => {
          closed = effect.step + 1;
          if (closed !== step) {
            if (performance.now() < noticeAt) return;
            noticeAt = performance.now() + NOTICE_INTERVAL_MS;
            return notice(`step ${closed} of ${step}`);
          }
          execution.stop('it is the last one');
          execution.stopNow();
        },
      },
    ],
    onEntry: () => undefined,
  });
  const workers = new LocalWorkers({
    count: 1,
    seats: null,
    threads,
    device,
    precision: prepared.config.precision,
    lstm,
    corpusCache: false,
    notice: (message) => execution.log.noticed(message),
    onWay: notice,
    onGone: (_left, output, misconfigured) => {
      const line = `the worker said: ${output}`;
      execution.abort(misconfigured ? new UsageError(line) : new RunFailedError(line));
    },
  });
  refusals.left(workers.names);
  const release = stopOnSignals(() => {
    execution.stop('interrupted');
    execution.stopNow();
  });
  const port = await listenForOwnWorkers(service.handlers);
  try {
    workers.start(port);
    await execution.run();
    return closed >= step;
  } finally {
    release();
    service.close();
    await port.stop();
    await workers.stop();
  }
}

function firstDifference(
  recorded: readonly StepRecord[],
  computed: readonly StepRecord[],
): Difference | null {
  for (const [index, record] of recorded.entries()) {
    const own = computed[index];
    for (const key of COMPARED) {
      if (record[key] === own[key]) continue;
      return { step: record.step, key, recorded: record[key], computed: own[key] };
    }
  }
  return null;
}
