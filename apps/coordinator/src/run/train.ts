import { basename, resolve } from 'node:path';
import type { LstmChoice } from '@rocinante/model';
import { demandCard, type CardSeat, type Device } from '@rocinante/engine';
import { END_LOST_WAIT_MS, END_WAIT_MS, STOP_WAIT_MS, type ObjectStore } from '@rocinante/store';
import { listen, type ListeningServer } from '@rocinante/wire';
import { refuseBatchBeyondText } from '../batch-fit.js';
import { cardBatchLine, scaledBatchLine } from '../batch-scale.js';
import { resolveConfig, type ConfigFlags } from '../config.js';
import { readCorpus } from '../corpus/corpus-file.js';
import { encodeText } from '../corpus/encode-thread.js';
import { RunDisplay } from '../display/run-display.js';
import { isExpected, RunFailedError, UsageError } from '../errors.js';
import { twoLengthsLine } from '../run-length.js';
import type { NotifyTarget } from '../notify/notify-target.js';
import { TrainNotifier } from '../notify/train-notifier.js';
import { TrainingService } from '../service/training-service.js';
import { logBytes, parametersReckoned, refuseFullDisk } from './disk-space.js';
import { checkInitialWeights, readInitialWeights, type InitialWeights } from './checkpoints/first-state.js';
import { LocalWorkers } from './local-workers.js';
import { prepareRun, type PreparedRun } from './prepared-run.js';
import { savedVocabulary } from './checkpoints/run-checkpoints.js';
import { RunDirectory, type RunRecord } from './run-directory.js';
import { RunExecution } from './run-execution.js';
import type { RunLimits } from './run-limits.js';
import { RefusedWorkers } from './refused-workers.js';
import { RunPlace } from './run-place.js';
import { shapeOf } from './run-shape.js';
import { stopOnSignals } from './stop-signals.js';
import { tellDone, tellStopped } from './train-report.js';
import { TensorboardLog, tensorboardRun } from './log/tensorboard-log.js';
import type { RunEnd } from './training-run.js';

/** After so long a person is told what the end waits for. */
const WAIT_TOLD_AFTER_MS = 2_000;

const DEFAULT_CORPUS = 'bundled';

/** The run is done, but not all of it is in its store. */
const EXIT_NOT_STORED = 1;

/** Ctrl-C, after a checkpoint. */
const EXIT_INTERRUPTED = 130;

/** What ends a run at Ctrl-C, as it is told. */
const INTERRUPTED = 'interrupted';

export interface TrainOptions {
  readonly flags: ConfigFlags;
  /** A file, `bundled` or `quijote`; absent for the default, or the resumed run's. */
  readonly corpus: string | undefined;
  /** A weights file to begin with; absent for first values from the seed. */
  readonly initFrom: string | undefined;
  /** Where there are no `seats`. */
  readonly workers: number;
  /** A worker on each; null where cards were not named. */
  readonly seats: readonly CardSeat[] | null;
  /** Compute threads of each worker. */
  readonly threads: number;
  readonly device: Device;
  /** How workers compute LSTM layers. */
  readonly lstm: LstmChoice;
  /** Absolute; null for a new one in `runs`. */
  readonly runDir: string | null;
  readonly resume: boolean;
  readonly limits: RunLimits;
  /** Where the run is kept beside its directory; null for nowhere. */
  readonly store: ObjectStore | null;
  readonly corpusCache: boolean;
  readonly ledger: boolean;
  /** Who is told what happens to the run; null for nobody. */
  readonly notify: NotifyTarget | null;
  /** The folder of event files for TensorBoard, absolute; null for none. */
  readonly tensorboard: string | null;
  readonly json: boolean;
}

/**
 * Trains on this machine, to the end or to the first Ctrl-C.
 * @returns the exit code: 0 done, 1 done but not all of it in its store, 130 interrupted.
 * @throws {RocinanteError} wrong usage or input (2), or the run could not go on (1).
 */
