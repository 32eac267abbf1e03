import { join } from 'node:path';
import { projectRoot } from '../../support/project-root.js';
import type { Precision } from '@rocinante/training';
import { LineProcess } from './line-process.js';
import { VOCABULARY, WAIT_SECONDS_MAX, type Setting } from './setting.js';
import { WARM_UP } from './worker-engine.js';

/** PyTorch's LSTM, cuDNN's on a card, in a process of its own: pytorch_step.py. */
export class TorchPeer {
  readonly #process: LineProcess;

  readonly #limitSeconds: number;

  private constructor(python: string, { config, options }: Setting, precision: Precision) {
    const { network, text } = config;
    const script = join(projectRoot, 'test', 'benchmark', 'pytorch_step.py');
    const words = Object.entries({
      device: options.device === 'gpu' ? 'cuda' : 'cpu',
      precision,
      threads: options.threads,
      vocabulary: VOCABULARY,
      window: text.window,
      layers: network.layers.length,
      units: network.layers[0].units,
    }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#limitSeconds = WAIT_SECONDS_MAX[options.device];
    this.#process = new LineProcess('PyTorch', python, [script, '--serve', ...words]);
  }

  /** Null where no Python is named. Its versions are facts of the report. */
  static async start(setting: Setting, precision: Precision): Promise<TorchPeer | null> {
    const { python, device } = setting.options;
    if (python === null) return null;
    const peer = new TorchPeer(python, setting, precision);
    const versions = await peer.#process.ask<{ torch: string; cuda: string | null; cudnn: number | null }>(
      { ask: 'describe' },
      peer.#limitSeconds,
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
    return this.#process.ask({ windows, ...WARM_UP, count }, this.#limitSeconds);
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}
