/** What the page is told, in the JSON of `run list --json` and `run show --json`. */
import { DirectoryStore } from '@rocinante/checkpoint';
import type { CoordinatorPhase } from '@rocinante/metrics';
import type { LossPoint, PresentJson, RunListJson, ShownJson } from '@rocinante/run-json';
import type { RunLimitsMessage, RunSummary, RunSummaryMessage } from '@rocinante/wire';
import type { ShownRun } from '../client/coordinator.js';
import { cardJson, runJson, shownJson } from '../client/run-json.js';
import type { EntryHub } from '../daemon/entry-hub.js';
import { detailOf, listRuns, presentDetailOf, summaryOf, type ReportParts } from '../daemon/run-report.js';
import type { StoredRun } from '../daemon/run-store.js';
import { RunDirectory } from '../run/run-directory.js';
import type { WorkerPhases } from './worker-phases.js';

export interface PresentParts extends ReportParts {
  readonly hub: EntryHub;
  readonly workerPhases: WorkerPhases;
  /** Seconds of an active run's last steps in each phase, a mean step; null before there is one. */
  readonly stepPhases: (run: string) => Readonly<Record<CoordinatorPhase, number>> | null;
}

/** As `run list --json`. */
export function listOf(parts: ReportParts): RunListJson {
  const { runs, leftOut } = listRuns(parts);
  return { runs: runs.map((summary) => runJson(whole(summary))), leftOut };
}

/** As `run show --json`. */
export async function shownOf(
  parts: ReportParts,
  run: StoredRun,
  curve: readonly LossPoint[],
): Promise<ShownJson> {
  const { summary, limits, ...detail } = await detailOf(parts, run);
  const shown = { ...detail, summary: whole(summary!), limits: limits as RunLimitsMessage } as ShownRun;
  return shownJson(shown, curve);
}

/** A run's summary, as the protocol brings it. */
export function summaryMessageOf(parts: ReportParts, run: StoredRun): RunSummaryMessage {
  return whole(summaryOf(parts, run));
}

/** What of it changes all the time; it reads no log. */
export async function presentOf(parts: PresentParts, run: StoredRun): Promise<PresentJson> {
  const store = new DirectoryStore(new RunDirectory(parts.store.directory(run.id)).checkpointsPath);
  const [checkpoints, best] = [await store.names(), await store.best()];
  const { workers, idleWorkers, bytesSent, bytesReceived, boundBy } = presentDetailOf(parts, run);
  return {
    ...runJson(summaryMessageOf(parts, parts.store.find(run.id))),
    workerShares: workers.map((worker) => ({
      ...worker,
      lstm: worker.lstm || null,
      microBatchesPerSecond: worker.microBatchesPerSecond ?? null,
      card: cardJson(worker.card),
      phases: parts.workerPhases.of(worker),
    })),
    idleWorkers: idleWorkers.map((worker) => ({
      ...worker,
      lstm: worker.lstm || null,
      card: cardJson(worker.card),
    })),
    checkpoints,
    bestCheckpoint: best ?? null,
    bytesSent,
    bytesReceived,
    boundBy: boundBy || null,
    stepPhases: parts.stepPhases(run.id),
  };
}

/** A summary as the protocol brings it: with what is absent in its place. */
function whole(summary: RunSummary): RunSummaryMessage {
  return {
    tags: [],
    note: '',
    priority: 0,
    pool: '',
    reason: '',
    queuePosition: 0,
    createdAt: '',
    startedAt: '',
    endedAt: '',
    step: 0,
    stepsTotal: 0,
    epoch: 0,
    workers: 0,
    workerHours: 0,
    activeHours: 0,
    weightsSha256: '',
    ...summary,
  } as RunSummaryMessage;
}