export async function train(options: TrainOptions): Promise<number> {
  if (options.resume && options.runDir === null) {
    throw new UsageError('--resume: expected --run-dir with the directory of the run to go on with');
  }
  // The checkout's launcher has looked, but a bundle has none; else the workers would say it, over a run that has begun.
  if (options.device === 'gpu') demandCard(process.env);
  const directory = new RunDirectory(options.runDir ?? resolve('runs', timeName(new Date())));
  const place = options.store && (await RunPlace.find(options.store, directory.path, options.resume));
  const saved = options.resume ? directory.read() : null;
  const initial = options.initFrom === undefined ? null : await readInitialWeights(options.initFrom);
  const flags = { ...options.flags, ...(initial && { initFrom: initial.sha256 }) };
  const config = resolveConfig(flags, saved?.config);
  if (initial) checkInitialWeights(initial, config);
  const file = await readCorpus(options.corpus ?? saved?.corpus.source ?? DEFAULT_CORPUS, process.env);
  const goesOn = saved !== null && config.initFrom !== null;
  const symbols = initial?.vocabulary ?? (goesOn ? await savedVocabulary(directory.checkpointsPath) : null);
  const subject = `corpus ${file.name}`;
  const text = await encodeText({
    bytes: file.bytes,
    normalisation: config.text.normalisation,
    subject,
    symbols,
  });
  // What is wrong with the text or the disk is said before anything is made.
  const { windowsPerEpoch } = shapeOf(config, text.corpus, options.limits, subject);
  if (!saved) refuseBatchBeyondText(config, windowsPerEpoch, subject);
  const parameterCount = parametersReckoned(config, text.corpus.vocabulary.size);
  await refuseFullDisk(directory.path, '--run-dir', logBytes(directory.eventsPath), parameterCount);
  const source = ['bundled', 'quijote'].includes(file.name) ? file.name : resolve(file.path);
  const record: RunRecord = { version: 1, config, corpus: { source, sha256: text.corpus.textSha256 } };
  if (saved) directory.reopen(saved, record);
  else directory.create();
  try {
    const prepared = await prepareRun(config, text, options.limits, directory, saved?.config ?? null);
    if (config.initFrom !== null && !initial && !prepared.loaded) {
      throw new UsageError(
        `--init-from: the run began with the weights ${config.initFrom}, and has no checkpoint yet; give their file again`,
      );
    }
    directory.write(record);
    await place?.takeNow(prepared);
    return await runToEnd(options, prepared, initial, place);
  } finally {
    directory.release();
  }
}

