import { join } from 'node:path';
import { projectRoot } from '../../support/project-root.js';
import type { Precision } from '@rocinante/training';
import { LineProcess } from './line-process.js';
import { VOCABULARY, type Setting } from './setting.js';
import { ANSWER_SECONDS_MAX, WARM_UP } from './worker-engine.js';

/** PyTorch's LSTM, cuDNN's on a card, in a process of its own: pytorch_step.py. */
export class TorchPeer {
  readonly #process: LineProcess;

  private constructor(python: string, words: readonly string[]) {
    const script = join(projectRoot, 'test', 'benchmark', 'pytorch_step.py');
    this.#process = new LineProcess('PyTorch', python, [script, '--serve', ...words]);
  }

  /** Null where no Python is named. Its versions are facts of the report. */
  static async start(setting: Setting, precision: Precision): Promise<TorchPeer | null> {
    const { python, device, threads } = setting.options;
    if (python === null) return null;
    const { network, text } = setting.config;
    const peer = new TorchPeer(python, [
      ...['--device', device === 'gpu' ? 'cuda' : 'cpu', '--precision', precision],
      ...['--threads', String(threads), '--vocabulary', String(VOCABULARY), '--window', String(text.window)],
      ...['--layers', String(network.layers.length), '--units', String(network.layers[0].units)],
    ]);
    const versions = await peer.#process.ask<{ torch: string; cuda: string | null; cudnn: number | null }>(
      { ask: 'describe' },
      ANSWER_SECONDS_MAX,
    );
    const { torch, cuda, cudnn } = versions;
    setting.report.fact('PyTorch', device === 'cpu' ? torch : `${torch}, CUDA ${cuda}, cuDNN ${cudnn}`);
    return peer;
  }

  /** Milliseconds of forward and backward pass, and of whole steps with Adam. */
  turns(
    windows: number,
    count: number,
  ): Promise<{ readonly gradientMs: number[]; readonly stepMs: number[] }> {
    return this.#process.ask({ windows, ...WARM_UP, count }, ANSWER_SECONDS_MAX);
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}
