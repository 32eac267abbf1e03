/**
 * What operators order: a run that begins, goes on, or goes away. Each is checked whole before anything changes, and is on
 * the disk before it is answered.
 */
import { oneLine } from '@rocinante/base';
import { entriesKept, type HistoryEntry, type RunConfig } from '@rocinante/training';
import type { ResumeRequestMessage, RunLimitsMessage, StartRequestMessage } from '@rocinante/wire';
import { parseConfig } from '../config.js';
import { UsageError } from '../errors.js';
import { checkpointSecondsOf } from '../run/limits-message.js';
import { stoppedEarlyText, tooShortText } from '../run/no-further.js';
import { RunDirectory } from '../run/run-directory.js';
import { RUN_ID_PATTERN } from '../run/run-id.js';
import { DEFAULT_LIMITS, runLimitsSchema, type RunLimits } from '../run/run-limits.js';
import { DEFAULT_POOL } from '../service/session.js';
import type { ContentStore } from './content-store.js';
import { parametersReckoned, refuseFullDisk } from '../run/disk-space.js';
import { evaluationsIn, lastStarted } from './entry-reader.js';
import { WrongStateError } from './errors.js';
import type { RunStore, StoredRun } from './run-store.js';
import type { Scheduler } from './scheduler.js';

export interface OrderParts {
  readonly store: RunStore;
  readonly contents: ContentStore;
  readonly scheduler: Scheduler;
}

const SECONDS_PER_HOUR = 3600;

/** Characters of a reason that an operator gives, at most. */
export const REASON_LENGTH_MAX = 1_024;

/**
 * Queues a run over contents that are there.
 * @returns the run as it is now: perhaps active already.
 * @throws {UsageError} what is asked is wrong in itself.
 * @throws {ContentError} a content is not there. @throws {DiskFullError} @throws {RunStoreError}
 */
export async function startRun(parts: OrderParts, request: StartRequestMessage): Promise<StoredRun> {
  const { store, contents, scheduler } = parts;
  if (RUN_ID_PATTERN.test(request.name)) {
    throw new UsageError(`name: ${request.name} has the form of a run's id; expected another name`);
  }
  const config = parseConfig(jsonOf(request.configJson));
  if (config.initFrom !== (request.initFromSha256 || null)) {
    const [expected, received] = [config.initFrom ?? 'none', request.initFromSha256 || 'none'];
    throw new UsageError(
      `init_from_sha256: expected the configuration's initFrom, ${expected}; received ${received}`,
    );
  }
  const limits = limitsOf(request.limits, DEFAULT_LIMITS);
  const named = config.initFrom === null ? [request.corpusSha256] : [request.corpusSha256, config.initFrom];
  for (const content of named) contents.path(content);
  // They count as pushed now: nothing collects them before the run's record names them.
  contents.have(named, Date.now());
  await refuseFullDisk(store.dataDirectory, '--data', 0, parametersReckoned(config));
  const { id } = await store.create({
    name: request.name,
    tags: request.tags,
    note: request.note,
    priority: request.priority,
    pool: request.pool || DEFAULT_POOL,
    config,
    corpus: { sha256: request.corpusSha256, name: request.corpusName },
    limits,
    createdAt: new Date().toISOString(),
  });
  scheduler.queued(store.find(id));
  return store.find(id);
}

/** What is left out stays as the run has it, as 0 does. */
type ResumeOrder = Pick<ResumeRequestMessage, 'run'> & Partial<ResumeRequestMessage>;

/**
 * Queues a run that has ended, perhaps with another length, or other early stopping.
 * @throws {WrongStateError} it has not ended. @throws {UsageError} a length or a limit is out of its bounds, or leaves nothing
 * to do.
 * @throws {ContentError} its text is not there any more.
 */
export async function resumeRun(
  { store, contents, scheduler }: OrderParts,
  { run: reference, steps = 0, epochs = 0, limits = null, patience = 0, minDelta }: ResumeOrder,
): Promise<StoredRun> {
  const { id, config: found } = endedRun(store, reference);
  const { eventsPath } = new RunDirectory(store.directory(id));
  const started = await lastStarted(eventsPath);
  const stopsEarly = patience > 0 || found.earlyStopping !== null;
  const kept = entriesKept(found.earlyStopping?.patience ?? 0);
  const evaluations = stopsEarly ? await evaluationsIn(eventsPath, kept) : [];
  // Another order may have come meanwhile. From here to the change nothing waits.
  const run = endedRun(store, id);
  const config = parseConfig(withStopping(run, withLength(run.config, steps, epochs), patience, minDelta));
  const bounds = limitsOf(limits, run.limits);
  const stepsTotal = config.steps ?? (started && config.epochs * started.stepsPerEpoch);
  if (stepsTotal !== null) checkLength(run, config, stepsTotal, evaluations);
  if (bounds.maxHours !== null && run.activeSeconds >= bounds.maxHours * SECONDS_PER_HOUR) {
    throw new UsageError(
      `run ${run.id} has been active for the ${bounds.maxHours} hours of --max-hours; give a larger --max-hours`,
    );
  }
  for (const content of [run.corpus.sha256, config.initFrom]) if (content !== null) contents.path(content);
  // The weights of its former end stay its own until it has begun to go on.
  store.update(id, {
    config,
    limits: bounds,
    state: 'queued',
    reason: '',
    unfinishedActivations: 0,
    stepsTotal,
    queuedAt: store.queueTime(new Date().toISOString()),
  });
  await store.written();
  scheduler.queued(store.find(id));
  return store.find(id);
}

