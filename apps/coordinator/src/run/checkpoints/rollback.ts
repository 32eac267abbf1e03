import { DamagedCheckpointError } from '@rocinante/checkpoint';
import { rateShareOf, wentBack, type RunProgress } from '@rocinante/training';
import { counted } from '../../display/quantities.js';
import { RunFailedError, type DivergedError } from '../../errors.js';
import type { Return } from '../log/event-log.js';
import { goingOnWith } from '../exactness.js';
import type { PreparedRun } from '../prepared-run.js';

/**
 * The run as it goes on from the last good state that was kept to go back to. The checkpoints have gone back when this
 * returns: newer ones are gone, and the one it goes on from says so. A kill before that leaves a run that diverges once more
 * at the same step, and goes back then; one after it leaves to the event log and the ledger to tell of it on resume.
 * @param diverged where it stood when it diverged.
 * @throws {RunFailedError} that state's checkpoint is damaged or missing. @throws {CheckpointWriteError}
 * @throws Node's error where newer checkpoints are not removed.
 */
export async function goBack(prepared: PreparedRun, diverged: RunProgress): Promise<PreparedRun> {
  const { checkpoints, directory } = prepared;
  const step = diverged.anchorStep;
  try {
    const loaded = await checkpoints.loadStep(step);
    const progress = wentBack(diverged, loaded.progress);
    await checkpoints.goBack({ ...loaded, progress });
    const exactness = await goingOnWith(loaded.exactness, directory.eventsPath, false);
    return { ...prepared, loaded: { ...loaded, progress }, firstValues: null, exactness, lengthBefore: null };
  } catch (cause) {
    if (!(cause instanceof DamagedCheckpointError)) throw cause;
    throw new RunFailedError(`the state of step ${step} to go back to cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

/** Why a run fails that has diverged and does not go back, with what its person may do. @param progress as it diverged. */
export function divergedForGood(error: DivergedError, { rollbacks }: RunProgress): RunFailedError {
  const advice =
    rollbacks.length > 0
      ? `it has gone back ${counted(rollbacks.length, 'time')} already; begin with a lower --learning-rate`
      : 'begin with a lower --learning-rate, or with --on-divergence rollback';
  return new RunFailedError(`the run failed: ${error.message}; ${advice}`, { cause: error });
}

/** What is told of a run that went back. @param prepared as it goes on. @param reason a line for people. */
export function returnOf({ config, loaded, exactness }: PreparedRun, reason: string): Return {
  const { progress } = loaded!;
  const { notExactSince } = exactness;
  return { progress, reason, rateShare: rateShareOf(config, progress), notExactSince };
}
