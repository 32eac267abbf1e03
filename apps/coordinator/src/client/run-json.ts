import type { LossPoint, OutcomeJson, RunJson, ShownJson, WorkerCardJson } from '@rocinante/run-json';
import type { RunSummaryMessage, WorkerCard } from '@rocinante/wire';
import { bitsOrNull } from '../loss-units.js';
import { limitsOf } from '../run/limits-message.js';
import type { LogEntryOf } from '../run/log/log-entries.js';
import { bestEvaluation } from './best-evaluation.js';
import type { ShownRun } from './coordinator.js';
import { stateWord } from './run-state.js';

/** A run's summary as `--json` says it. */
export function runJson(summary: RunSummaryMessage): RunJson {
  const { id, name, tags, note, priority, pool, state, reason, queuePosition, createdAt } = summary;
  const { startedAt, endedAt, step, stepsTotal, epoch, workers, workerHours, activeHours } = summary;
  return {
    id,
    name,
    tags,
    note,
    priority,
    pool,
    state: stateWord(state),
    reason,
    queuePosition: queuePosition || null,
    createdAt,
    startedAt: startedAt || null,
    endedAt: endedAt || null,
    step,
    stepsTotal: stepsTotal || null,
    epoch,
    loss: summary.loss ?? null,
    lastStepLoss: summary.lastStepLoss ?? null,
    validationLoss: summary.validationLoss ?? null,
    validationBitsPerCharacter: bitsOrNull(summary.validationLoss ?? null),
    windowsPerSecond: summary.windowsPerSecond ?? null,
    secondsLeft: summary.secondsLeft ?? null,
    workers,
    workerHours,
    activeHours,
    weightsSha256: summary.weightsSha256 || null,
  };
}

/** A run as `run show --json` says it. @param curve the training losses, thinned. */
export function shownJson(shown: ShownRun, curve: readonly LossPoint[]): ShownJson {
  const { bytesSent, bytesReceived, checkpoints } = shown;
  return {
    ...runJson(shown.summary),
    config: JSON.parse(shown.configJson) as unknown,
    limits: limitsOf(shown.limits),
    corpus: { name: shown.corpusName, sha256: shown.corpusSha256 },
    workerShares: shown.workers.map((worker) => ({
      name: worker.name,
      threads: worker.threads,
      device: worker.device,
      model: worker.model,
      lstm: worker.lstm || null,
      microBatches: worker.microBatches,
      microBatchesPerSecond: worker.microBatchesPerSecond ?? null,
      joinedAt: worker.joinedAt,
      card: cardJson(worker.card),
    })),
    idleWorkers: shown.idleWorkers.map((worker) => ({
      name: worker.name,
      threads: worker.threads,
      device: worker.device,
      model: worker.model,
      lstm: worker.lstm || null,
      standing: worker.standing,
      reason: worker.reason,
      joinedAt: worker.joinedAt,
      card: cardJson(worker.card),
    })),
    history: shown.history.map(({ step, epoch, loss, validationLoss, best }) => ({
      step,
      epoch,
      loss,
      validationLoss: validationLoss ?? null,
      best,
    })),
    incidents: shown.incidents.map(({ time, step, kind, worker, cause }) => ({
      time,
      step,
      kind,
      worker: worker || null,
      cause,
    })),
    curve,
    checkpoints,
    bestCheckpoint: shown.bestCheckpoint || null,
    bytesSent,
    bytesReceived,
    boundBy: shown.boundBy || null,
    joiningProof: shown.joiningProof || null,
    notExactSince: shown.notExactSince ?? null,
  };
}

/** A worker's card as `--json` says it. */
export function cardJson(card: WorkerCard | null | undefined): WorkerCardJson | null {
  if (!card) return null;
  const number = (value: number | string | undefined): number | null =>
    value === undefined ? null : Number(value);
  return {
    number: card.number ?? '',
    uuid: card.uuid ?? '',
    model: card.model ?? '',
    utilization: number(card.utilization),
    memoryUsedBytes: number(card.memoryUsedBytes),
    memoryTotalBytes: number(card.memoryTotalBytes),
    temperatureCelsius: number(card.temperatureCelsius),
    powerWatts: number(card.powerWatts),
    throttled: card.throttled ?? [],
    uncorrectedEccErrors: number(card.uncorrectedEccErrors),
    xidErrors: number(card.xidErrors),
  };
}

/**
 * How a run ended.
 * @param account the run's own, where it was seen: of a run that is not done it is of an end before, and does not count.
 */
export function outcomeJson(
  { summary: run, ...shown }: ShownRun,
  account: LogEntryOf<'summary'> | null,
): OutcomeJson {
  const isDone = stateWord(run.state) === 'done';
  const summary = isDone ? account : null;
  const validationLoss = summary ? summary.validationLoss : (run.validationLoss ?? null);
  const best = bestEvaluation(shown.history);
  return {
    steps: summary?.steps ?? run.step,
    epoch: summary?.epoch ?? run.epoch,
    loss: summary?.loss ?? run.loss ?? null,
    validationLoss,
    validationBitsPerCharacter: bitsOrNull(validationLoss),
    bestStep: summary?.bestStep ?? best?.step ?? null,
    bestValidationLoss: summary?.bestValidationLoss ?? best?.validationLoss ?? null,
    windowsPerSecond: summary?.windowsPerSecond ?? run.windowsPerSecond ?? null,
    bytesSent: summary?.bytesSent ?? shown.bytesSent,
    bytesReceived: summary?.bytesReceived ?? shown.bytesReceived,
    weightsSha256: isDone ? (summary?.weightsSha256 ?? run.weightsSha256) : null,
    notExactSince: shown.notExactSince ?? null,
    run: run.id,
    state: stateWord(run.state),
    reason: run.reason,
  };
}
