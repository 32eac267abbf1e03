/**
 * Goal: a worker answers the same whether gradients are summed in the host's memory or on the device, and leaves nothing behind.
 * Method: two RunComputes over one run, on the processor's device, with the ops that a card would run.
 */
import { RandomStream } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import { networkLayout } from '@rocinante/model';
import { VectorMemory } from '@rocinante/parameters';
import { fits, gridExponents, type GridTerms } from '@rocinante/codec';
import { microBatchesOf, networkOf, runWindows, type Assignment } from '@rocinante/training';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainResult } from './engine-messages.js';
import { RunCompute } from './run-compute.js';
import { specRunConfig } from './spec-run-config.js';

const engine = Engine.load();
const vocabularySize = 7;
const SYMBOLS = 4_000;
const random = new RandomStream(1, 'simulation');
const ids = new SharedArrayBuffer(SYMBOLS);
new Uint8Array(ids).set(Uint8Array.from({ length: SYMBOLS }, () => random.integer(vocabularySize)));

const config = specRunConfig({
  network: {
    input: 'embedding',
    embeddingSize: 5,
    layers: [
      { units: 9, dropout: 0.5 },
      { units: 6, dropout: 0 },
    ],
    recurrentActivation: 'sigmoid',
    loss: 'every',
  },
  text: { normalisation: 'none', window: 10, stride: 10, heldOut: false, order: 'shuffled' },
  batch: { size: 128, microBatch: 8 },
});
const M = microBatchesOf(config);
const terms: GridTerms = { codec: 'int32-grid', microBatches: M };
const { batches } = runWindows(config, SYMBOLS);
/** The epoch's last step, which is short, and its last micro-batch too. */
const LAST_STEP = Math.floor(batches.windowCount / config.batch.size);
const layout = networkLayout(networkOf(config, vocabularySize));
/** The host computes by kernels. */
const memory = VectorMemory.create([{ count: 500, length: Math.max(layout.length, 1024) }]);

function parameters(scale: number): Float32Array<SharedArrayBuffer> {
  const values = new RandomStream(2, 'simulation');
  const vector = new Float32Array(new SharedArrayBuffer(layout.length * 4));
  for (let index = 0; index < vector.length; index++) vector[index] = (values.uniform() - 0.5) * scale;
  return vector;
}
const usual = { version: 1, vector: parameters(1) };

interface Order {
  readonly microBatches: readonly number[];
  readonly step?: number;
  readonly kind?: Assignment['kind'];
  readonly magnitudesOnly?: boolean;
  readonly exponents?: Int8Array;
  readonly parameters?: typeof usual;
  readonly cancelled?: Int32Array<SharedArrayBuffer>;
}

interface Answer {
  readonly result: Omit<TrainResult, 'computeSeconds'> | null;
  readonly sum: Int32Array;
}

function answerOf(compute: RunCompute, order: Order): Answer {
  const { microBatches, step = 0, kind = 'train', magnitudesOnly = false } = order;
  const sum = memory.int32(layout.length);
  const result = compute.train({
    type: 'train',
    assignment: {
      id: 1,
      kind,
      step,
      issue: 1,
      microBatches,
      parametersVersion: 1,
      firstRange: 0,
      magnitudesOnly,
    },
    parameters: order.parameters ?? usual,
    exponents: order.exponents ?? new Int8Array(layout.blockCount).fill(-20),
    sum,
    cancelled: order.cancelled ?? new Int32Array(new SharedArrayBuffer(4)),
  });
  if (result === null) return { result, sum };
  const { results, magnitudes, fits } = result;
  return { result: { results, magnitudes, fits }, sum };
}

let before: number;
let host: RunCompute;
let device: RunCompute;

beforeEach(() => {
  before = engine.liveHandles;
  const run = { type: 'open-run', config, vocabularySize, ids, idBytes: 1, memory: memory.shared } as const;
  host = new RunCompute(engine, run, { sums: 'host' });
  device = new RunCompute(engine, run, { sums: 'device' });
});

afterEach(() => {
  host.dispose();
  device.dispose();
  expect(engine.liveHandles).toBe(before);
});

/** Both answer, and the same, norms to 1e-12: the device's answer. */
function sameAnswer(order: Order, countsSum = true): Answer {
  const [one, other] = [answerOf(device, order), answerOf(host, order)];
  const rounded = ({ result }: Answer) =>
    result && {
      ...result,
      results: result.results.map((each) => ({ ...each, norm: Number.isFinite(each.norm) ? 0 : each.norm })),
    };
  expect(rounded(one)).toEqual(rounded(other));
  for (const [index, { norm }] of (one.result?.results ?? []).entries()) {
    const expected = other.result!.results[index].norm;
    if (Number.isFinite(expected)) expect(Math.abs(norm / expected - 1)).toBeLessThan(1e-12);
  }
  if (countsSum) expect(one.sum).toEqual(other.sum);
  return one;
}

/** These and one more, cancelled once these were computed. */
function cancelledAfter(these: readonly number[], cancelled: Int32Array): readonly number[] {
  const micro = [...these, these.length];
  micro[Symbol.iterator] = function* () {
    yield* these;
    cancelled[0] = 1;
    yield these.length;
  } as (typeof micro)[typeof Symbol.iterator];
  return micro;
}

