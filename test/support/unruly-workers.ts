import { once } from 'node:events';
import {
  encodeContributionRange,
  type AssignMessage,
  type CoordinatorMessageReceived,
} from '@rocinante/wire';
import { LightWorker } from './light-worker.js';

/** Takes work once, and from then on reads and says nothing, while its connection stays and answers keep-alives. */
export class StallingWorker extends LightWorker {
  protected override received(message: CoordinatorMessageReceived): void {
    if (message.assign) this.stopReading();
    else super.received(message);
  }
}

/**
 * Works as it should, and beside it sends ranges that nobody granted and reports that nobody awaits, as fast as the
 * connection takes them, from its first work on until its session is over.
 */
export class FloodingWorker extends LightWorker {
  /** Messages that nobody wants. */
  sent = 0;
  #over = false;

  protected override received(message: CoordinatorMessageReceived): void {
    super.received(message);
    if (message.assign && this.sent === 0) void this.#flood(message.assign);
  }

  async #flood({ assignment, gridExponents }: AssignMessage): Promise<void> {
    void this.ended.then(() => (this.#over = true));
    const { layout } = this.light!;
    const [first] = layout.ranges;
    const range = encodeContributionRange(this.session, assignment, new Int32Array(layout.length), first);
    const magnitudes = Buffer.alloc(4 * gridExponents.length);
    while (!this.#over && this.light !== null) {
      this.sent += 2;
      this.send({ report: { assignment: assignment + 1_000_000, results: [], magnitudes, fits: true } });
      // An end of the session is an end of its streams, too.
      const room = this.contributions.write(range) ? null : once(this.contributions, 'drain');
      await Promise.race([room ?? new Promise(setImmediate), this.ended]);
    }
  }
}

/** Works as it should, and sends its metrics over and over, as fast as the connection takes them. */
export class TalkingWorker extends LightWorker {
  #over = false;
  #talks = false;

  protected override received(message: CoordinatorMessageReceived): void {
    super.received(message);
    if (message.assign && !this.#talks) void this.#talk();
  }

  async #talk(): Promise<void> {
    this.#talks = true;
    void this.ended.then(() => (this.#over = true));
    const text = '# nothing\n'.repeat(10_000);
    while (!this.#over) {
      this.send({ metrics: { text } });
      await new Promise(setImmediate);
    }
  }
}
