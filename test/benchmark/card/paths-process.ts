/**
 * LSTM paths on the device, each asked for over a line of JSON: against Keras's golden numbers, and against plain's at the size of
 * a run's network. What a path does wrong may end this process; whoever asks starts another.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '@rocinante/base';
import {
  chooseLstmPath,
  createLstmPath,
  differenceOf,
  Network,
  whyPlainAlone,
  type DropoutKey,
  type LstmPathName,
  type MicroBatch,
} from '@rocinante/compute';
import { Engine } from '@rocinante/engine';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import { networkOf, runConfigSchema } from '@rocinante/training';
import { projectRoot } from '../../support/project-root.js';
import { answerLines } from './answer-lines.js';
import { VOCABULARY } from './setting.js';

export type PathsQuestion =
  | { readonly ask: 'choose' }
  | { readonly ask: 'golden'; readonly name: LstmPathName }
  /** At the size of `config`'s network, in micro-batches of `windows`. */
  | { readonly ask: 'plain'; readonly name: LstmPathName; readonly config: object; readonly windows: number };

/** How far a path is off, in parts of a tensor's largest value, and where most. */
export interface Difference {
  readonly difference: number;
  readonly where: string;
}

interface Golden {
  readonly network: NetworkSpec;
  readonly windowLength: number;
  readonly windows: number;
  readonly symbols: readonly number[];
  readonly lossSum: number;
  readonly tensors: readonly { readonly values: readonly number[]; readonly gradient: readonly number[] }[];
}

const folder = join(projectRoot, 'test', 'reference', 'golden', 'networks');
const { device, threads } = JSON.parse(process.argv[2]) as { device: 'cpu' | 'gpu'; threads: number };
const engine = Engine.load({ device, threads });
const nothing: Difference = { difference: 0, where: 'nothing' };

/** The loss and each tensor's gradient, by names. */
function computed(
  spec: NetworkSpec,
  name: LstmPathName,
  windowLength: number,
  parameters: Float32Array,
  batch: MicroBatch,
  dropout: DropoutKey | null,
): Map<string, Float32Array> {
  const path = createLstmPath(engine, name);
  // Plain has gates of either kind, and is created for a network's own.
  const network = Network.create(engine, spec, { windowLength, ...(name === 'plain' ? {} : { path }) });
  try {
    network.setParameters(parameters);
    const gradient = new Float32Array(network.layout.length);
    const { lossSum } = network.gradient(batch, dropout, gradient);
    const tensors = network.layout.tensors.map(
      ({ name, offset, size }) => [name, gradient.subarray(offset, offset + size)] as const,
    );
    return new Map([['the loss', Float32Array.of(lossSum)], ...tensors]);
  } finally {
    network.dispose();
  }
}

function golden(name: LstmPathName): Difference & { readonly networks: number } {
  let largest = nothing;
  let networks = 0;
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const one = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden;
    if (name !== 'plain' && whyPlainAlone(one.network, 'float32') !== null) continue;
    networks += 1;
    const parameters = Float32Array.from(one.tensors.flatMap(({ values }) => values));
    const batch = { windows: one.windows, symbols: Int32Array.from(one.symbols) };
    const received = computed(one.network, name, one.windowLength, parameters, batch, null);
    const expected = [[one.lossSum], ...one.tensors.map(({ gradient }) => gradient)];
    largest = [...received].reduce((most, [what, values], index) => {
      const difference = differenceOf(values, Float32Array.from(expected[index]));
      return difference > most.difference
        ? { difference, where: `${what} of ${file.replace('.json', '')}` }
        : most;
    }, largest);
  }
  return { ...largest, networks };
}

function besidePlain(name: LstmPathName, value: object, windows: number): Difference {
  const config = runConfigSchema.parse(value);
  const spec = networkOf(config, VOCABULARY);
  const random = new RandomStream(1, 'simulation');
  const { window } = config.text;
  const symbols = Int32Array.from({ length: windows * (window + 1) }, () => random.integer(VOCABULARY));
  const [received, expected] = [name, 'plain' as const].map((by) =>
    computed(
      spec,
      by,
      window,
      firstValues(spec, config.seed),
      { windows, symbols },
      { seed: 1, step: 0, microBatch: 0 },
    ),
  );
  return [...received].reduce((most, [where, values]) => {
    const difference = differenceOf(values, expected.get(where)!);
    return difference > most.difference ? { difference, where } : most;
  }, nothing);
}

function choose(): object {
  const { path, reason, notice } = chooseLstmPath(engine, 'auto');
  return { path: path.name, reason, notice, tensorflow: engine.description.tensorflowVersion };
}

await answerLines<PathsQuestion>(async (question) => {
  await Promise.resolve();
  switch (question.ask) {
    case 'choose':
      return choose();
    case 'golden':
      return golden(question.name);
    case 'plain':
      return besidePlain(question.name, question.config, question.windows);
  }
});
