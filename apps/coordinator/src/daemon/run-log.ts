import { join } from 'node:path';
import { foreignLine, LineFile } from '@rocinante/log';
import type { RunLogEntry } from '../run/log-entries.js';
import type { RunObserver } from '../run/run-observer.js';
import type { Session } from '../service/session.js';
import { linesOf } from './file-lines.js';

/** A run's log grows to this, and then no more. */
export const LOG_BYTES_MAX = 64 << 20;

/** Where a run's log is, in the run's directory. */
export function runLogPath(directory: string): string {
  return join(directory, 'log.jsonl');
}

/**
 * `log.jsonl`: lines about a run for people, one JSON object each: `time`, `level`, `msg`, and `worker` where a worker said
 * it. Not the event log: it may lose lines, on a full disk for one, and nothing is read out of it.
 */
export class RunLog implements RunObserver {
  /** Told of each line that is kept. */
  onLine: (line: string) => void = () => {};
  readonly #run: string;
  readonly #file: LineFile;

  /**
   * @param run its id.
   * @param onFailure told once where the file cannot be written any more.
   * @throws Node's error where it cannot be opened.
   */
  constructor(run: string, directory: string, onFailure: (error: Error) => void) {
    this.#run = run;
    this.#file = new LineFile(runLogPath(directory), { bytesMax: LOG_BYTES_MAX, onFailure });
  }

  /** Lines that a worker sent of its own log; whose they are is put in here, whatever the line says. */
  logged(session: Session, lines: readonly string[]): void {
    for (const line of lines) {
      const kept = foreignLine(line, { run: this.#run, worker: session.name });
      if (kept !== null) this.#append(kept);
    }
  }

  /** What the event log says, but for single steps. */
  entry(entry: RunLogEntry): void {
    if (entry.event === 'step' || entry.event === 'ignored') return;
    const { time, event, ...fields } = entry;
    const level = event === 'finished' && entry.outcome === 'failed' ? 'error' : 'info';
    this.#append(JSON.stringify({ level, time, msg: event, ...fields }));
  }

  close(): void {
    this.#file.close();
  }

  #append(line: string): void {
    this.#file.append(line);
    this.onLine(line);
  }
}

/**
 * The lines of a run's log, from the first; none where it has no log yet. What a full disk cut is left out.
 * @param worker whose lines are wanted; empty for all.
 */
export async function* runLogLines(directory: string, worker = ''): AsyncGenerator<string> {
  for await (const line of linesOf(runLogPath(directory))) if (isLineOf(worker, line)) yield line;
}

/** Whether this is a whole line, and of that worker; of an empty name every line is. */
export function isLineOf(worker: string, line: string): boolean {
  try {
    const entry = JSON.parse(line) as { readonly worker?: unknown };
    return worker === '' || entry.worker === worker;
  } catch {
    return false;
  }
}
