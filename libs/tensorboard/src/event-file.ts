import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { scalarEvent, startEvent, versionEvent, type Scalar } from './event.js';
import { record } from './record.js';

export type { Scalar } from './event.js';

const FILE_NAME = /^events\.out\.tfevents\.(\d{10})\./;

/**
 * One file of events in a folder of TensorBoard's. Each call appends, and its event is in the file when it returns.
 *
 * Errors are Node's own: the folder cannot be made, or the disk does not take it.
 */
export class EventFile {
  readonly path: string;
  readonly #now: () => number;

  /**
   * Makes the folder where it is missing, and a file whose name sorts behind those that are there: TensorBoard reads them in
   * this order.
   * @param firstStep the first step that will be written, where others were written before: 1 for a run that begins. What
   *   earlier files say of it, and of later ones, does not count any more.
   * @param now milliseconds since 1970.
   */
  constructor(folder: string, firstStep: number, now: () => number = Date.now) {
    this.#now = now;
    mkdirSync(folder, { recursive: true });
    const seconds = Math.max(Math.floor(now() / 1000), lastSeconds(folder) + 1);
    const host = hostname().replace(/[^\w.-]/g, '-');
    this.path = join(
      folder,
      `events.out.tfevents.${String(seconds).padStart(10, '0')}.${host}.${process.pid}`,
    );
    this.#append(versionEvent(this.#seconds));
    this.restart(firstStep);
  }

  /** Numbers of one step. */
  scalars(step: number, scalars: readonly Scalar[]): void {
    this.#append(scalarEvent(this.#seconds, step, scalars));
  }

  /** What was said of this step and of later ones does not count any more: they are taken again. */
  restart(step: number): void {
    this.#append(startEvent(this.#seconds, step));
  }

  get #seconds(): number {
    return this.#now() / 1000;
  }

  #append(event: Uint8Array): void {
    appendFileSync(this.path, record(event));
  }
}

/** The time in the name of the newest file; 0 where there is none. */
function lastSeconds(folder: string): number {
  return Math.max(0, ...readdirSync(folder).map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0)));
}
