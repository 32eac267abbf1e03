import type { SampleResultMessage } from '@rocinante/wire';
import { RocinanteError } from '@rocinante/base';
import type { ParameterFeed } from '../service/parameter-feed.js';
import type { TrainingService } from '../service/training-service.js';

export interface SampleOrder {
  readonly prompt: readonly number[];
  /** Symbols to draw. */
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
}

/** Samples are drawn by a worker: a coordinator may have no engine. */
export class SampleDesk {
  readonly #feed: ParameterFeed;
  readonly #open = new Map<number, (result: SampleResultMessage) => void>();
  #requests = 0;

  constructor(feed: ParameterFeed) {
    this.#feed = feed;
  }

  /**
   * Symbols drawn after a prompt, from the last closed parameters.
   * @throws {RocinanteError} NO_WORKER: none is there. SAMPLE_FAILED: the worker refused, or said nothing in time.
   */
  async draw(service: TrainingService, order: SampleOrder, timeoutMs: number): Promise<number[]> {
    const worker = service.workers[0];
    if (!worker) throw new RocinanteError('NO_WORKER', 1, 'no sample: no worker is there to draw it');
    const request = ++this.#requests;
    const parametersVersion = this.#feed.closedVersion;
    const result = await new Promise<SampleResultMessage | null>((resolve) => {
      this.#open.set(request, resolve);
      setTimeout(() => resolve(null), timeoutMs).unref();
      worker.send({ sampleRequest: { request, parametersVersion, ...order, prompt: [...order.prompt] } });
      worker.downlink.need(parametersVersion);
    });
    this.#open.delete(request);
    if (result === null || result.error) {
      const why = result ? result.error : `worker ${worker.name} said nothing within ${timeoutMs / 1000} s`;
      throw new RocinanteError('SAMPLE_FAILED', 1, `no sample: ${why}`);
    }
    return result.symbols;
  }

  answered(result: SampleResultMessage): void {
    this.#open.get(result.request)?.(result);
  }
}