async function runToEnd(
  options: TrainOptions,
  prepared: PreparedRun,
  initial: InitialWeights | null,
  place: RunPlace | null,
): Promise<number> {
  const { directory, loaded } = prepared;
  const service = new TrainingService();
  const display = new RunDisplay({
    terminal: process.stderr.isTTY && !options.json,
    stream: process.stderr,
  });
  display.line(`run ${directory.shownPath}`);
  if (options.resume && !loaded) display.line('there is no checkpoint: the run begins anew');
  for (const line of [twoLengthsLine(options.flags), batchLineOf(options, prepared)]) {
    if (line !== null) display.line(line);
  }

  const notifier =
    options.notify &&
    new TrainNotifier(options.notify, basename(directory.path), (line) => display.line(line));
  const tensorboard =
    options.tensorboard === null
      ? null
      : new TensorboardLog(options.tensorboard, tensorboardRun(prepared), (message) => display.line(message));
  const refusals = new RefusedWorkers((reason) => execution.abort(new UsageError(reason)));
  const execution = new RunExecution(prepared, {
    name: 'train',
    service,
    pool: undefined,
    initialParameters: initial?.parameters ?? null,
    cause: options.resume ? 'resumed' : 'begun',
    activeSeconds: 0,
    trafficBefore: { bytesSent: 0, bytesReceived: 0 },
    placeOption: '--run-dir',
    ledger: options.ledger,
    goesBack: true,
    sample: !options.json,
    observers: [notifier?.observer, place, tensorboard, refusals].filter((one) => one != null),
    onEntry: (entry) => {
      display.entry(entry);
      notifier?.entry(entry);
    },
  });
  for (const { name, reason } of place?.passedOver ?? []) {
    execution.log.noticed(`${name} of the store is damaged (${reason}), and is passed over`);
  }
  place?.begin({ config: prepared.config, progress: () => execution.progress }, [execution.log]);
  const workers = new LocalWorkers({
    count: options.workers,
    seats: options.seats,
    threads: options.threads,
    device: options.device,
    precision: prepared.config.precision,
    lstm: options.lstm,
    corpusCache: options.corpusCache,
    notice: (message) => execution.log.noticed(message),
    onWay: (line) => execution.log.noticed(line),
    onGone: (left, output, misconfigured) => {
      refusals.left(left);
      if (left.length > 0) return;
      const line = `no worker is left; the last one said: ${output}`;
      execution.abort(misconfigured ? new UsageError(line) : new RunFailedError(line));
    },
  });
  refusals.left(workers.names);
  const release = stopOnSignals(() => {
    display.line('stopping at the end of this step, with a checkpoint; once more ends at once');
    execution.stop(INTERRUPTED);
    // Where the run is over already, only its store is waited for.
    place?.hurry(STOP_WAIT_MS);
  });
  let server: ListeningServer | null = null;
  let isDone = false;
  /** Once the run is over, however that came. */
  const finish = async (): Promise<string | null> => {
    display.finished();
    return place && finishPlace(place, isDone, directory, display);
  };
  try {
    let end: RunEnd;
    try {
      server = await listen('127.0.0.1:0', { training: service.handlers });
      execution.log.listening(server.address);
      workers.start(server.address);
      end = await execution.run();
      notifier?.ended(end.outcome, end.reason);
      isDone = end.outcome === 'done';
    } catch (error) {
      await finish();
      throw error;
    }
    const notStored = await finish();
    if (end.outcome === 'stopped') {
      // Ctrl-C may also come where a limit has ended the run already.
      const interrupted = execution.stopReason === INTERRUPTED;
      tellStopped({ reason: end.reason, interrupted }, execution, directory, display, options.json);
      return interrupted ? EXIT_INTERRUPTED : 0;
    }
    tellDone(execution, directory, display, options.json);
    return notStored === null ? 0 : EXIT_NOT_STORED;
  } catch (error) {
    if (isExpected(error)) notifier?.ended('failed', error.message);
    throw error;
  } finally {
    release();
    display.finished();
    service.close();
    await server?.stop();
    await workers.stop();
    await notifier?.close();
  }
}

/** What is to be said of the batch before a run begins, in a line: what it was made, or what a card wants. */
function batchLineOf({ flags, device, resume }: TrainOptions, { config, shape }: PreparedRun): string | null {
  const { scaleBatch, batch, microBatch } = flags;
  if (scaleBatch !== undefined) return scaledBatchLine(scaleBatch, config);
  if (device !== 'gpu' || resume || batch !== undefined || microBatch !== undefined) return null;
  return cardBatchLine(config, shape.stepsTotal);
}

/** @returns what is not in the store, which has been said; null where nothing is missing. */
async function finishPlace(
  place: RunPlace,
  weights: boolean,
  directory: RunDirectory,
  display: RunDisplay,
): Promise<string | null> {
  const told = setTimeout(
    () => display.line(`waiting until everything is in ${place.name}`),
    WAIT_TOLD_AFTER_MS,
  );
  const missing = await place.finish({ weights, waitMs: END_WAIT_MS, lostWaitMs: END_LOST_WAIT_MS });
  clearTimeout(told);
  if (missing !== null) {
    display.line(
      `${missing}; ${directory.shownPath} has it, and train --resume with --store brings it there`,
    );
  }
  return missing;
}

/** `2026-11-24T11-30-05` in local time: sorts by name, and is a file name everywhere. */
function timeName(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(':', '-');
}
