import type { Precision } from '@rocinante/training';
import { WORKER_MEMORY } from '@rocinante/engine';
import type { EngineQuestion } from './engine-process.js';
import type { EngineFacts } from '../../../apps/worker/dist/engine-messages.js';
import { LineProcess } from './line-process.js';
import { configOf, programFile, WAIT_SECONDS_MAX, type Setting } from './setting.js';

/**
 * What is computed before anything counts, of both sides and in each block: the first turns find memory, and a card that rested
 * raises its clock within some tenths of a second.
 */
export const WARM_UP = { warmUp: 3, warmUpSeconds: 0.5 } as const;

/** A worker's engine in a process of its own. */
export class WorkerEngine {
  readonly #process: LineProcess;
  readonly #limitSeconds: number;

  private constructor({ options: { device, threads } }: Setting, precision: Precision) {
    this.#limitSeconds = WAIT_SECONDS_MAX[device];
    const words = [programFile('engine-process'), JSON.stringify({ device, threads, precision })];
    this.#process = new LineProcess('the engine', process.execPath, words, WORKER_MEMORY);
  }

  /** Loads the engine. */
  static async start(setting: Setting, precision: Precision): Promise<WorkerEngine> {
    const engine = new WorkerEngine(setting, precision);
    const { tensorflow, model, features, lstm, notice } = await engine.#ask<EngineFacts>({ ask: 'describe' });
    const { report } = setting;
    report.fact('TensorFlow', tensorflow);
    // What computed indeed, which need not be what is pinned.
    report.fact(precision === 'float32' ? 'engine' : `engine, ${precision}`, [model, ...features].join(', '));
    report.fact('LSTM path', lstm.path);
    report.fact('LSTM paths passed over', lstm.notice);
    report.fact('engine’s notice', notice);
    return engine;
  }

  /** Lays the network out, and computes the joining proof of one micro-batch. */
  open(
    setting: Setting,
    windows: number,
    precision: Precision,
  ): Promise<{ readonly proof: string; readonly seconds: number }> {
    return this.#ask({ ask: 'open', config: configOf(setting, windows, precision) });
  }

  /** What a step takes of a worker, again and again, in milliseconds; and the hash of the last sum. */
  turns(count: number): Promise<{ readonly ms: number[]; readonly sumSha256: string }> {
    return this.#ask({ ask: 'turns', ...WARM_UP, count });
  }

  end(): Promise<void> {
    return this.#process.end();
  }

  #ask<Answer>(question: EngineQuestion): Promise<Answer> {
    return this.#process.ask(question, this.#limitSeconds);
  }
}
