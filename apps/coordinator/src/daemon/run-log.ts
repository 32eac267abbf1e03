import { join } from 'node:path';
import { foreignLine, LineFile } from '@rocinante/log';
import { entryText } from '../display/entry-text.js';
import { counted } from '../display/quantities.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import type { RunObserver } from '../run/run-observer.js';
import type { Session } from '../service/session.js';
import { linesOf } from '../run/log/file-lines.js';

/** A run's log grows to this, and then no more. */
export const LOG_BYTES_MAX = 64 << 20;

/** Where a run's log is, in the run's directory. */
export function runLogPath(directory: string): string {
  return join(directory, 'log.jsonl');
}

/**
 * `log.jsonl`: lines about a run for people, one JSON object each: `level`, `time`, `run`, `msg`, `step` where it is known (steps
 * closed by then), and `worker` where a worker said it or it is about one. A line of the event log has its `event` and fields.
 * Lines stand as they came: workers send theirs once a second, and after a lost connection when they are back, each with its
 * own machine's time, so times do not only grow.
 * Not the event log: it may lose lines, on a full disk for one, and nothing is read out of it.
 */
export class RunLog implements RunObserver {
  /** Told of each line that is kept. */
  onLine: (line: string) => void = () => {};
  readonly #run: string;
  readonly #file: LineFile;

  /**
   * @param run its id.
   * @param onFailure told once where lines cannot be written; the next ones are tried again.
   * @throws Node's error where it cannot be opened.
   */
  constructor(run: string, directory: string, onFailure: (error: Error) => void) {
    this.#run = run;
    this.#file = new LineFile(runLogPath(directory), { bytesMax: LOG_BYTES_MAX, onFailure });
  }

  /** Lines that a worker sent of its own log; whose they are is put in here, whatever the line says. */
  logged(session: Session, lines: readonly string[]): void {
    const known = { run: this.#run, worker: session.name };
    const kept = lines.map((line) => foreignLine(line, known)).filter((line) => line !== null);
    for (const line of kept) this.#append(line);
    const refused = lines.length - kept.length;
    if (refused === 0) return;
    const msg = `it sent ${counted(refused, 'line')} that cannot be kept: no JSON of a log`;
    this.#append(JSON.stringify({ level: 'warn', time: new Date().toISOString(), ...known, msg }));
  }

  /** What the event log says, but for single steps. */
  entry(entry: RunLogEntry): void {
    if (entry.event === 'step' || entry.event === 'ignored') return;
    const { time, event, atStep, ...fields } = entry;
    const about = { level: levelOf(entry), time, run: this.#run, step: atStep, event, msg: entryText(entry) };
    this.#append(JSON.stringify({ ...about, ...fields }));
  }

  close(): void {
    this.#file.close();
  }

  #append(line: string): void {
    this.#file.append(line);
    this.onLine(line);
  }
}

/** Entries that an operator should see among the others. */
const WARNINGS: ReadonlySet<RunLogEntry['event']> = new Set([
  'checkpoint-passed-over',
  'held',
  'not-exact',
  'set-aside',
  'store-lost',
  'strike',
  'went-back',
  'worker-parked',
]);

function levelOf(entry: RunLogEntry): 'info' | 'warn' | 'error' {
  if (entry.event === 'finished') return entry.outcome === 'failed' ? 'error' : 'info';
  if (entry.event === 'worker-left') return entry.lost ? 'warn' : 'info';
  if (entry.event === 'second-word') return entry.verdict === 'unsettled' ? 'warn' : 'info';
  return WARNINGS.has(entry.event) ? 'warn' : 'info';
}

/**
 * The lines of a run's log, from the first; none where it has no log yet. What a full disk cut is left out.
 * @param worker whose lines are wanted; empty for all.
 * @param isGone whether nobody wants more: asked at each line of the file, for a log is long and may have none of the worker's.
 */
export async function* runLogLines(
  directory: string,
  worker = '',
  isGone = (): boolean => false,
): AsyncGenerator<string> {
  for await (const line of linesOf(runLogPath(directory))) {
    if (isGone()) return;
    if (isLineOf(worker, line)) yield line;
  }
}

/** Whether this is a whole line, and that worker's or about it; of an empty name every line is. */
export function isLineOf(worker: string, line: string): boolean {
  try {
    const entry = JSON.parse(line) as { readonly worker?: unknown; readonly workers?: unknown };
    if (worker === '' || entry.worker === worker) return true;
    return Array.isArray(entry.workers) && entry.workers.includes(worker);
  } catch {
    return false;
  }
}
