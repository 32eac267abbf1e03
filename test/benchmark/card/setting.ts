import type { Precision, RunConfig } from '@rocinante/training';
import { projectRoot as root } from '../../support/project-root.js';
import { rocinante, type Workspace } from '../../support/rocinante.js';
import type { Machine } from './machine.js';
import type { CardOptions } from './options.js';
import type { Report } from './report.js';

/** Symbols of the text that gradients and PyTorch's steps are measured on: those of chapters 1 to 10. */
export const VOCABULARY = 39;

/** Layers and window of the small trial, in place of the reference network's. */
const SMALL = {
  network: { layers: [24, 24].map((units) => ({ units, dropout: 0.5 })) },
  text: { window: 20 },
};

/**
 * The longest that anything is waited for, in seconds: a run of some steps, or an answer. On a card all takes much less, but that the
 * driver compiles kernels at their first use, where TensorFlow has none for the card. A processor may be patient.
 */
export const WAIT_SECONDS_MAX = { gpu: 300, cpu: 7_200 } as const;

/** What every part is given. */
export interface Setting {
  readonly options: CardOptions;
  readonly machine: Machine;
  readonly report: Report;
  readonly workspace: Workspace;
  /** A configuration file: the preset `seed`, smaller where it is a small trial. */
  readonly configFile: string;
  /** The same, whole, as `config print` gives it. */
  readonly config: RunConfig;
  /** Whether what is asked can be judged here: on a card, at full size. */
  readonly counts: boolean;
}

/** @throws {Error} the configuration is refused, in one line. */
export async function settingOf(
  options: CardOptions,
  machine: Machine,
  report: Report,
  workspace: Workspace,
): Promise<Setting> {
  const configFile = workspace.write('config.json', { preset: 'seed', ...(options.isSmall ? SMALL : {}) });
  const { code, stdout, stderr } = await rocinante(['config', 'print', '--config', configFile]);
  if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1));
  const config = JSON.parse(stdout) as RunConfig;
  const counts = options.device === 'gpu' && !options.isSmall;
  return { options, machine, report, workspace, configFile, config, counts };
}

/** The configuration with steps of one micro-batch of so many windows. */
export function configOf({ config }: Setting, windows: number, precision: Precision): RunConfig {
  return { ...config, batch: { size: windows, microBatch: windows }, precision };
}

export function batchWords(windows: number, microBatches: number): string[] {
  return ['--batch', String(windows * microBatches), '--micro-batch', String(windows)];
}

/** Where the built programs of this folder are. */
export function programFile(name: string): string {
  return `${root}/test/dist/benchmark/card/${name}.js`;
}
