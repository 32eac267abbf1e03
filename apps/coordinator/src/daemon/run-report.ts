/** Runs as they are told to operators: the messages of runs.proto. */
import { DirectoryStore } from '@rocinante/checkpoint';
import {
  limits,
  type IdleWorkerMessage,
  type ListRequestMessage,
  type RunDetail,
  type RunDetailMessage,
  type RunSummary,
  type WorkerCardMessage,
} from '@rocinante/wire';
import { lstmTold } from '../display/lstm-path.js';
import { limitsMessage } from '../run/limits-message.js';
import { RunDirectory } from '../run/run-directory.js';
import type { Session } from '../service/session.js';
import type { TrainingService } from '../service/training-service.js';
import type { ActiveRun } from './active-run.js';
import { pastOf } from './entry-reader.js';
import type { DamagedRun, RunStore, StoredRun } from './run-store.js';
import type { Scheduler } from './scheduler.js';
import { workerCard } from './worker-card.js';

type State = NonNullable<RunSummary['state']>;

const endStates = {
  stopped: 'RUN_STATE_STOPPED',
  done: 'RUN_STATE_DONE',
  failed: 'RUN_STATE_FAILED',
} as const;

export interface ReportParts {
  readonly store: RunStore;
  readonly scheduler: Scheduler;
  readonly service: TrainingService;
  /** What a run is bound by, as `RunDetail.bound_by` says it. */
  readonly boundBy: (run: string) => string;
}

/** A list's room in one message, whose further bytes are few. */
const LIST_BYTES_MAX = limits.MESSAGE_BYTES_MAX - (64 << 10);

/** Runs of a list, at most: each with as many tags as it may have are elements of one message. */
const LIST_RUNS_MAX = Math.floor(limits.ELEMENTS_MAX / (1 + limits.TAGS_MAX));

/**
 * Every run that is asked for: active ones, then the queues in their order, then ended ones, the last ended first, and damaged ones.
 * Those that do not fit a message are left out, and counted: the ones that ended first.
 * @param request what is empty or left out keeps none out.
 */
export function listRuns(
  parts: ReportParts,
  { tag = '', states = [], pool: asked = '' }: Partial<ListRequestMessage> = {},
): { runs: RunSummary[]; leftOut: number } {
  const { store } = parts;
  const runs = store
    .runs()
    .filter(({ tags, pool }) => (tag === '' || tags.includes(tag)) && (asked === '' || pool === asked));
  const pools = new Set(runs.map(({ pool }) => pool));
  const queues = [...pools].map((pool) => store.queue(pool));
  const positions = new Map(
    queues.flatMap((queue) => queue.map(({ id }, index) => [id, index + 1] as const)),
  );
  const listed = new Set(runs);
  const queued = queues.flat().filter((run) => listed.has(run));
  const ended = runs
    .filter(({ state }) => state !== 'active' && state !== 'queued')
    .sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
  const sorted = [...runs.filter(({ state }) => state === 'active'), ...queued, ...ended];
  const damaged = tag === '' && asked === '' ? store.damagedRuns() : [];
  const all = [
    ...sorted.map((run) => summaryOf(parts, run, positions.get(run.id) ?? 0)),
    ...damaged.map(damagedSummary),
  ].filter(({ state }) => states.length === 0 || states.some((one) => one === state));
  let bytes = 0;
  // JSON is longer than the message: it has each field's name.
  const told = all
    .slice(0, LIST_RUNS_MAX)
    .filter((summary) => (bytes += Buffer.byteLength(JSON.stringify(summary))) <= LIST_BYTES_MAX);
  return { runs: told, leftOut: all.length - told.length };
}

/** @param position in its pool's queue, from 1; 0 for a run that does not wait. It is looked for where it is not given. */
export function summaryOf(
  parts: ReportParts,
  run: StoredRun,
  position = run.state === 'queued' ? queuePosition(parts, run) : 0,
): RunSummary {
  const active = parts.scheduler.active(run.id);
  const execution = active?.execution;
  const progress = execution?.progress;
  const loss = execution ? execution.loss : run.loss;
  const lastStepLoss = progress ? progress.lastLoss : run.lastStepLoss;
  const validationLoss = progress ? (progress.history.at(-1)?.validationLoss ?? null) : run.validationLoss;
  const windowsPerSecond = execution ? execution.windowsPerSecond : run.windowsPerSecond;
  const { state, reason } = stateOf(run, active);
  const secondsLeft = secondsLeftOf(state, active);
  const pool = parts.service.pool(run.pool);
  const wantsWorkers = run.state === 'active' || run.state === 'queued';
  return {
    id: run.id,
    name: run.name,
    tags: run.tags,
    note: run.note,
    priority: run.priority,
    pool: run.pool,
    state,
    reason,
    queuePosition: position,
    createdAt: run.createdAt,
    startedAt: run.startedAt ?? '',
    endedAt: run.endedAt ?? '',
    step: progress?.step ?? run.step,
    stepsTotal: run.stepsTotal ?? 0,
    epoch: execution?.epoch ?? run.epoch,
    ...(loss !== null && { loss }),
    ...(lastStepLoss !== null && { lastStepLoss }),
    ...(validationLoss !== null && { validationLoss }),
    ...(windowsPerSecond !== null && { windowsPerSecond }),
    ...(secondsLeft !== null && { secondsLeft }),
    workerHours: (active?.workerSeconds ?? run.workerSeconds) / 3600,
    activeHours: (active?.activeSeconds ?? run.activeSeconds) / 3600,
    weightsSha256: run.weightsSha256 ?? '',
    workers: execution && pool ? pool.workers.length : 0,
    ...(wantsWorkers && { poolWorkers: pool?.sessions.length ?? 0 }),
  };
}

