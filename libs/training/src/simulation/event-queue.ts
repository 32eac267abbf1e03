/** Things that will happen in a simulation, by time, and in the order of scheduling where times are even. */
export class EventQueue {
  readonly #heap: { readonly time: number; readonly order: number; readonly happen: () => void }[] = [];
  #order = 0;
  #now = 0;

  /** The time of what happened last, in milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** @param delay milliseconds from now. */
  schedule(delay: number, happen: () => void): void {
    const heap = this.#heap;
    const entry = { time: this.#now + delay, order: (this.#order += 1), happen };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Lets the next thing happen; false where nothing is left. */
  step(): boolean {
    const heap = this.#heap;
    if (heap.length === 0) return false;
    this.#swap(0, heap.length - 1);
    const { time, happen } = heap.pop()!;
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && this.#before(child, least)) least = child;
      }
      if (least === index) break;
      this.#swap(index, least);
      index = least;
    }
    this.#now = time;
    happen();
    return true;
  }

  #before(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    return first.time < second.time || (first.time === second.time && first.order < second.order);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b], this.#heap[a]];
  }
}
