import { Worker } from 'node:worker_threads';
import { RunFailedError } from '../../errors.js';
import type {
  ArithmeticAnswer,
  ArithmeticRequest,
  ArithmeticSetting,
  RangeMade,
} from './arithmetic-messages.js';
import type { Half, IssueTerms } from './step-arithmetic.js';

/** Ranges that may wait to be added before no more should be asked for: 16 MiB. */
const ADDING_MAX = 16;

/** Bytes of a message beside a range's elements are fewer; Node keeps short messages together in 8 KiB. */
const BESIDE_BYTES_MAX = 1024;

/** Someone who waits for a copy. */
interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const workerFile = new URL('../../../dist/run/arithmetic/arithmetic-worker.js', import.meta.url);

/**
 * Sums and Adam in a thread of their own (`StepArithmetic`), so that the network's thread can receive and send beside them.
 *
 * Order: requests are carried out as they were made. So a range that is asked for after its contributions were added has
 * them all, and nothing of an issue is written any more once the next one's first range is made.
 */
export class ArithmeticThread {
  /** Told of each range that is made, in order. */
  onMade: (made: RangeMade) => void = () => {};
  /** Told each time a range was added. */
  onAdded: () => void = () => {};
  readonly #thread: Worker;
  /** How many ranges wait to be added. */
  #adding = 0;
  #ended = false;
  /** Those who wait for a copy, in order. */
  readonly #copying: Waiting[] = [];

  /** @param onDeath the thread ended by itself: nothing it was asked will be answered. */
  constructor(setting: ArithmeticSetting, onDeath: (error: Error) => void) {
    this.#thread = new Worker(workerFile, { workerData: setting });
    this.#thread.on('message', (answer: ArithmeticAnswer) => this.#answered(answer));
    this.#thread.on('error', onDeath);
    this.#thread.on('exit', () => {
      this.#ended = true;
      for (const { reject } of this.#copying) reject(new RunFailedError('the thread of sums and Adam ended'));
    });
    // It is there for the network's sake, and does not keep the process alive.
    this.#thread.unref();
  }

  /** Whether so many ranges wait to be added that no more should be asked for: `onAdded` tells when that may have changed. */
  get isBehind(): boolean {
    return this.#adding >= ADDING_MAX;
  }

  /** @see StepArithmetic.begin */
  begin(terms: IssueTerms): void {
    this.#ask({ type: 'begin', terms });
  }

  /**
   * Takes the bytes over with all of their memory, where they have it nearly to themselves: nobody else can read them then.
   * @see StepArithmetic.add
   */
  add(range: number, bytes: Uint8Array): void {
    this.#adding += 1;
    const own = isNearlyAlone(bytes) ? bytes : new Uint8Array(bytes);
    this.#ask({ type: 'add', range, bytes: own }, [own.buffer as ArrayBuffer]);
  }

  /** Asks for the Adam of these ranges; `onMade` is told of each. @see StepArithmetic.apply */
  apply(step: number, issue: number, ranges: readonly number[]): void {
    this.#ask({ type: 'apply', step, issue, ranges });
  }

  /**
   * Copies one half of the state into the snapshot as it is when what was asked before is done: in time for the closed half,
   * which only what is asked after the next step is closed writes.
   * @throws {RunFailedError} the thread ended before.
   */
  copy(half: Half): Promise<void> {
    this.#ask({ type: 'copy', half });
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(new RunFailedError('the thread of sums and Adam ended'));
      else this.#copying.push({ resolve, reject });
    });
  }

  /** Ends the thread, whatever it is at. */
  async stop(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(request: ArithmeticRequest, handedOver: ArrayBuffer[] = []): void {
    this.#thread.postMessage(request, handedOver);
  }

  #answered(answer: ArithmeticAnswer): void {
    if (answer.type === 'made') return this.onMade(answer);
    if (answer.type === 'copied') return this.#copying.shift()!.resolve();
    this.#adding -= 1;
    this.onAdded();
  }
}

/** Whether memory holds these bytes, and hardly more. */
function isNearlyAlone({ buffer, byteLength }: Uint8Array): boolean {
  return buffer.byteLength - byteLength <= BESIDE_BYTES_MAX;
}