/** All that is known of a run. It reads the run's log and the names of its checkpoints. */
export async function detailOf(parts: ReportParts, run: StoredRun): Promise<RunDetail> {
  const directory = new RunDirectory(parts.store.directory(run.id));
  const checkpoints = new DirectoryStore(directory.checkpointsPath);
  const { history, incidents, ...past } = await pastOf(directory.eventsPath);
  const [names, best] = [await checkpoints.names(), await checkpoints.best()];
  // What changes is asked for last, and at one moment.
  const active = parts.scheduler.active(run.id);
  const current = parts.store.find(run.id);
  const present = presentDetailOf(parts, current);
  const exactness = active?.execution?.exactness;
  const notExactSince = exactness ? exactness.notExactSince : past.notExactSince;
  return {
    summary: summaryOf(parts, current),
    configJson: JSON.stringify(run.config),
    limits: limitsMessage(run.limits),
    corpusSha256: run.corpus.sha256,
    corpusName: run.corpus.name,
    ...present,
    history,
    incidents,
    checkpoints: names,
    bestCheckpoint: best ?? '',
    joiningProof: exactness?.proof ?? past.joiningProof,
    ...(notExactSince !== null && { notExactSince }),
  };
}

type PresentDetail = Pick<
  RunDetailMessage,
  'workers' | 'idleWorkers' | 'bytesSent' | 'bytesReceived' | 'boundBy'
>;

/** What of a run's detail changes all the time: who works for it, what was moved, what binds it. It reads nothing. */
export function presentDetailOf(parts: ReportParts, run: StoredRun): PresentDetail {
  const active = parts.scheduler.active(run.id);
  const { bytesSent, bytesReceived } = active?.traffic ?? run;
  return {
    workers: active?.execution ? sharesOf(parts, run, active) : [],
    idleWorkers: active?.execution?.idleWorkers.map(idleOf) ?? [],
    bytesSent,
    bytesReceived,
    boundBy: active ? parts.boundBy(run.id) : '',
  };
}

function idleOf(session: Session): IdleWorkerMessage {
  const { name, threads, engine, standing, standingReason, joinedAt } = session;
  return {
    name,
    threads,
    device: engine?.device ?? '',
    model: engine?.model ?? '',
    lstm: lstmTold(engine),
    standing,
    reason: standingReason,
    joinedAt: joinedAt.toISOString(),
    card: cardOf(session),
  };
}

function sharesOf(parts: ReportParts, run: StoredRun, active: ActiveRun): RunDetailMessage['workers'] {
  const pool = parts.service.pool(run.pool);
  const shares = active.execution!.shares;
  return active.execution!.view.workers.flatMap(({ worker, microBatchesPerSecond }) => {
    const session = pool?.session(worker);
    if (!session) return [];
    const { name, threads, engine, joinedAt } = session;
    return {
      name,
      threads,
      device: engine?.device ?? '',
      model: engine?.model ?? '',
      lstm: lstmTold(engine),
      microBatches: shares.get(worker) ?? 0,
      ...(microBatchesPerSecond !== null && { microBatchesPerSecond }),
      joinedAt: joinedAt.toISOString(),
      card: cardOf(session),
    };
  });
}

/** As a message has it that is received. */
function cardOf({ metrics }: Session): WorkerCardMessage | null {
  return workerCard(metrics, performance.now()) as WorkerCardMessage | null;
}

/** Seconds to the run's last step; null where that is not known, and where no step is worked on. */
export function secondsLeftOf(state: State, active: ActiveRun | undefined): number | null {
  return state === 'RUN_STATE_RUNNING' ? (active?.execution?.secondsLeft ?? null) : null;
}

/** What an operator calls a run's state, and why it is so. */
export function stateOf(run: StoredRun, active: ActiveRun | undefined): { state: State; reason: string } {
  if (run.state === 'queued') return { state: 'RUN_STATE_QUEUED', reason: '' };
  if (run.state !== 'active') return { state: endStates[run.state], reason: run.reason };
  const execution = active?.execution;
  if (active?.stopping) {
    const inStep = execution?.view.phase === 'training';
    return {
      state: 'RUN_STATE_STOPPING',
      reason: inStep ? 'it ends after this step' : 'it ends, with a checkpoint of what it has',
    };
  }
  const heldReason = active?.heldReason ?? null;
  if (heldReason !== null) return { state: 'RUN_STATE_HELD', reason: heldReason };
  if (!execution) return { state: 'RUN_STATE_WAITING', reason: 'its text is being prepared' };
  if (execution.view.phase !== 'waiting') return { state: 'RUN_STATE_RUNNING', reason: '' };
  return { state: 'RUN_STATE_WAITING', reason: execution.waitingReason };
}

/** From 1 for the next to begin in its pool. */
function queuePosition({ store }: ReportParts, run: StoredRun): number {
  return store.queue(run.pool).findIndex(({ id }) => id === run.id) + 1;
}

function damagedSummary({ id, reason }: DamagedRun): RunSummary {
  return { id, name: id, state: 'RUN_STATE_FAILED', reason };
}
