import type { CardReading } from '@rocinante/engine';
import type { Logger } from '@rocinante/log';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import { CardWatch } from './card-watch.js';
import { XidWatch } from './xid-watch.js';

/** What is told of the card that this worker was given, in its metrics: what nvidia-smi tells, and the driver's errors. */
export class OwnCard {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: Logger;
  readonly #metrics: WorkerMetrics;
  readonly #watch: CardWatch;
  #xids: XidWatch | null = null;

  constructor(environment: NodeJS.ProcessEnv, log: Logger, metrics: WorkerMetrics) {
    this.#environment = environment;
    this.#log = log;
    this.#metrics = metrics;
    this.#watch = new CardWatch({ environment, log, tell: (card) => this.#told(card) });
  }

  /** @param expected whether it computes on the card, so that it is worth a line where nobody tells of it. */
  start(expected: boolean): void {
    this.#watch.start(expected);
  }

  stop(): void {
    this.#watch.stop();
    this.#xids?.stop();
  }

  #told(card: CardReading | null): void {
    this.#metrics.card(card);
    if (card === null || card.busId === '') return;
    // From the first reading on: it says where on the bus the card is, by which the driver names it.
    this.#xids ??= new XidWatch({
      environment: this.#environment,
      busId: card.busId,
      log: this.#log,
      tell: (errors) => this.#metrics.cardXidErrors(card, errors),
    });
  }
}
