import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cardBatchLine, scaleBatch, scaledBatchLine } from './batch-scale.js';
import { resolveConfig } from './config.js';
import { presets } from './presets.js';

const { seed, quick } = presets;

const folder = mkdtempSync(join(tmpdir(), 'rocinante-batch-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(settings: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(settings));
  return path;
}

describe('a batch that is made larger', () => {
  it('takes the square root in the rate, and a warm-up', () => {
    const scaled = scaleBatch(seed, 16);
    expect(scaled).toEqual({
      batch: { size: 1024, microBatch: 256 },
      optimizer: { ...seed.optimizer, learningRate: 0.004 },
      schedule: { kind: 'constant', warmupSteps: 100 },
    });
    expect(scaledBatchLine(16, scaled)).toBe(
      '--scale-batch 16: 1024 windows in micro-batches of 256, learning rate 0.004, warm-up 100 steps',
    );
  });

  it('keeps the steps of a warm-up that there was: k times the epochs', () => {
    const schedule = { kind: 'cosine', warmupSteps: 342, finalShare: 0 } as const;
    expect(scaleBatch({ ...seed, schedule }, 8).schedule).toEqual(schedule);
  });

  it('lets the rate fall after as many windows as before', () => {
    const schedule = { kind: 'step', warmupSteps: 10, everySteps: 100, factor: 0.5 } as const;
    expect(scaleBatch({ ...seed, schedule }, 8).schedule).toEqual({ ...schedule, everySteps: 13 });
    expect(scaleBatch({ ...seed, schedule }, 512).schedule).toMatchObject({ everySteps: 1 });
  });

  it.each([
    [32, 2, 64],
    [32, 3, 96],
    [32, 8, 256],
    [32, 9, 96],
    [32, 11, 32],
    [48, 6, 144],
    [256, 8, 256],
    [300, 8, 300],
  ])('has a micro-batch that divides it: %i times %i has %i', (microBatch, k, expected) => {
    const { batch } = scaleBatch({ ...seed, batch: { size: 2 * microBatch, microBatch } }, k);
    expect(batch).toEqual({ size: 2 * microBatch * k, microBatch: expected });
    expect(batch.size % batch.microBatch).toBe(0);
  });
});

describe('--scale-batch', () => {
  it('is a configuration like any other, and other flags stand over it', () => {
    expect(resolveConfig({ preset: 'seed', scaleBatch: 8 })).toEqual({ ...seed, ...scaleBatch(seed, 8) });
    const given = resolveConfig({
      preset: 'seed',
      scaleBatch: 8,
      microBatch: 64,
      learningRate: 0.002,
      warmupSteps: 0,
    });
    expect(given).toEqual({
      ...seed,
      batch: { size: 512, microBatch: 64 },
      optimizer: { ...seed.optimizer, learningRate: 0.002 },
    });
  });

  it('is refused where it contradicts another option, or would count twice', () => {
    expect(() => resolveConfig({ scaleBatch: 8, batch: 512 })).toThrow(
      /^--scale-batch 8 --batch 512: expected one of them/,
    );
    expect(() => resolveConfig({ scaleBatch: 8 }, quick)).toThrow(
      /^--scale-batch 8: the run has its batch already, of 32 windows; leave it out$/,
    );
    expect(resolveConfig({ scaleBatch: 8, preset: 'seed' }, quick).batch.size).toBe(512);
  });

  it('scales what a file says, and is refused where that leads out of range', () => {
    const config = file({
      preset: 'seed',
      batch: { size: 32_768, microBatch: 32 },
      optimizer: { learningRate: 2 },
    });
    expect(resolveConfig({ config, scaleBatch: 4 })).toMatchObject({
      batch: { size: 131_072, microBatch: 128 },
      optimizer: { learningRate: 4 },
    });
    expect(() => resolveConfig({ config, scaleBatch: 32 })).toThrow(
      /^--scale-batch 32: --micro-batch: must be at least 1024, .*, received 256; --scale-batch 32: --learning-rate: too big/,
    );
  });
});

describe('what is recommended for a card', () => {
  it.each([
    ['seed', 171_200, 8],
    ['seed', 4_000, 4],
    ['seed', 1_999, null],
    ['quick', 1_340, null],
    ['quick', 100_000, 16],
  ] as const)('for %s over %i steps is %s', (preset, steps, expected) => {
    const line = cardBatchLine(presets[preset], steps);
    expect(line === null ? null : Number(/--scale-batch (\d+) /.exec(line)![1])).toBe(expected);
  });

  it('is nothing where micro-batches are large', () => {
    expect(cardBatchLine({ batch: { size: 512, microBatch: 256 } }, 1e6)).toBeNull();
    expect(cardBatchLine({ batch: { size: 512, microBatch: 129 } }, 1e6)).toBeNull();
  });
});
