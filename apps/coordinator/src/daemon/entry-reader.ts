/** What a run's event log says, read back: its beginning for a watcher, its losses, its history, its incidents. */
import type { HistoryEntry } from '@rocinante/training';
import type { HistoryPoint, Incident } from '@rocinante/wire';
import {
  logEntrySchema,
  type LogEntryOf,
  type RunLogEntry,
  type StartCause,
} from '../run/log/log-entries.js';
import { entryText } from '../display/entry-text.js';
import { counted } from '../display/quantities.js';
import { linesOf } from '../run/log/file-lines.js';

/** Incidents and evaluations that are shown, at most: the last ones. */
export const INCIDENTS_MAX = 1_000;
export const HISTORY_MAX = 10_000;

/** Lines of steps are most of a log: those who do not want them need not parse them. */
const STEP_MARK = '"event":"step"';
const STARTED_MARK = '"event":"started"';
const EVALUATION_MARK = '"event":"evaluation"';

/** What a watcher is told of what came after the last step. */
const TOLD_AFTER: ReadonlySet<string> = new Set<RunLogEntry['event']>([
  'worker-joined',
  'worker-parked',
  'set-aside',
  'worker-left',
  'sample',
  'summary',
  'finished',
]);

/** Null for an entry of another release, and for a line that was cut. */
function parsed(line: string): RunLogEntry | null {
  try {
    return logEntrySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/**
 * Where a watcher begins: the last `started`, the evaluations, the last step, and what came after it.
 * @param stepsTotal of the whole run now: one that was resumed with another length may not have begun to go on. Null for what
 *   `started` says.
 */
export async function opening(path: string, stepsTotal: number | null = null): Promise<RunLogEntry[]> {
  let started: RunLogEntry | null = null;
  const evaluations: RunLogEntry[] = [];
  let lastStep = '';
  /** A step that was under way when the run was held closes afterwards. */
  let held: RunLogEntry | null = null;
  /** It is true of all that comes after it. */
  let notExact: RunLogEntry | null = null;
  let after: RunLogEntry[] = [];
  for await (const line of linesOf(path)) {
    if (line.includes(STEP_MARK)) {
      lastStep = line;
      after = [];
      continue;
    }
    const entry = parsed(line);
    if (entry === null) continue;
    if (entry.event === 'started') {
      started = { ...entry, stepsTotal: stepsTotal ?? entry.stepsTotal };
      [lastStep, held, notExact, after] = ['', null, null, []];
    } else if (entry.event === 'evaluation') evaluations.push(entry);
    else if (entry.event === 'held') held = entry;
    else if (entry.event === 'released') held = null;
    else if (entry.event === 'not-exact') notExact ??= entry;
    else if (entry.event === 'went-back' && entry.notExactSince === null) notExact = null;
    else if (TOLD_AFTER.has(entry.event)) after.push(entry);
  }
  return [started, notExact, ...evaluations, parsed(lastStep), held, ...after].filter(
    (entry) => entry !== null,
  );
}

/** The last `started` entry; null where the run was never begun. */
export async function lastStarted(path: string): Promise<LogEntryOf<'started'> | null> {
  let started: LogEntryOf<'started'> | null = null;
  for await (const line of linesOf(path)) {
    const entry = line.includes(STARTED_MARK) ? parsed(line) : null;
    if (entry?.event === 'started') started = entry;
  }
  return started;
}

/**
 * The run's last evaluations, in order, as its early stopping looks at them: of a step that came again, after a coordinator
 * was killed, the last one.
 * @param most how many.
 */
export async function evaluationsIn(path: string, most: number): Promise<HistoryEntry[]> {
  const history: HistoryEntry[] = [];
  for await (const line of linesOf(path)) {
    const entry = line.includes(EVALUATION_MARK) ? parsed(line) : null;
    if (entry?.event !== 'evaluation') continue;
    const { atStep: step, epoch, loss, validationLoss } = entry;
    while (history.length > 0 && history.at(-1)!.step >= step) history.pop();
    history.push({ step, epoch, loss, validationLoss });
    if (history.length > 2 * most) history.splice(0, most);
  }
  return history.slice(-most);
}

/** The losses of all closed steps, in order, `most` at a time; a step that the log lacks begins another piece. */
export async function* lossesOf(
  path: string,
  most: number,
): AsyncGenerator<{ firstStep: number; losses: number[] }> {
  let firstStep = 1;
  let losses: number[] = [];
  for await (const line of linesOf(path)) {
    const entry = line.includes(STEP_MARK) ? parsed(line) : null;
    if (entry?.event !== 'step') continue;
    if (losses.length === most || entry.step !== firstStep + losses.length) {
      if (losses.length > 0) yield { firstStep, losses };
      firstStep = entry.step;
      losses = [];
    }
    losses.push(entry.loss);
  }
  if (losses.length > 0) yield { firstStep, losses };
}

/** What `run show` tells of a run's past. */
export interface RunPast {
  readonly history: HistoryPoint[];
  readonly incidents: Incident[];
  /** Empty before any worker came. */
  readonly joiningProof: string;
  readonly notExactSince: number | null;
}

export async function pastOf(path: string): Promise<RunPast> {
  const history: HistoryPoint[] = [];
  const incidents: Incident[] = [];
  let joiningProof = '';
  let notExactSince: number | null = null;
  for await (const line of linesOf(path)) {
    const entry = line.includes(STEP_MARK) ? null : parsed(line);
    if (entry === null) continue;
    if (entry.event === 'evaluation') history.push(pointOf(entry));
    if (entry.event === 'started' || entry.event === 'went-back') notExactSince = entry.notExactSince;
    if (entry.event === 'joining-proof') joiningProof = entry.sha256;
    if (entry.event === 'not-exact') notExactSince ??= entry.atStep;
    incidents.push(...incidentsOf(entry));
    if (incidents.length > 2 * INCIDENTS_MAX) incidents.splice(0, INCIDENTS_MAX);
  }
  return {
    history: history.slice(-HISTORY_MAX),
    incidents: incidents.slice(-INCIDENTS_MAX),
    joiningProof,
    notExactSince,
  };
}

function pointOf({ atStep, epoch, loss, validationLoss, best }: LogEntryOf<'evaluation'>): HistoryPoint {
  return { step: atStep, epoch, loss, ...(validationLoss !== null && { validationLoss }), best };
}

/** What went otherwise than it should, as an incident for each worker that it concerns. */
function incidentsOf(entry: RunLogEntry): Incident[] {
  const incident = (kind: string, cause: string, worker = ''): Incident => ({
    time: entry.time,
    step: 'atStep' in entry ? entry.atStep : 0,
    kind,
    worker,
    cause,
  });
  switch (entry.event) {
    case 'worker-left':
      return entry.lost ? [incident('worker-lost', entry.reason, entry.worker)] : [];
    case 'started':
      return entry.checkpoint === null
        ? []
        : [incident('resumed', `${RESUMED_BY[entry.cause]}; it went on from ${entry.checkpoint}`)];
    case 'worker-parked':
    case 'not-exact':
      return [incident(entry.event, entry.message, entry.worker)];
    case 'issued-again':
      return entry.workers.length === 0
        ? [incident('issued-again', entry.cause)]
        : entry.workers.map((worker) => incident('issued-again', entry.cause, worker));
    case 'late':
      return [incident('late', entryText(entry), entry.worker)];
    case 'strike':
      return [incident('strike', entry.why, entry.worker)];
    case 'set-aside':
      return [incident('set-aside', entry.reason, entry.worker)];
    case 'second-word':
      if (entry.verdict !== 'unsettled') return [];
      return entry.workers.map((worker) => incident('differs', entryText(entry), worker));
    case 'length-changed':
      return [incident('length-changed', `${lengthOf(entry.from)} became ${lengthOf(entry.to)}`)];
    case 'went-back':
      return [incident('went-back', entryText(entry))];
    case 'held':
      return [incident('held', entry.reason)];
    case 'released':
      return [incident('released', 'the disk has room again')];
    case 'store-lost':
      return [incident('store-lost', entry.reason)];
    case 'store-back':
      return [incident('store-back', 'the store takes checkpoints again')];
    case 'checkpoint-passed-over':
      return [incident('checkpoint-passed-over', `${entry.name} is damaged: ${entry.reason}`)];
    case 'finished':
      return entry.outcome === 'failed' ? [incident('failed', entry.reason)] : [];
    case 'checkpoint':
    case 'evaluation':
    case 'ignored':
    case 'joining-proof':
    case 'listening':
    case 'notice':
    case 'sample':
    case 'step':
    case 'stored':
    case 'summary':
    case 'worker-joined':
      return [];
  }
}

const RESUMED_BY: Readonly<Record<StartCause, string>> = {
  begun: 'it began',
  resumed: 'an operator resumed it',
  'coordinator-restarted': 'the coordinator was started again',
};

function lengthOf({ steps, epochs }: LogEntryOf<'length-changed'>['to']): string {
  return steps === null ? counted(epochs, 'epoch') : counted(steps, 'step');
}