/**
 * Checks what a run that goes on is to have against what it has.
 * @throws {UsageError} it has more steps already; or it is done, and has as many; or its length is another one, or it is done, and
 * it would stop early at once. One that goes on as it was may end so: that was its end.
 */
function checkLength(
  { id, step, state, config: before }: StoredRun,
  config: RunConfig,
  stepsTotal: number,
  evaluations: readonly HistoryEntry[],
): void {
  const name = `run ${id}`;
  if (stepsTotal < step) throw new UsageError(tooShortText(name, { ...config, stepsTotal }, step));
  const isDone = state === 'done';
  if (isDone && stepsTotal === step) {
    throw new UsageError(
      `${name} has all its ${step} steps: there is nothing to do; give more with --steps or --epochs`,
    );
  }
  const sameLength = config.steps === before.steps && config.epochs === before.epochs;
  if (stepsTotal === step || (!isDone && sameLength)) return;
  const why = stoppedEarlyText(name, config, evaluations, before.earlyStopping);
  if (why !== null) throw new UsageError(why);
}

/**
 * Ends a run at its next step, with a checkpoint, or takes it out of the queue.
 * @throws {WrongStateError} it has ended already. @throws {UsageError} the reason is too long.
 */
export async function stopRun(
  { store, scheduler }: OrderParts,
  reference: string,
  reason: string,
): Promise<StoredRun> {
  if (reason.length > REASON_LENGTH_MAX) {
    throw new UsageError(
      `reason: expected at most ${REASON_LENGTH_MAX} characters, received ${reason.length}`,
    );
  }
  const stopped = scheduler.stop(store.find(reference), reason || 'stopped on request');
  await store.written();
  // It may have ended meanwhile, and been removed.
  return store.runs().find(({ id }) => id === stopped.id) ?? stopped;
}

/**
 * Removes a run that has ended, or whose record is damaged.
 * @returns its id, and bytes that are free again.
 * @throws {WrongStateError} it has not ended. @throws {RunStoreError}
 */
export async function removeRun(
  { store }: OrderParts,
  reference: string,
): Promise<{ run: string; bytes: number }> {
  if (store.damagedRuns().some(({ id }) => id === reference)) {
    return { run: reference, bytes: await store.remove(reference) };
  }
  const { id } = endedRun(store, reference);
  return { run: id, bytes: await store.remove(id) };
}

/** @throws {WrongStateError} it has not ended. @throws {RunStoreError} */
function endedRun(store: RunStore, reference: string): StoredRun {
  const run = store.find(reference);
  if (run.state === 'active' || run.state === 'queued') {
    throw new WrongStateError(run, 'stopped, failed or done', 'stop it first');
  }
  return run;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`configuration: not JSON (${oneLine((error as Error).message, 200)})`, {
      cause: error,
    });
  }
}

/** Steps and epochs are totals of the whole run; 0 keeps what it has. Epochs alone replace steps. */
function withLength(config: RunConfig, steps: number, epochs: number): RunConfig {
  if (steps === 0 && epochs === 0) return config;
  return { ...config, epochs: epochs || config.epochs, steps: steps || (epochs ? null : config.steps) };
}

/**
 * 0 and an absent margin keep what the run has.
 * @throws {UsageError} there is a margin alone, and the run does not stop early; or there is a patience, and the run holds nothing out.
 */
function withStopping(
  { id }: StoredRun,
  config: RunConfig,
  patience: number,
  minDelta: number | undefined,
): RunConfig {
  if (patience === 0 && minDelta === undefined) return config;
  if (patience > 0 && !config.text.heldOut) {
    throw new UsageError(
      `--patience ${patience}: expected a run that holds text out, received run ${id}, which holds none; leave it out`,
    );
  }
  const before = config.earlyStopping;
  if (patience === 0 && before === null) {
    throw new UsageError(`--min-delta ${minDelta}: run ${id} does not stop early; give --patience too`);
  }
  const earlyStopping = {
    patience: patience || before!.patience,
    minDelta: minDelta ?? before?.minDelta ?? 0,
  };
  return { ...config, earlyStopping };
}

/** @throws {UsageError} a limit is out of its bounds. */
function limitsOf(message: RunLimitsMessage | null, defaults: RunLimits): RunLimits {
  if (message === null) return defaults;
  const parsed = runLimitsSchema.safeParse({
    minWorkers: message.minWorkers || DEFAULT_LIMITS.minWorkers,
    maxHours: message.maxHours || null,
    checkpointSeconds: checkpointSecondsOf(message),
    keepLast: message.keepLast || DEFAULT_LIMITS.keepLast,
    keepEverySteps: message.keepEverySteps,
    exact: message.exact || DEFAULT_LIMITS.exact,
    auditShare: message.auditShare,
    normChecks: message.normChecks || DEFAULT_LIMITS.normChecks,
  });
  if (parsed.success) return parsed.data;
  const [{ path, message: expected }] = parsed.error.issues;
  throw new UsageError(`limits: ${path.join('.')}: ${expected}`);
}
