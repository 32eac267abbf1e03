/** What a page is told of a run's past: all of it, thinned, or what came after what it has. */
import { createHash } from 'node:crypto';
import type { RatePoint } from '@rocinante/run-json';
import { linesOf } from '../run/log/file-lines.js';
import { REPEATED } from '../run/log/kept-lines.js';
import { entryText } from '../display/entry-text.js';
import { logEntrySchema, type LogEntryOf, type RunLogEntry } from '../run/log/log-entries.js';
import { CURVE_POINTS_MAX, MISSED_ENTRIES_MAX, TOLD_ENTRIES_MAX } from './page-limits.js';
import { ThinnedCurve } from './thinned-curve.js';

const STEP_MARK = '"event":"step"';

/** An entry of a run's log, and what it says to a person; null for single steps and what came too late to count. */
export interface ToldEntry {
  readonly entry: RunLogEntry;
  readonly text: string | null;
  /** Whether the log loses it where the run goes on from an earlier step: it is told again then. */
  readonly repeats: boolean;
  /** Whether it is of what goes by itself: who looks for what does not leaves it out. */
  readonly usual: boolean;
}

/** They come all the time, and would push out of the page what matters. */
const USUAL: ReadonlySet<RunLogEntry['event']> = new Set([
  'checkpoint',
  'evaluation',
  'ignored',
  'issued-again',
  'late',
  'step',
  'stored',
]);

/** All of a run's past that a page shows which has seen nothing of it. */
export interface RunOpening {
  readonly started: LogEntryOf<'started'> | null;
  readonly curve: readonly RatePoint[];
  /** The last ones that are worth a line, in order: of what is usual, and of what is not. */
  readonly told: readonly ToldEntry[];
  /** The last sample of text. */
  readonly sample: string | null;
  /** The last entry's, empty where there is none. */
  readonly id: string;
}

/** Entries after the one that a page has; `id` is the last one's. */
export interface MissedEntries {
  readonly missed: readonly { readonly told: ToldEntry; readonly id: string }[];
}

/** An entry's name for a page that comes back: the run's, and a digest of its line, since lines move when a run goes back. */
export function entryId(run: string, line: string): string {
  return `${run}:${createHash('sha256').update(line).digest('hex').slice(0, 20)}`;
}

/** An entry with its line for a person. */
export function toldEntry(entry: RunLogEntry): ToldEntry {
  const isSilent = entry.event === 'step' || entry.event === 'ignored';
  const text = isSilent ? null : entryText(entry);
  return { entry, text, repeats: REPEATED.has(entry.event), usual: isUsual(entry) };
}

function isUsual(entry: RunLogEntry): boolean {
  return USUAL.has(entry.event) || (entry.event === 'second-word' && entry.verdict === 'stands');
}

/** The last entries that are worth a line: so many of what is usual, and so many of what is not. */
class LastTold {
  #told: ToldEntry[] = [];

  add(told: ToldEntry): void {
    this.#told.push(told);
    if (this.#told.length > 4 * TOLD_ENTRIES_MAX) this.#told = this.last;
  }

  get last(): ToldEntry[] {
    const room = [TOLD_ENTRIES_MAX, TOLD_ENTRIES_MAX];
    const kept = [...this.#told].reverse().filter(({ usual }) => room[Number(usual)]-- > 0);
    return kept.reverse();
  }
}

/**
 * Reads a run's log, as it is at the call: see `linesOf`.
 * @param after the entry that the page has seen last; null for none. Where it is not there any more, since the run went back
 *   behind it, or too much came after it, the page begins anew.
 */
export async function readOpening(
  run: string,
  path: string,
  after: string | null,
): Promise<RunOpening | MissedEntries> {
  const curve = new ThinnedCurve(CURVE_POINTS_MAX);
  const told = new LastTold();
  let started: LogEntryOf<'started'> | null = null;
  let sample: string | null = null;
  let last = '';
  let missed: { told: ToldEntry; id: string }[] | null = null;
  for await (const line of linesOf(path)) {
    const entry = parsed(line);
    if (entry === null) continue;
    last = line;
    if (after !== null) {
      const id = entryId(run, line);
      if (id === after) missed = [];
      else missed?.push({ told: toldEntry(entry), id });
      if (missed && missed.length > MISSED_ENTRIES_MAX) [missed, after] = [null, null];
    }
    if (entry.event === 'step') curve.add(entry);
    else if (entry.event === 'started') started = entry;
    else if (entry.event === 'sample') sample = entry.text;
    const said = toldEntry(entry);
    if (said.text !== null) told.add(said);
  }
  if (missed) return { missed };
  return {
    started,
    curve: curve.points,
    told: told.last,
    sample,
    id: last === '' ? '' : entryId(run, last),
  };
}

/** Null for an entry of another release, and for a line that was cut. Steps are most of a log, and are not checked whole. */
function parsed(line: string): RunLogEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    if (line.includes(STEP_MARK)) {
      const { event, step, loss } = value as LogEntryOf<'step'>;
      if (event === 'step' && typeof step === 'number' && typeof loss === 'number') {
        return value as LogEntryOf<'step'>;
      }
    }
    return logEntrySchema.parse(value);
  } catch {
    return null;
  }
}
