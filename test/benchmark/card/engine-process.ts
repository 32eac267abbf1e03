/**
 * A worker without its network: its engine's thread, asked over lines of JSON for what a step asks of it. The parameters go up,
 * gradients are made, measured, rounded and summed, and the sum comes down; `train` ends when it is there.
 *
 * No test imports an app; but what a step takes of a worker is to be measured in the worker's own code, so this process is one.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RandomStream, sha256 } from '@rocinante/base';
import { gridExponents } from '@rocinante/codec';
import { firstValues, networkLayout } from '@rocinante/model';
import { VectorMemory } from '@rocinante/parameters';
import { networkOf, runConfigSchema, type RunConfig } from '@rocinante/training';
import { projectRoot } from '../../support/project-root.js';
import { answerLines } from './answer-lines.js';
import { VOCABULARY } from './setting.js';
import type * as Proxy from '../../../apps/worker/dist/engine-proxy.js';
import type * as Preparation from '../../../apps/worker/dist/run-preparation.js';

export type EngineQuestion =
  | { readonly ask: 'describe' }
  /** `config` of one micro-batch. */
  | { readonly ask: 'open'; readonly config: object }
  | {
      readonly ask: 'turns';
      readonly warmUp: number;
      readonly warmUpSeconds: number;
      readonly count: number;
    };

type TurnsQuestion = Extract<EngineQuestion, { ask: 'turns' }>;

/** Random symbols are as good as a text where nothing is learned. Enough for the largest micro-batch, at one a window. */
const SYMBOLS = 20_000;

const { precision, device, threads } = JSON.parse(process.argv[2]) as {
  precision: string;
  device: 'cpu' | 'gpu';
  threads: number;
};
const [{ EngineProxy }, { runVectors }] = (await Promise.all(
  ['engine-proxy', 'run-preparation'].map((name) => {
    const file = join(projectRoot, 'apps', 'worker', 'dist', `${name}.js`);
    return import(pathToFileURL(file).href) as Promise<object>;
  }),
)) as [typeof Proxy, typeof Preparation];
const engine = new EngineProxy({ threads, device, tf32: precision === 'tf32' }, (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
let run: OpenRun | null = null;

/** A network and what its turns are computed with. */
class OpenRun {
  readonly #parameters: Float32Array<SharedArrayBuffer>;
  readonly memory: VectorMemory;
  readonly #sum: Int32Array<SharedArrayBuffer>;
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  #exponents: Int8Array;
  #version = 0;

  constructor(config: RunConfig) {
    const network = networkOf(config, VOCABULARY);
    const layout = networkLayout(network);
    const { length, blockCount } = layout;
    this.#parameters = new Float32Array(new SharedArrayBuffer(4 * length));
    this.#parameters.set(firstValues(network, config.seed));
    this.memory = VectorMemory.create(runVectors(config, layout));
    this.#sum = this.memory.int32(length);
    this.#exponents = new Int8Array(blockCount);
  }

  /** The grid that the gradient calls for, as the coordinator finds it. */
  async findGrid(): Promise<void> {
    const { magnitudes } = await this.#train(true);
    this.#exponents = gridExponents(magnitudes, { codec: 'int32-grid', microBatches: 1 });
  }

  /** One step's share, in milliseconds. Nothing is kept from the turn before: parameters are new, and so is the gradient. */
  async turn(): Promise<number> {
    await engine.request({ type: 'rest' });
    const began = performance.now();
    const { fits } = await this.#train(false);
    const took = performance.now() - began;
    if (!fits) throw new Error('the gradient does not fit its own grid');
    return took;
  }

  get sumSha256(): string {
    return sha256(this.#sum);
  }

  async #train(magnitudesOnly: boolean): Promise<{ magnitudes: Float32Array; fits: boolean }> {
    this.#version += 1;
    const version = this.#version;
    const result = await engine.request({
      type: 'train',
      assignment: {
        id: version,
        kind: 'train',
        step: 0,
        issue: 1,
        microBatches: [0],
        parametersVersion: version,
        firstRange: 0,
        magnitudesOnly,
      },
      parameters: { version, vector: this.#parameters },
      exponents: this.#exponents,
      sum: this.#sum,
      cancelled: this.#cancelled,
    });
    return result!;
  }
}

async function open(value: object): Promise<object> {
  const config = runConfigSchema.parse(value);
  const ids = new SharedArrayBuffer(SYMBOLS);
  const random = new RandomStream(1, 'simulation');
  new Uint8Array(ids).set(Uint8Array.from({ length: SYMBOLS }, () => random.integer(VOCABULARY)));
  run = new OpenRun(config);
  const began = performance.now();
  await engine.request({
    type: 'open-run',
    ...{ config, vocabularySize: VOCABULARY, ids, idBytes: 1 },
    memory: run.memory.shared,
  });
  const { proof } = await engine.request({ type: 'prove' });
  const seconds = (performance.now() - began) / 1000;
  await run.findGrid();
  return { proof, seconds };
}

async function turns({ warmUp, warmUpSeconds, count }: TurnsQuestion): Promise<object> {
  const began = performance.now();
  for (let turn = 0; turn < warmUp || performance.now() - began < 1000 * warmUpSeconds; turn++) {
    await run!.turn();
  }
  const ms: number[] = [];
  while (ms.length < count) ms.push(await run!.turn());
  return { ms, sumSha256: run!.sumSha256 };
}

await answerLines<EngineQuestion>((question) => {
  switch (question.ask) {
    case 'describe':
      return engine.request({ type: 'describe' });
    case 'open':
      return open(question.config);
    case 'turns':
      return turns(question);
  }
});
await engine.stop();
