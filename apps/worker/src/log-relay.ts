import { LineQueue } from '@rocinante/log';
import { limits } from '@rocinante/wire';

/** Lines that may wait for the next message, and their bytes: four messages' worth. */
const WAITING = { linesMax: 4 * limits.LOG_LINES_MAX, bytesMax: 4 * limits.LOG_LINES_BYTES_MAX };
const MESSAGE = { linesMax: limits.LOG_LINES_MAX, bytesMax: limits.LOG_LINES_BYTES_MAX };

/**
 * Sends the lines of this worker's log about its run to the coordinator, every LOG_LINES_INTERVAL_MS. What does not fit the
 * limits is dropped, and a line says how many.
 */
export class LogRelay {
  readonly #queue = new LineQueue(WAITING);
  #run: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** Takes every line of the log; keeps those of the attached run. */
  readonly take = (line: string): void => {
    if (this.#run !== null && (JSON.parse(line) as { run?: unknown }).run === this.#run)
      this.#queue.push(line);
  };

  /** From now on the run's lines go to `send`, in order. */
  attach(run: string, send: (lines: string[]) => void): void {
    this.detach();
    this.#run = run;
    this.#timer = setInterval(() => this.#flush(run, send), limits.LOG_LINES_INTERVAL_MS).unref();
  }

  /** The run is over: what waits is forgotten, since a message does not say of which run it is. */
  detach(): void {
    this.#run = null;
    if (this.#timer) clearInterval(this.#timer);
    this.#queue.clear();
  }

  #flush(run: string, send: (lines: string[]) => void): void {
    const lines = this.#queue.take(MESSAGE);
    const dropped = this.#queue.takeDropped();
    if (dropped > 0) {
      // What was just taken has left room for it.
      const msg = `${dropped} lines of this worker's log were not sent`;
      this.#queue.push(JSON.stringify({ level: 'warn', time: new Date().toISOString(), run, msg }));
    }
    if (lines.length > 0) send(lines);
  }
}
