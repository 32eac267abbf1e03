/** What an operator follows: first what has been, then what comes, without a gap and nothing twice. */
import type { LogEntry } from '@rocinante/wire';
import { RunDirectory } from '../run/run-directory.js';
import type { EntryHub, RunFollower } from './entry-hub.js';
import { opening } from './entry-reader.js';
import { lastLines } from './last-lines.js';
import type { Outlet } from './outlet.js';
import { isLineOf, runLogLines } from './run-log.js';
import type { RunStore, StoredRun } from './run-store.js';

export interface StreamParts {
  readonly store: RunStore;
  readonly hub: EntryHub;
}

/**
 * Tells a run's event log from where a watcher begins, until the run ends. One that has ended is told to its end.
 * @throws {RunStoreError} there is no such run.
 */
export function tellEntries(parts: StreamParts, outlet: Outlet<LogEntry>, reference: string): Promise<void> {
  const run = parts.store.find(reference);
  const { eventsPath } = new RunDirectory(parts.store.directory(run.id));
  const entries = async function* (): AsyncGenerator<LogEntry> {
    for (const entry of await opening(eventsPath, run.stepsTotal)) yield { json: JSON.stringify(entry) };
  };
  const follower = { entry: (entry: unknown): void => outlet.queue({ json: JSON.stringify(entry) }) };
  return tell(parts.hub, outlet, run, entries(), goesOn(run) ? follower : null);
}

/**
 * Tells a run's log.
 * @param worker whose lines are wanted; empty for all.
 * @param follow whether to go on with lines as they come, until the run ends.
 * @param tail how many of the lines that are there, the last ones; 0 for all.
 * @throws {RunStoreError} there is no such run.
 */
export function tellLines(
  parts: StreamParts,
  outlet: Outlet<LogEntry>,
  {
    run: reference,
    worker,
    follow,
    tail,
  }: { readonly run: string; readonly worker: string; readonly follow: boolean; readonly tail: number },
): Promise<void> {
  const run = parts.store.find(reference);
  const isGone = (): boolean => outlet.isGone;
  const lines = entriesOf(runLogLines(parts.store.directory(run.id), worker, isGone), tail);
  const follower = {
    line: (json: string): void => {
      if (isLineOf(worker, json)) outlet.queue({ json });
    },
  };
  return tell(parts.hub, outlet, run, lines, follow && goesOn(run) ? follower : null);
}

/** Lines as entries: all, or the last of them behind how many there are before. */
async function* entriesOf(lines: AsyncIterable<string>, tail: number): AsyncGenerator<LogEntry> {
  if (tail === 0) {
    for await (const json of lines) yield { json };
    return;
  }
  const { last, skipped } = await lastLines(lines, tail);
  for (const [index, json] of last.entries()) yield index === 0 ? { json, skipped } : { json };
}

/** Whether more is to come. */
function goesOn({ state }: StoredRun): boolean {
  return state === 'active' || state === 'queued';
}

/** The follower is there before the file's end is taken, in the same turn: see `linesOf`. */
async function tell(
  hub: EntryHub,
  outlet: Outlet<LogEntry>,
  { id }: StoredRun,
  past: AsyncIterable<LogEntry>,
  follower: Omit<RunFollower, 'ended'> | null,
): Promise<void> {
  const unfollow = follower && hub.follow(id, { ...follower, ended: () => outlet.end() });
  try {
    for await (const entry of past) {
      if (outlet.isGone) return;
      await outlet.send(entry);
    }
    if (follower) await outlet.drained();
  } finally {
    unfollow?.();
  }
}
