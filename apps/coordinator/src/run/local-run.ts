import { basename } from 'node:path';
import { END_LOST_WAIT_MS, END_WAIT_MS, STOP_WAIT_MS } from '@rocinante/store';
import { cardBatchLine, scaledBatchLine } from '../batch-scale.js';
import { unsilently } from '../display/long-work.js';
import { RunDisplay } from '../display/run-display.js';
import { isExpected, RunFailedError, UsageError } from '../errors.js';
import { EXIT_DONE, EXIT_INTERRUPTED } from '../exit-codes.js';
import { TrainNotifier } from '../notify/train-notifier.js';
import { fewStepsLine, twoLengthsLine } from '../run-length.js';
import { TrainingService } from '../service/training-service.js';
import type { InitialWeights } from './checkpoints/first-state.js';
import { LocalWorkers } from './local-workers.js';
import { TensorboardLog, tensorboardRun } from './log/tensorboard-log.js';
import { listenForOwnWorkers, type OwnWorkersPort } from './own-workers-port.js';
import type { PreparedRun } from './prepared-run.js';
import { RefusedWorkers } from './refused-workers.js';
import type { RunDirectory } from './run-directory.js';
import { RunExecution } from './run-execution.js';
import type { RunPlace } from './run-place.js';
import { stopOnSignals } from './stop-signals.js';
import type { TrainOptions } from './train-options.js';
import { tellDone, tellStopped } from './train-report.js';
import type { RunEnd } from './training-run.js';

/** After so long a person is told what the end waits for. */
const WAIT_TOLD_AFTER_MS = 2_000;

/** The run is done, but not all of it is in its store. */
const EXIT_NOT_STORED = 1;

/** What ends a run at Ctrl-C, as it is told. */
const INTERRUPTED = 'interrupted';

/**
 * Runs a prepared run with its workers, processes of this machine, to its end or to the first Ctrl-C, and says how it goes.
 * @param lines what is to be told of options and text first; null for nothing.
 * @returns the exit code: 0 done, 1 done but not all of it in its store, 130 interrupted.
 * @throws {RocinanteError} the run could not go on (1), or no worker can work for it (2).
 */
export async function runHere(
  options: TrainOptions,
  lines: readonly (string | null)[],
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
  const few = options.resume ? null : fewStepsLine(options.flags, prepared.config, prepared.shape.stepsTotal);
  for (const line of [...lines, twoLengthsLine(options.flags), batchLineOf(options, prepared), few]) {
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
  let port: OwnWorkersPort | null = null;
  let isDone = false;
  /** Once the run is over, however that came. */
  const finish = async (): Promise<boolean> => {
    display.finished();
    return place === null || (await finishPlace(place, isDone, directory, display));
  };
  try {
    let end: RunEnd;
    try {
      port = await listenForOwnWorkers(service.handlers);
      execution.log.listening(port.address);
      workers.start(port);
      end = await execution.run();
      notifier?.ended(end.outcome, end.reason);
      isDone = end.outcome === 'done';
    } catch (error) {
      await finish();
      throw error;
    }
    const isStored = await finish();
    if (end.outcome === 'stopped') {
      // Ctrl-C may also come where a limit has ended the run already.
      const interrupted = execution.stopReason === INTERRUPTED;
      const { stepsTotal } = prepared.shape;
      tellStopped(
        { reason: end.reason, stepsTotal, interrupted },
        execution,
        directory,
        display,
        options.json,
      );
      return interrupted ? EXIT_INTERRUPTED : EXIT_DONE;
    }
    tellDone(execution, directory, display, options.json, end.reason);
    return isStored ? EXIT_DONE : EXIT_NOT_STORED;
  } catch (error) {
    if (isExpected(error)) notifier?.ended('failed', error.message);
    throw error;
  } finally {
    release();
    display.finished();
    service.close();
    await port?.stop();
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

/** @returns whether everything is in the store; what is not has been said. */
async function finishPlace(
  place: RunPlace,
  weights: boolean,
  directory: RunDirectory,
  display: RunDisplay,
): Promise<boolean> {
  const told = setTimeout(
    () => display.line(`waiting until everything is in ${place.name}`),
    WAIT_TOLD_AFTER_MS,
  );
  const { isWhole, line } = await unsilently(
    `waiting for ${place.name}`,
    (wait) => display.line(wait),
    () => place.finish({ weights, waitMs: END_WAIT_MS, lostWaitMs: END_LOST_WAIT_MS }),
  );
  clearTimeout(told);
  if (line !== null) {
    const todo = `; ${directory.shownPath} has it, and train --resume with --store brings it there`;
    display.line(isWhole ? line : line + todo);
  }
  return isWhole;
}
