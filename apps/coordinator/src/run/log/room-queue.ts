import { isDiskFull } from '../disk-space.js';

/** What a full disk has not taken waits: so many things at most. Who leaves and joins meanwhile is some 200 bytes. */
export const WAITING_MAX = 10_000;

/** Writes one thing after another, in their order; what a full disk does not take waits until it does. */
export class RoomQueue<Item> {
  readonly #write: (item: Item) => void;
  #waiting: Item[] = [];

  /** @param write writes one whole, or throws and has written nothing of it. */
  constructor(write: (item: Item) => void) {
    this.#write = write;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * @returns null where it is written; else it waits, and this is the disk's error.
   * @throws what `write` does where the disk is not full; and where as many wait as may. The item is lost.
   */
  push(item: Item): Error | null {
    const hindrance = this.flush() ?? this.#try(item);
    if (hindrance === null) return null;
    if (this.#waiting.length >= WAITING_MAX) throw hindrance;
    this.#waiting.push(item);
    return hindrance;
  }

  /**
   * Writes what waits.
   * @returns null where nothing waits any more, else the disk's error.
   * @throws what `write` does where the disk is not full; what waits is lost.
   */
  flush(): Error | null {
    let count = 0;
    let hindrance: Error | null = null;
    while (count < this.#waiting.length && hindrance === null) {
      hindrance = this.#try(this.#waiting[count]);
      if (hindrance === null) count += 1;
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
    return hindrance;
  }

  #try(item: Item): Error | null {
    try {
      this.#write(item);
      return null;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      return error as Error;
    }
  }
}
