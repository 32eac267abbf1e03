import { setTimeout as pauseFor } from 'node:timers/promises';
import { emptyPoolText } from '../display/pool-text.js';
import { grouped } from '../display/quantities.js';
import type { RunDisplay } from '../display/run-display.js';
import { logEntrySchema, type RunLogEntry } from '../run/log/log-entries.js';
import type { Coordinator, ShownRun } from './coordinator.js';
import { ConnectionLostError, NoCoordinatorError } from './errors.js';
import { FreshEntries } from './fresh-entries.js';
import { LatestEvaluations } from './latest-evaluations.js';
import { QUEUE_PAUSE_MS, RECONNECT_LIMIT_MS, RECONNECT_PAUSE_MS } from './limits.js';
import { hasEnded, stateWord } from './run-state.js';

export interface WatchOptions {
  readonly display: RunDisplay;
  /** Ends the watching; the run goes on. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back, and a wait; a spec's are quicker. */
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * Shows a run until it ends. A connection that is lost is tried again for RECONNECT_LIMIT_MS, and what was shown already is
 * not shown twice.
 * @returns the run as it ended; null where the signal ended the watching.
 * @throws {NoCoordinatorError | ConnectionLostError} there was no coordinator, or none came back.
 * @throws {RefusedError} there is no such run, or it was removed.
 */
export async function watchRun(
  coordinator: Coordinator,
  run: string,
  options: WatchOptions,
): Promise<ShownRun | null> {
  const { display, signal, now = () => performance.now() } = options;
  const pause = options.pause ?? ((ms) => pauseFor(ms, undefined, { signal }).catch(() => undefined));
  const fresh = new FreshEntries();
  const told = new StateLines(display);
  let id: string | null = null;
  let watched = false;
  let lostAt: number | null = null;
  while (!signal.aborted) {
    try {
      const shown = await coordinator.show(id ?? run);
      if (lostAt !== null) {
        display.line('the coordinator is there again');
        display.stands('connected again');
      }
      lostAt = null;
      id = shown.summary.id;
      if (watched && hasEnded(shown.summary.state)) return shown;
      if (watched) await pause(QUEUE_PAUSE_MS);
      told.tell(shown);
      const { windowsPerSecond = null, secondsLeft = null } = shown.summary;
      display.knows({ windowsPerSecond, secondsLeft });
      const latest = new LatestEvaluations(shown.history);
      for await (const { json } of coordinator.watch(id, signal)) {
        const entry = parseEntry(json);
        if (!entry || !fresh.take(entry) || !latest.take(entry)) continue;
        const omitted = latest.takeOmitted();
        if (omitted > 0) {
          const what = omitted === 1 ? 'evaluation' : 'evaluations';
          display.line(`${grouped(omitted)} earlier ${what}: ./rocinante run show ${id} --all`);
        }
        display.entry(entry);
      }
      watched = true;
    } catch (error) {
      if (signal.aborted) break;
      const isLost = error instanceof ConnectionLostError || error instanceof NoCoordinatorError;
      if (!isLost || id === null) throw error;
      if (lostAt === null) {
        lostAt = now();
        display.line(`${error.message}; trying again for ${RECONNECT_LIMIT_MS / 1000} s`);
        display.stands('connection lost, reconnecting');
      } else if (now() - lostAt >= RECONNECT_LIMIT_MS) {
        throw error;
      }
      await pause(RECONNECT_PAUSE_MS);
    }
  }
  return null;
}

/** Says what a run that does not work waits for, once. */
class StateLines {
  readonly #display: RunDisplay;
  #last = '';

  constructor(display: RunDisplay) {
    this.#display = display;
  }

  tell({ summary, limits }: ShownRun): void {
    const line = waitingLine(summary, limits);
    if (line !== null && line !== this.#last) {
      this.#display.line(line);
      this.#display.stands(line);
    }
    this.#last = line ?? '';
  }
}

function waitingLine(summary: ShownRun['summary'], limits: ShownRun['limits']): string | null {
  const state = stateLine(summary, limits);
  return state && [state, emptyPoolText(summary) ?? []].flat().join('; ');
}

function stateLine(
  { state, queuePosition, pool, reason, workers }: ShownRun['summary'],
  { minWorkers }: ShownRun['limits'],
): string | null {
  const why = reason === '' ? '' : `: ${reason}`;
  const word = stateWord(state);
  if (word === 'queued') return `queued in pool ${pool}, position ${queuePosition}${why}`;
  if (word === 'held') return `held${why}`;
  if (word !== 'waiting') return null;
  return why === '' ? `waiting for workers: ${workers} of ${Math.max(1, minWorkers)} there` : `waiting${why}`;
}

/** An entry of this release's kinds; null for another one's, or for what is no entry. */
function parseEntry(json: string): RunLogEntry | null {
  try {
    return logEntrySchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