const all = Array.from({ length: M }, (_, k) => k);

describe('a sum on the device', () => {
  it.each([1, 3, 16])(
    'of %i micro-batches is the host’s, and so are hashes, losses and magnitudes',
    (count) => {
      const { result, sum } = sameAnswer({ microBatches: all.slice(0, count) });
      expect(result!.fits).toBe(true);
      expect(result!.results.every(({ hash }) => hash > 0)).toBe(true);
      expect(new Set(result!.results.map(({ hash }) => hash)).size).toBe(count);
      expect(sum.some((value) => value !== 0)).toBe(true);
    },
  );

  it('does not depend on company and order, and one more of it is one more', () => {
    const whole = sameAnswer({ microBatches: [2, 0, 1] });
    const parts = [[1], [0, 2]].map((microBatches) => sameAnswer({ microBatches }));
    expect(whole.sum).toEqual(parts[0].sum.map((value, index) => value + parts[1].sum[index]));
  });

  it('of a short last step and its short micro-batch', () => {
    const left = batches.windowCount - LAST_STEP * config.batch.size;
    expect(left % config.batch.microBatch).not.toBe(0);
    const microBatches = all.slice(0, Math.ceil(left / config.batch.microBatch));
    expect(microBatches.length).toBeLessThan(M);
    expect(sameAnswer({ step: LAST_STEP, microBatches }).result!.fits).toBe(true);
  });

  it('is of the gradients that were kept, where the step is issued again on another grid', () => {
    const first = sameAnswer({
      microBatches: [0, 1],
      exponents: new Int8Array(layout.blockCount).fill(-126),
    });
    expect(first.result!.fits).toBe(false);
    const handles = engine.liveHandles;
    const exponents = gridExponents(first.result!.magnitudes, terms);
    // The parameters of this version are not looked at: nothing is computed again.
    const again = sameAnswer({ microBatches: [0, 1], exponents });
    expect(engine.liveHandles).toBe(handles);
    expect(again.result!.fits).toBe(true);
    expect(again.result!.results.map(({ lossSum }) => lossSum)).toEqual(
      first.result!.results.map(({ lossSum }) => lossSum),
    );
  });
});

describe('what is not summed on the device', () => {
  it('is measured, from the first that does not fit on', () => {
    const { magnitudes } = sameAnswer({ microBatches: [0, 1] }).result!;
    // The finest grid that the first two fit, block by block.
    const exponents = gridExponents(magnitudes, terms).map((usual, block) => {
      const fitsOn = (e: number): boolean =>
        fits(magnitudes.subarray(block, block + 1), Int8Array.of(e), terms);
      let exponent = usual;
      while (exponent > -126 && fitsOn(exponent - 1)) exponent -= 1;
      return exponent;
    });
    const { result } = sameAnswer({ microBatches: all, exponents }, false);
    const hashed = result!.results.map(({ hash }) => hash !== 0);
    expect(result!.fits).toBe(false);
    expect(hashed.slice(0, 2)).toEqual([true, true]);
    expect(hashed).toEqual([...hashed].sort().reverse());
    expect(hashed.at(-1)).toBe(false);
  });

  it('is measured alone, where magnitudes are all that is wanted', () => {
    const { result, sum } = sameAnswer({ microBatches: [0, 1], magnitudesOnly: true });
    expect(result!.results.map(({ hash }) => hash)).toEqual([0, 0]);
    expect(sum.every((value) => value === 0)).toBe(true);
  });

  it.each([
    ['NaN', NaN],
    ['infinite', Infinity],
  ])('is %s, and told as that', (_what, value) => {
    const vector = parameters(1);
    vector[layout.length - 1] = value;
    const { result } = sameAnswer({ microBatches: [0, 1], parameters: { version: 2, vector } }, false);
    expect(result!.fits).toBe(false);
    expect(result!.results.map(({ finite, hash }) => [finite, hash])).toEqual([
      [false, 0],
      [false, 0],
    ]);
  });

  it('was cancelled, before it began or between two micro-batches', () => {
    sameAnswer({ microBatches: [0] });
    const handles = engine.liveHandles;
    const cancelled = new Int32Array(new SharedArrayBuffer(4)).fill(1);
    expect(sameAnswer({ microBatches: [0], cancelled }).result).toBeNull();
    expect(engine.liveHandles).toBe(handles);
    for (const compute of [device, host]) {
      cancelled[0] = 0;
      const microBatches = cancelledAfter([0, 1], cancelled);
      expect(answerOf(compute, { microBatches, cancelled }).result).toBeNull();
    }
    // The device keeps the second one's gradient.
    expect(engine.liveHandles).toBe(handles + 1);
  });
});

it('an audit computes anew what was kept, with the same bits', () => {
  const first = sameAnswer({ microBatches: [3] });
  const audit = sameAnswer({ microBatches: [3], kind: 'audit' }, false);
  expect(audit.result).toEqual(first.result);
});

it('rest frees the gradients that were kept', () => {
  sameAnswer({ microBatches: [0] });
  const one = engine.liveHandles;
  sameAnswer({ microBatches: [0, 1, 2] });
  // A gradient is one tensor; what is kept in the host's memory is none.
  expect(engine.liveHandles).toBe(one + 2);
  device.rest();
  expect(engine.liveHandles).toBe(one - 1);
});
