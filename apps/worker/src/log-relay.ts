import { LineQueue } from '@rocinante/log';
import { limits } from '@rocinante/wire';

/** Lines that may wait for the next message, and their bytes: four messages' worth. */
const WAITING = { linesMax: 4 * limits.LOG_LINES_MAX, bytesMax: 4 * limits.LOG_LINES_BYTES_MAX };
const MESSAGE = { linesMax: limits.LOG_LINES_MAX, bytesMax: limits.LOG_LINES_BYTES_MAX };

/** Sends lines to the coordinator; `last` says that no more come of this activation of the run. */
export type SendLines = (lines: string[], last: boolean) => void;

/**
 * Sends the lines of this worker's log about its run to the coordinator, every LOG_LINES_INTERVAL_MS and at the run's end.
 * What does not fit the limits is dropped, and a line says how many.
 */
export class LogRelay {
  readonly #queue = new LineQueue(WAITING);
  /** Whose lines are kept; a session that is lost keeps them for the next one, where the run goes on. */
  #run: string | null = null;
  #send: SendLines | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** Takes every line of the log; keeps those of the run. */
  readonly take = (line: string): void => {
    if (this.#run !== null && (JSON.parse(line) as { run?: unknown }).run === this.#run)
      this.#queue.push(line);
  };

  /** From now on the run's lines go to `send`, in order; those that wait since a session of this run was lost go first. */
  attach(run: string, send: SendLines): void {
    this.detach();
    if (run !== this.#run) this.#queue.clear();
    this.#run = run;
    this.#send = send;
    this.#timer = setInterval(() => this.#sendNext(), limits.LOG_LINES_INTERVAL_MS).unref();
  }

  /** The run is over, or this worker leaves it: what waits is sent. */
  end(): void {
    while (this.#sendNext()) {
      // One message after another.
    }
    this.#send?.([], true);
    this.detach();
    this.#run = null;
  }

  /** The session is lost: what waits, waits on. */
  detach(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#send = null;
  }

  /** @returns whether there was something to send. */
  #sendNext(): boolean {
    const lines = this.#queue.take(MESSAGE);
    const dropped = this.#queue.takeDropped();
    if (dropped > 0) {
      // What was just taken has left room for it.
      const msg = `lines of this worker's log that were not sent: ${dropped}`;
      const time = new Date().toISOString();
      this.#queue.push(JSON.stringify({ level: 'warn', time, run: this.#run, msg }));
    }
    if (lines.length > 0) this.#send?.(lines, false);
    return lines.length > 0 || dropped > 0;
  }
}
