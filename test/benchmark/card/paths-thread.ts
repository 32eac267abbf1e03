/**
 * LSTM paths on the device, each asked for over a message to this thread: against Keras's golden numbers, and against plain's at the
 * size of a run's network. What a path does wrong may end the process; whoever asks starts another.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, oneLine, RandomStream } from '@rocinante/base';
import {
  chooseLstmPath,
  createLstmPath,
  differenceOf,
  Network,
  whyPlainAlone,
  type DropoutKey,
  type LstmPath,
  type LstmPathName,
  type MicroBatch,
} from '@rocinante/compute';
import { Engine, type EngineOptions } from '@rocinante/engine';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import { networkOf, runConfigSchema } from '@rocinante/training';
import { projectRoot } from '../../support/project-root.js';
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

/** The same of the golden networks that the path computes: so many of all. */
export interface GoldenDifference extends Difference {
  readonly networks: number;
  readonly all: number;
}

/** The path that would be taken here, and the engine that would compute it. */
export interface Choice {
  readonly path: LstmPathName;
  readonly reason: string;
  readonly notice: string | null;
  readonly tensorflow: string;
  readonly engine: string;
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
const engine = Engine.load(workerData as EngineOptions);
const nothing: Difference = { difference: 0, where: 'nothing' };

/** By its name; undefined for plain, which has gates of either kind, and is created for a network's own. */
function pathOf(name: LstmPathName): LstmPath | undefined {
  return name === 'plain' ? undefined : createLstmPath(engine, name);
}

/**
 * The loss and each tensor's gradient, by names.
 * @throws {Error} another path would compute the network in place of this one.
 */
function computed(
  spec: NetworkSpec,
  path: LstmPath | undefined,
  windowLength: number,
  parameters: Float32Array,
  batch: MicroBatch,
  dropout: DropoutKey | null,
): Map<string, Float32Array> {
  const network = Network.create(engine, spec, { windowLength, path });
  try {
    if (path !== undefined && network.path !== path) {
      throw new Error(`${network.path.name} computes it: ${whyPlainAlone(spec, 'float32', path)}`);
    }
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

/** @throws {Error} the path computes none of them; says why not. */
function golden(name: LstmPathName): GoldenDifference {
  const path = pathOf(name);
  const files = readdirSync(folder).filter((one) => one.endsWith('.json'));
  let largest = nothing;
  let networks = 0;
  let why: string | null = null;
  for (const file of files) {
    const one = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden;
    const whyNot = path === undefined ? null : whyPlainAlone(one.network, 'float32', path);
    why ??= whyNot;
    if (whyNot !== null) continue;
    networks += 1;
    const parameters = Float32Array.from(one.tensors.flatMap(({ values }) => values));
    const batch = { windows: one.windows, symbols: Int32Array.from(one.symbols) };
    const received = computed(one.network, path, one.windowLength, parameters, batch, null);
    const expected = [[one.lossSum], ...one.tensors.map(({ gradient }) => gradient)];
    largest = [...received].reduce((most, [what, values], index) => {
      const difference = differenceOf(values, Float32Array.from(expected[index]));
      return difference > most.difference
        ? { difference, where: `${what} of ${file.replace('.json', '')}` }
        : most;
    }, largest);
  }
  if (networks === 0) throw new Error(`it computes no golden network: ${why ?? 'there is none'}`);
  return { ...largest, networks, all: files.length };
}

function besidePlain(name: LstmPathName, value: object, windows: number): Difference {
  const config = runConfigSchema.parse(value);
  const spec = networkOf(config, VOCABULARY);
  const random = new RandomStream(1, 'simulation');
  const { window } = config.text;
  const symbols = Int32Array.from({ length: windows * (window + 1) }, () => random.integer(VOCABULARY));
  const [received, expected] = [pathOf(name), undefined].map((by) =>
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

function choose(): Choice {
  const { path, reason, notice } = chooseLstmPath(engine, 'auto');
  const { tensorflowVersion: tensorflow, model, features } = engine.description;
  return {
    path: path.name,
    reason,
    notice,
    tensorflow,
    engine: [model, ...features].join(', '),
  } satisfies Choice;
}

function answer(question: PathsQuestion): object {
  switch (question.ask) {
    case 'choose':
      return choose();
    case 'golden':
      return golden(question.name);
    case 'plain':
      return besidePlain(question.name, question.config, question.windows);
  }
}

const port = parentPort;
assert(port !== null, 'paths-thread.js runs as a worker thread');
port.on('message', (question: PathsQuestion) => {
  try {
    port.postMessage(answer(question));
  } catch (error) {
    port.postMessage({ error: oneLine((error as Error).message) });
  }
});
