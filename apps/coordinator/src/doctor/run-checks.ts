import type { Coordinator, ShownRun } from '../client/coordinator.js';
import { stateWord } from '../client/run-state.js';
import { counted, duration } from '../display/quantities.js';
import { logEntrySchema, type LogEntryOf } from '../run/log/log-entries.js';
import { ok, problem, warning, type Finding } from './finding.js';
import { ENTRIES_WAIT_MS, LOSSES_AGE_MS, RUNS_MAX, STUCK_FACTOR, STUCK_LEAST_MS } from './limits.js';

const ACTIVE = ['waiting', 'running', 'held', 'stopping'];

/** Runs that are active, held, waiting or stuck, and their workers. */
export async function runsFindings(coordinator: Coordinator): Promise<Finding[]> {
  const { runs } = await coordinator.list();
  const active = runs.filter(({ state }) => ACTIVE.includes(stateWord(state)));
  const queued = runs.filter(({ state }) => stateWord(state) === 'queued').length;
  const found = `${active.length} active, ${queued} queued, ${runs.length - active.length - queued} ended`;
  const findings = [ok('runs', 'they can be listed', found)];
  for (const { id } of active.slice(0, RUNS_MAX)) {
    const shown = await coordinator.show(id);
    findings.push(...runFindings(shown, await lastStep(coordinator, id), new Date()));
  }
  if (active.length > RUNS_MAX) {
    findings.push(
      warning('runs', `at most ${RUNS_MAX} active`, `${active.length}`, 'the others were not looked at'),
    );
  }
  return findings;
}

/** What is to be said of one active run. @param last null where no step was heard of. */
export function runFindings(shown: ShownRun, last: LogEntryOf<'step'> | null, now: Date): Finding[] {
  const { summary, idleWorkers, incidents, boundBy } = shown;
  const { id, reason, workers, step } = summary;
  return [
    stateFinding(summary, last, now),
    ...idleWorkers
      .filter(({ standing }) => standing !== 'preparing')
      .map(({ name, standing, reason: why }) =>
        warning(
          `worker ${name} in ${id}`,
          'it works',
          `${standing}: ${why}`,
          IDLE_ADVICE[standing] ?? 'see its log',
        ),
      ),
    ...lossFindings(id, incidents, now),
    ...(boundBy.startsWith('worker ')
      ? [
          warning(
            `speed of ${id}`,
            'bound by computing',
            `each step waits for ${boundBy}`,
            'look at that machine: other programs, fewer threads, a slow link',
          ),
        ]
      : []),
    ...(stateWord(summary.state) === 'running' && workers === 0
      ? [
          problem(
            `workers of ${id}`,
            'at least one',
            'none',
            `start workers; it is at step ${step} ${reason}`,
          ),
        ]
      : []),
  ];
}

const IDLE_ADVICE: Readonly<Record<string, string>> = {
  parked: 'use machines of one kind, or resume the run with --exact off',
  refused: 'see what it lacks in its log',
  'set-aside': 'its machine computed what is wrong: test its memory and processor before it joins again',
};

function stateFinding(
  { id, state, reason, step, stepsTotal }: ShownRun['summary'],
  last: LogEntryOf<'step'> | null,
  now: Date,
): Finding {
  const check = `run ${id}`;
  const expected = 'it takes steps';
  const word = stateWord(state);
  const at = `step ${step} of ${stepsTotal || 'an unknown number'}`;
  if (word === 'held')
    return problem(check, expected, `held at ${at}: ${reason}`, 'make room on the coordinator’s disk');
  if (word === 'waiting') {
    const advice = 'start workers of its pool, or see below why those that are there get no work';
    return problem(check, expected, `waiting at ${at}: ${reason || 'for workers'}`, advice);
  }
  if (word === 'running' && last !== null) {
    const silentMs = now.getTime() - Date.parse(last.time);
    const patienceMs = Math.max(STUCK_LEAST_MS, STUCK_FACTOR * 1000 * last.seconds);
    if (silentMs > patienceMs) {
      const found = `no step for ${duration(silentMs / 1000)} at ${at}; the last took ${last.seconds.toFixed(1)} s`;
      return problem(
        check,
        expected,
        found,
        `./rocinante run logs ${id}; a worker may hang inside its engine`,
      );
    }
  }
  return ok(check, expected, `${word} at ${at}`);
}

function lossFindings(id: string, incidents: ShownRun['incidents'], now: Date): Finding[] {
  const lost = incidents.filter(
    ({ kind, time }) => kind === 'worker-lost' && now.getTime() - Date.parse(time) < LOSSES_AGE_MS,
  );
  if (lost.length === 0) return [];
  const names = [...new Set(lost.map(({ worker }) => worker))];
  const found = `${counted(lost.length, 'loss', 'losses')} in the last hour: ${names.slice(0, 8).join(', ')}; the last: ${lost.at(-1)!.cause}`;
  const advice = 'look at these machines’ logs, memory and network';
  return [warning(`lost workers of ${id}`, 'none', found, advice)];
}

/** A watcher is told the last step first; what comes while it is waited for is newer. */
async function lastStep(coordinator: Coordinator, run: string): Promise<LogEntryOf<'step'> | null> {
  let last: LogEntryOf<'step'> | null = null;
  const signal = AbortSignal.timeout(ENTRIES_WAIT_MS);
  try {
    for await (const { json } of coordinator.watch(run, signal)) {
      const entry = logEntrySchema.safeParse(JSON.parse(json)).data;
      if (entry?.event === 'step') last = entry;
      // Entries follow each other without a pause until the present is reached.
      if (last !== null && Date.now() - Date.parse(last.time) < STUCK_LEAST_MS) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return last;
}
