/**
 * What operators order: a run that begins, goes on, or goes away. Each is checked whole before anything changes, and is on
 * the disk before it is answered.
 */
import { networkLayout } from '@rocinante/model';
import { networkOf, type RunConfig } from '@rocinante/training';
import type { ResumeRequestMessage, RunLimitsMessage, StartRequestMessage } from '@rocinante/wire';
import { parseConfig } from '../config.js';
import { UsageError } from '../errors.js';
import { DEFAULT_LIMITS, runLimitsSchema, type RunLimits } from '../run/run-limits.js';
import { DEFAULT_POOL } from '../service/session.js';
import type { ContentStore } from './content-store.js';
import { refuseFullDisk } from './disk-check.js';
import { WrongStateError } from './errors.js';
import type { RunStore, StoredRun } from './run-store.js';
import type { Scheduler } from './scheduler.js';

export interface OrderParts {
  readonly store: RunStore;
  readonly contents: ContentStore;
  readonly scheduler: Scheduler;
}

/** The text's symbols are not known before it is encoded: so many are reckoned with. */
const SYMBOLS_RECKONED = 256;

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
  await refuseFullDisk(store.dataDirectory, 0, networkLayout(networkOf(config, SYMBOLS_RECKONED)).length);
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
  scheduler.schedule();
  return store.find(id);
}

/**
 * Queues a run that has ended, perhaps with another length.
 * @throws {WrongStateError} it has not ended. @throws {UsageError} a length or a limit is out of its bounds.
 * @throws {ContentError} its text is not there any more.
 */
export async function resumeRun(
  { store, contents, scheduler }: OrderParts,
  { run: reference, steps, epochs, limits }: ResumeRequestMessage,
): Promise<StoredRun> {
  const run = store.find(reference);
  if (run.state === 'active' || run.state === 'queued') {
    throw new WrongStateError(run, 'stopped, failed or done');
  }
  if (steps > 0 && steps < run.step) {
    throw new UsageError(
      `steps: run ${run.id} has ${run.step} already; expected at least so many, received ${steps}`,
    );
  }
  const config = parseConfig(withLength(run.config, steps, epochs));
  for (const content of [run.corpus.sha256, config.initFrom]) if (content !== null) contents.path(content);
  store.update(run.id, {
    config,
    limits: limitsOf(limits, run.limits),
    state: 'queued',
    reason: '',
    stepsTotal: null,
    weightsSha256: null,
    queuedAt: new Date().toISOString(),
  });
  await store.written();
  scheduler.schedule();
  return store.find(run.id);
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
  const run = scheduler.stop(store.find(reference), reason || 'stopped on request');
  await store.written();
  return run;
}

/**
 * Removes a run that has ended, or whose record is damaged.
 * @returns bytes that are free again.
 * @throws {WrongStateError} it has not ended. @throws {RunStoreError}
 */
export function removeRun({ store }: OrderParts, reference: string): Promise<number> {
  if (store.damagedRuns().some(({ id }) => id === reference)) return store.remove(reference);
  const run = store.find(reference);
  if (run.state === 'active' || run.state === 'queued') {
    throw new WrongStateError(run, 'neither active nor queued; stop it first');
  }
  return store.remove(run.id);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`configuration: not JSON (${(error as Error).message})`, { cause: error });
  }
}

/** Steps and epochs are totals of the whole run; 0 keeps what it has. Epochs alone replace steps. */
function withLength(config: RunConfig, steps: number, epochs: number): RunConfig {
  if (steps === 0 && epochs === 0) return config;
  return { ...config, epochs: epochs || config.epochs, steps: steps || (epochs ? null : config.steps) };
}

/** @throws {UsageError} a limit is out of its bounds. */
function limitsOf(message: RunLimitsMessage | null, defaults: RunLimits): RunLimits {
  if (message === null) return defaults;
  const parsed = runLimitsSchema.safeParse({
    minWorkers: message.minWorkers || DEFAULT_LIMITS.minWorkers,
    maxHours: message.maxHours || null,
    checkpointSeconds: message.checkpointSeconds,
    keepLast: message.keepLast || DEFAULT_LIMITS.keepLast,
    keepEverySteps: message.keepEverySteps,
  });
  if (parsed.success) return parsed.data;
  const [{ path, message: expected }] = parsed.error.issues;
  throw new UsageError(`limits: ${path.join('.')}: ${expected}`);
}
