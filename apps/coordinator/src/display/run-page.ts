import type { LossPoint } from '@rocinante/run-json';
import { bestEvaluation } from '../client/best-evaluation.js';
import type { ShownRun } from '../client/coordinator.js';
import { stateWord } from '../client/run-state.js';
import { checkpointSecondsOf } from '../run/limits-message.js';
import { heldOutShown } from '../loss-units.js';
import { stateText } from './entry-text.js';
import { cardLines } from './card-lines.js';
import { configLines } from './config-lines.js';
import { drawCurve } from './loss-curve.js';
import { bytesShown, counted, duration, grouped, hoursShown, lossShown, timeShown } from './quantities.js';
import { poolText } from './pool-text.js';
import { printable } from './printable.js';
import { table } from './table.js';

const SECONDS_PER_HOUR = 3600;

/** Evaluations and incidents that are shown where not all are asked for: the last ones, and no incident of a worker that was late. */
const EVALUATIONS_SHOWN = 10;
const INCIDENTS_SHOWN = 20;

/** What is known of a run, for a person. @param all whether every evaluation and incident is wanted. */
export function runPage(shown: ShownRun, curve: readonly LossPoint[], all: boolean): string {
  const { history } = shown;
  const evaluationsShown = all ? Infinity : EVALUATIONS_SHOWN;
  const worthALook = all ? shown.incidents : shown.incidents.filter(({ kind }) => kind !== 'late');
  const incidents = worthALook.slice(all ? 0 : -INCIDENTS_SHOWN);
  const sections = [
    headLines(shown),
    section('loss', drawCurve(curve)),
    section(
      partOf('evaluations', Math.min(history.length, evaluationsShown), history.length),
      historyLines(shown, evaluationsShown),
    ),
    section('workers', workerLines(shown)),
    section('workers without work', idleLines(shown)),
    section('cards', cardLines(shown)),
    incidentLines(incidents, shown.incidents.length),
    section('limits', limitLines(shown)),
    section('configuration', configLines(shown.configJson)),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

/** `evaluations`, or where there are more than are shown `evaluations, 10 of 195 (--all has the others)`. */
function partOf(title: string, shown: number, count: number): string {
  return count === shown ? title : `${title}, ${shown} of ${grouped(count)} (--all has the others)`;
}

function headLines({ summary, ...shown }: ShownRun): string[] {
  const { id, name, tags, note, state, reason, queuePosition, pool, priority } = summary;
  const { step, stepsTotal, epoch, windowsPerSecond, secondsLeft, weightsSha256 } = summary;
  const poolSaid = poolText(summary);
  const facts: (readonly [string, string])[] = [
    ['run', name === id ? id : `${id} ${name}`],
    ['state', stateText(stateWord(state), reason)],
    ...(queuePosition === 0 ? [] : [['queue', `position ${queuePosition} in pool ${pool}`] as const]),
    ...(poolSaid === null ? [] : [['pool', poolSaid] as const]),
    ...(priority === 0 ? [] : [['priority', String(priority)] as const]),
    ...(tags.length === 0 ? [] : [['tags', tags.join(', ')] as const]),
    ...(note === '' ? [] : [['note', note] as const]),
    ['text', `${shown.corpusName} (SHA-256 ${shown.corpusSha256})`],
    ['times', timesShown(summary)],
    ['step', stepsTotal === 0 ? grouped(step) : `${grouped(step)} of ${grouped(stepsTotal)}, epoch ${epoch}`],
    ...(summary.loss === undefined ? [] : [['loss', lossesShown(summary, summary.loss)] as const]),
    ...(windowsPerSecond === undefined
      ? []
      : [['rate', rateShown(windowsPerSecond, shown.boundBy)] as const]),
    ...(secondsLeft === undefined ? [] : [['time left', duration(secondsLeft)] as const]),
    [
      'cost',
      `${hoursShown(summary.workerHours)} worker-hours in ${duration(summary.activeHours * SECONDS_PER_HOUR)} of work; ` +
        `${bytesShown(shown.bytesSent)} sent, ${bytesShown(shown.bytesReceived)} received`,
    ],
    ...(shown.checkpoints.length === 0 ? [] : [['checkpoints', checkpointsShown(shown)] as const]),
    ...(shown.joiningProof === '' ? [] : [['exactness', exactnessShown(shown)] as const]),
    ...(weightsSha256 === '' ? [] : [['weights', `SHA-256 ${weightsSha256}`] as const]),
  ];
  const width = Math.max(...facts.map(([title]) => title.length)) + 2;
  return facts.map(([title, text]) => title.padEnd(width) + printable(text));
}

function timesShown({ createdAt, startedAt, endedAt }: ShownRun['summary']): string {
  const began = startedAt === '' ? '' : `, began ${timeShown(startedAt)}`;
  const ended = endedAt === '' ? '' : `, ended ${timeShown(endedAt)}`;
  return `created ${timeShown(createdAt)}${began}${ended} (UTC)`;
}

function lossesShown({ validationLoss, lastStepLoss }: ShownRun['summary'], loss: number): string {
  const heldOut = validationLoss === undefined ? '' : `, held out ${heldOutShown(validationLoss)}`;
  const lastStep = lastStepLoss === undefined ? '' : `; the last step's ${lossShown(lastStepLoss)}`;
  return `${lossShown(loss)}${heldOut}${lastStep}`;
}

function rateShown(windowsPerSecond: number, boundBy: string): string {
  return `${windowsPerSecond.toFixed(1)} windows/s${boundBy === '' ? '' : `, bound by ${boundBy}`}`;
}

function checkpointsShown({ checkpoints, bestCheckpoint }: Omit<ShownRun, 'summary'>): string {
  return checkpoints.map((name) => (name === bestCheckpoint ? `${name} (best)` : name)).join(', ');
}

/** The last ones, and the best where it is before them. */
function historyLines({ history }: ShownRun, most: number): string[] {
  if (history.length === 0) return [];
  const heads = ['step', 'epoch', 'loss', 'held-out', ''];
  const best = bestEvaluation(history);
  const first = history.length - most;
  const rows = history
    .filter((entry, index) => index >= first || entry === best)
    .map((entry) => [
      grouped(entry.step),
      entry.epoch,
      lossShown(entry.loss),
      lossShown(entry.validationLoss),
      entry === best ? 'best' : '',
    ]);
  return table(heads, rows).split('\n');
}

function workerLines({ workers }: ShownRun): string[] {
  if (workers.length === 0) return [];
  const total = workers.reduce((sum, { microBatches }) => sum + microBatches, 0);
  const rows = workers.map(
    ({ name, threads, device, model, lstm, microBatches, microBatchesPerSecond, joinedAt }) => [
      name,
      `${device} ${model}, ${counted(threads, 'thread')}`,
      lstm || '-',
      total === 0 ? '-' : `${microBatches} of ${total} micro-batches`,
      microBatchesPerSecond === undefined ? '-' : `${microBatchesPerSecond.toFixed(2)}/s`,
      timeShown(joinedAt),
    ],
  );
  return table(['worker', 'on', 'LSTM', 'share of the last step', 'speed', 'joined (UTC)'], rows).split('\n');
}

function exactnessShown({ joiningProof, notExactSince }: Omit<ShownRun, 'summary'>): string {
  const proof = `joining proof ${joiningProof}`;
  return notExactSince === undefined ? `exact, ${proof}` : `not exact since step ${notExactSince}, ${proof}`;
}

function idleLines({ idleWorkers }: ShownRun): string[] {
  if (idleWorkers.length === 0) return [];
  const rows = idleWorkers.map(({ name, threads, device, model, lstm, standing, reason, joinedAt }) => [
    name,
    `${device} ${model}, ${counted(threads, 'thread')}`,
    lstm || '-',
    standing,
    timeShown(joinedAt),
    reason || '-',
  ]);
  return table(['worker', 'on', 'LSTM', 'is', 'joined (UTC)', 'why'], rows).split('\n');
}

/** @param count how many there are, shown or not. */
function incidentLines(incidents: ShownRun['incidents'], count: number): string[] {
  if (count === 0) return [];
  const title = partOf('incidents', incidents.length, count);
  if (incidents.length === 0) return [title];
  const rows = incidents.map(({ step, time, kind, worker, cause }) => [
    grouped(step),
    timeShown(time),
    kind,
    worker || '-',
    cause,
  ]);
  return section(title, table(['step', 'time (UTC)', 'what', 'worker', 'cause'], rows).split('\n'));
}

function limitLines({ limits }: ShownRun): string[] {
  const { minWorkers, maxHours, keepLast, keepEverySteps, exact, auditShare, normChecks } = limits;
  return [
    `at least ${counted(minWorkers || 1, 'worker')}; ` +
      (maxHours > 0 ? `at most ${maxHours} h of work` : 'no bound on the time'),
    intervalShown(limits) +
      `; kept: the last ${keepLast}, the best` +
      (keepEverySteps > 0 ? ` and those of every ${grouped(keepEverySteps)} steps` : ''),
    ...(exact === 'off' ? ['workers of any kind (--exact off)'] : []),
    ...(normChecks === 'off' ? ['norms of gradients are not looked at (--norm-checks off)'] : []),
    ...(auditShare > 0
      ? [`${+(auditShare * 100).toPrecision(6)} % of the micro-batches computed twice (--audit)`]
      : []),
  ];
}

function intervalShown(limits: ShownRun['limits']): string {
  const seconds = checkpointSecondsOf(limits);
  if (seconds === 'auto') return 'a checkpoint as often as takes about 1 % of the time (--checkpoint auto)';
  return seconds > 0 ? `a checkpoint every ${seconds} s` : 'checkpoints at evaluations and at the end';
}
