import { RocinanteError } from '@rocinante/base';
import type { SampleResultMessage } from '@rocinante/wire';
import type { ParameterFeed } from '../service/parameter-feed.js';
import type { Session } from '../service/session.js';

export interface SampleOrder {
  readonly prompt: readonly number[];
  /** Symbols to draw. */
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
}

/** A sample that a worker draws, and where it goes: its result, or why there is none. */
interface OpenRequest {
  readonly worker: Session;
  readonly settle: (outcome: SampleResultMessage | string) => void;
}

/** Samples are drawn by a worker: a coordinator may have no engine. */
export class SampleDesk {
  readonly #feed: ParameterFeed;
  readonly #open = new Map<number, OpenRequest>();
  #requests = 0;

  constructor(feed: ParameterFeed) {
    this.#feed = feed;
  }

  /**
   * Symbols drawn after a prompt, from the last closed parameters.
   * @param worker who draws them; undefined where nobody is there.
   * @throws {RocinanteError} NO_WORKER: none is there. SAMPLE_FAILED: the worker refused, left, or said nothing in time; or
   * it was given up.
   */
  async draw(worker: Session | undefined, order: SampleOrder, timeoutMs: number): Promise<number[]> {
    if (!worker) throw new RocinanteError('NO_WORKER', 1, 'no sample: no worker is there to draw it');
    const request = ++this.#requests;
    const parametersVersion = this.#feed.closedVersion;
    let timer: NodeJS.Timeout | undefined;
    const outcome = await new Promise<SampleResultMessage | string>((settle) => {
      this.#open.set(request, { worker, settle });
      timer = setTimeout(
        () => settle(`worker ${worker.name} said nothing within ${timeoutMs / 1000} s`),
        timeoutMs,
      );
      worker.send({ sampleRequest: { request, parametersVersion, ...order, prompt: [...order.prompt] } });
      worker.downlink.need(parametersVersion);
    });
    clearTimeout(timer);
    this.#open.delete(request);
    const why = typeof outcome === 'string' ? outcome : outcome.error;
    if (why || typeof outcome === 'string') throw new RocinanteError('SAMPLE_FAILED', 1, `no sample: ${why}`);
    return outcome.symbols;
  }

  answered(worker: Session, result: SampleResultMessage): void {
    const open = this.#open.get(result.request);
    if (open?.worker === worker) open.settle(result);
  }

  left(worker: Session): void {
    for (const open of this.#open.values()) {
      if (open.worker === worker) open.settle(`worker ${worker.name} left while it drew it`);
    }
  }

  /**
   * Waits for none any more.
   * @param reason what ended the run meanwhile.
   */
  giveUp(reason: string): void {
    for (const { settle } of this.#open.values()) settle(`the run was ended while it was drawn (${reason})`);
  }
}
