import { Worker } from 'node:worker_threads';
import { BLOCK_ELEMENTS, RANGE_BLOCKS, type SharedInt32, type VectorMemory } from '@rocinante/parameters';
import { RunFailedError } from '../../errors.js';
import type {
  ArithmeticAnswer,
  ArithmeticRequest,
  ArithmeticSetting,
  RangeMade,
} from './arithmetic-messages.js';
import type { Half, IssueTerms } from './step-arithmetic.js';

/** Room for the values of one range, where the arithmetic's thread sees them. */
export type RangeRoom = SharedInt32;

/** Ranges that may wait to be added before no more should be asked for: 16 MiB. */
const ADDING_MAX = 16;

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
  readonly #memory: VectorMemory;
  readonly #free: RangeRoom[] = [];
  /** Rooms whose values wait to be added, in order. */
  readonly #adding: RangeRoom[] = [];
  #ended = false;
  /** Those who wait for a copy, in order. */
  readonly #copying: Waiting[] = [];

  /** @param onDeath the thread ended by itself: nothing it was asked will be answered. */
  constructor(
    { memory, ...setting }: Omit<ArithmeticSetting, 'memory'> & { readonly memory: VectorMemory },
    onDeath: (error: Error) => void,
  ) {
    this.#memory = memory;
    const workerData: ArithmeticSetting = { ...setting, memory: memory.shared };
    this.#thread = new Worker(workerFile, { workerData });
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
    return this.#adding.length >= ADDING_MAX;
  }

  /** Room for a range's values: it goes on to `add`, or back to `giveBack`. There are as many as were ever needed at once. */
  takeRoom(): RangeRoom {
    return this.#free.pop() ?? this.#memory.int32(RANGE_BLOCKS * BLOCK_ELEMENTS);
  }

  giveBack(room: RangeRoom): void {
    this.#free.push(room);
  }

  /** @see StepArithmetic.begin */
  begin(terms: IssueTerms): void {
    this.#ask({ type: 'begin', terms });
  }

  /** @see StepArithmetic.add */
  add(range: number, room: RangeRoom): void {
    this.#adding.push(room);
    this.#ask({ type: 'add', range, values: room });
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

  #ask(request: ArithmeticRequest): void {
    this.#thread.postMessage(request);
  }

  #answered(answer: ArithmeticAnswer): void {
    if (answer.type === 'made') return this.onMade(answer);
    if (answer.type === 'copied') return this.#copying.shift()!.resolve();
    this.#free.push(this.#adding.shift()!);
    this.onAdded();
  }
}
