import type { RandomStream } from '@rocinante/base';
import type { EventQueue } from './event-queue.js';
import type { Payload, SimulatedMessage } from './simulated-surroundings.js';
import type { SimulatedWorker, Upward } from './simulated-worker.js';

/** Where messages arrive, and whose session is still there. */
export interface SimulatedEnds {
  readonly worker: (id: string) => SimulatedWorker | undefined;
  /** Hands what arrives over to the coordinator. */
  readonly deliver: (event: Upward, payload: Payload) => void;
}

/** The way between coordinator and workers: it takes time, keeps each stream's order, and brings some messages twice. */
export class SimulatedNetwork {
  readonly #queue: EventQueue;
  readonly #random: RandomStream;
  readonly #duplicates: number;
  readonly #ends: SimulatedEnds;
  /** When the last message sent down to a worker arrives. */
  readonly #downAt = new Map<string, number>();

  /** @param duplicates the share of messages up that come a second time. */
  constructor(queue: EventQueue, random: RandomStream, duplicates: number, ends: SimulatedEnds) {
    this.#queue = queue;
    this.#random = random;
    this.#duplicates = duplicates;
    this.#ends = ends;
  }

  down(id: string, message: SimulatedMessage): void {
    const worker = this.#ends.worker(id);
    if (!worker) return;
    const at = Math.max(this.#downAt.get(id) ?? 0, this.#queue.now + this.#between(1, 40));
    this.#downAt.set(id, at);
    this.#queue.schedule(at - this.#queue.now, () => worker.receive(message));
  }

  /** A worker's way up. @param worker asked when something is sent: it is not made yet when its way is. */
  upOf(
    worker: () => SimulatedWorker,
  ): (stream: 'control' | 'ranges', event: Upward, payload: Payload) => void {
    const lastAt = { control: 0, ranges: 0 };
    return (stream, event, payload) => {
      lastAt[stream] = Math.max(lastAt[stream], this.#queue.now + this.#between(1, 60));
      this.#up(event, payload, lastAt[stream] - this.#queue.now, worker());
    };
  }

  #up(event: Upward, payload: Payload, delay: number, worker: SimulatedWorker): void {
    this.#queue.schedule(delay, () => {
      // Of a session that is over little arrives: that is the later duplicate's part.
      if (this.#ends.worker(worker.id) === worker || this.#random.uniform() < 0.2)
        this.#ends.deliver(event, payload);
    });
    if (this.#random.uniform() < this.#duplicates) {
      this.#queue.schedule(delay + this.#between(0, 1500), () => this.#ends.deliver(event, payload));
    }
  }

  #between(least: number, most: number): number {
    return least + this.#random.uniform() * (most - least);
  }
}
