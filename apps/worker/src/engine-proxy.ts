import { Worker } from 'node:worker_threads';
import { RocinanteError } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import { setEngineEnvironment, type EngineOptions } from '@rocinante/engine';
import type { EngineAnswers, EngineReply, EngineRequest } from './engine-messages.js';
import { EngineWatch, LEAST_SECONDS } from './engine-watch.js';

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const threadFile = new URL('../dist/engine-thread.js', import.meta.url);

const TICK_MS = 1000;

interface Pending {
  readonly request: EngineRequest;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The engine's thread, as seen from the network's: requests out, answers back, in order. */
export class EngineProxy {
  readonly #thread: Worker;
  /** In order: the first is what the thread is at. */
  readonly #pending = new Map<number, Pending>();
  readonly #watch: EngineWatch;
  readonly #ticks: NodeJS.Timeout;
  #nextId = 0;
  #liveHandles = 0;

  /**
   * @param onDeath the thread ended by itself: nothing it was asked will be answered.
   * @param onOverruled told of each variable of the environment that the engine needs otherwise, in one line.
   * @param onHang told, in one line, that the thread will not answer any more, since TensorFlow does not return: once a second
   * from then on. Nothing but the process's end helps, and only a signal ends it: `process.exit` waits for the thread.
   * @param leastSeconds an answer is waited for at least so long.
   */
  constructor(
    { lstm = 'auto', ...options }: EngineOptions & { readonly lstm?: LstmChoice },
    onDeath: (error: Error) => void,
    onOverruled?: (line: string) => void,
    onHang: (line: string) => void = () => undefined,
    leastSeconds = LEAST_SECONDS,
  ) {
    // TensorFlow reads these when it is loaded, and only the main thread can set them for C.
    for (const line of setEngineEnvironment(options, process.env)) onOverruled?.(line);
    this.#watch = new EngineWatch(leastSeconds);
    this.#thread = new Worker(threadFile, { workerData: { options, lstm } });
    this.#thread.on('message', (reply: EngineReply) => this.#settle(reply));
    this.#thread.on('error', onDeath);
    this.#ticks = setInterval(() => {
      const line = this.#watch.tick();
      if (line !== null) onHang(line);
    }, TICK_MS).unref();
  }

  /** The engine's live handles after the last request that was answered. */
  get liveHandles(): number {
    return this.#liveHandles;
  }

  /**
   * Asks the engine for something, `describe` first; requests are answered in the order they were made.
   * @throws {RocinanteError} the engine refused, with its line.
   */
  request<R extends EngineRequest>(request: R): Promise<EngineAnswers[R['type']]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#pending.size === 0) this.#watch.begins(request);
      this.#pending.set(id, { request, resolve, reject });
      this.#thread.postMessage({ id, request });
    });
  }

  /**
   * Ends the thread; what it was asked is not answered any more. TensorFlow cannot be interrupted, so this waits for its op in
   * progress, or for a gradient that a graph computes: two seconds or so, since what takes longer gets no graph (`GraphLimits`).
   */
  async stop(): Promise<void> {
    clearInterval(this.#ticks);
    await this.#thread.terminate();
  }

  #settle(reply: EngineReply): void {
    const pending = this.#pending.get(reply.id)!;
    this.#pending.delete(reply.id);
    // What was cancelled is answered by null.
    this.#watch.ended(reply.ok && reply.value !== null);
    const [next] = this.#pending.values();
    if (next !== undefined) this.#watch.begins(next.request);
    this.#liveHandles = reply.liveHandles;
    if (reply.ok) pending.resolve(reply.value as never);
    else pending.reject(new RocinanteError(reply.code, reply.exitCode, reply.message));
  }
}
