import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveConfig, type ConfigFlags } from './config.js';
import { presets } from './presets.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(settings: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(settings));
  return path;
}

/** What a command line is refused with. */
function refusal(flags: ConfigFlags): string {
  try {
    resolveConfig(flags);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

describe('a configuration', () => {
  it('is the preset where nothing else is said', () => {
    expect(resolveConfig({})).toEqual(presets.quick);
    expect(resolveConfig({ preset: 'seed' })).toEqual(presets.seed);
  });

  it('takes flags over the file over the preset', () => {
    const config = file({ preset: 'seed', seed: 5, batch: { size: 128 }, optimizer: { learningRate: 0.01 } });
    expect(resolveConfig({ config, seed: 6, microBatch: 16, precision: 'tf32' })).toEqual({
      ...presets.seed,
      seed: 6,
      precision: 'tf32',
      batch: { size: 128, microBatch: 16 },
      optimizer: { ...presets.seed.optimizer, learningRate: 0.01 },
    });
  });

  it('takes the run that is resumed in place of a preset, and a longer schedule', () => {
    const saved = { ...presets.seed, seed: 9, steps: 100 };
    expect(resolveConfig({ steps: 200 }, saved)).toEqual({ ...saved, steps: 200 });
    expect(resolveConfig({ epochs: 3 }, saved)).toEqual({ ...saved, epochs: 3, steps: null });
    expect(resolveConfig({ preset: 'seed' }, saved)).toMatchObject({ seed: 1, steps: 100 });
  });

  it('takes the configuration out of a run’s own record', () => {
    const record = { version: 1, config: { ...presets.seed, seed: 4 }, corpus: { source: 'x', sha256: 'y' } };
    expect(resolveConfig({ config: file(record) })).toEqual({ ...presets.seed, seed: 4 });
  });

  it('gives a layer no dropout where the file does not say', () => {
    const layers = [{ units: 32 }, { units: 16, dropout: 0.2 }];
    expect(resolveConfig({ config: file({ preset: 'seed', network: { layers } }) }).network.layers).toEqual([
      { units: 32, dropout: 0 },
      { units: 16, dropout: 0.2 },
    ]);
    expect(refusal({ config: file({ network: { layers: [{ unit: 32 }, 7] } }) })).toMatch(
      /network\.layers\.0\.units: .*received nothing; .*network\.layers\.1: /,
    );
  });

  it('settles what follows from what the file says', () => {
    const oneHot = resolveConfig({ config: file({ network: { input: 'one-hot' }, text: { window: 50 } }) });
    expect(oneHot.network).not.toHaveProperty('embeddingSize');
    expect(oneHot.text).toMatchObject({ window: 50, stride: 50 });
    expect(resolveConfig({ config: file({ network: { loss: 'last' } }) }).text.stride).toBe(1);
    expect(resolveConfig({ config: file({ text: { window: 50, stride: 10 } }) }).text.stride).toBe(10);
  });

  it('takes every flag to its place', () => {
    const initFrom = 'ab'.repeat(32);
    expect(
      resolveConfig({
        heldOut: true,
        learningRate: 0.01,
        warmupSteps: 10,
        weightDecay: 0.1,
        weightDecayOn: 'kernels',
        clipNorm: 0,
        normalisation: 'nfc',
        evaluateEvery: 100,
        patience: 3,
        initFrom,
      }),
    ).toEqual({
      ...presets.quick,
      text: { ...presets.quick.text, normalisation: 'nfc' },
      optimizer: {
        ...presets.quick.optimizer,
        learningRate: 0.01,
        weightDecay: 0.1,
        weightDecayOn: 'kernels',
        clipNorm: 0,
      },
      schedule: { kind: 'constant', warmupSteps: 10 },
      evaluation: { ...presets.quick.evaluation, everySteps: 100 },
      earlyStopping: { patience: 3, minDelta: 0 },
      initFrom,
    });
    expect(resolveConfig({ preset: 'seed', heldOut: true }).text.heldOut).toBe(true);
    expect(resolveConfig({ heldOut: false }).text.heldOut).toBe(false);
  });

  it('takes what flags say of the network over what was there', () => {
    const { network, text } = presets.quick;
    const lstm = (units: number, dropout = 0): unknown => ({ units, dropout });
    const layersOf = (flags: ConfigFlags): unknown => resolveConfig(flags).network.layers;
    expect(layersOf({ units: [64] })).toEqual([lstm(64)]);
    expect(layersOf({ units: [64, 32], dropout: 0.25 })).toEqual([lstm(64, 0.25), lstm(32, 0.25)]);
    expect(layersOf({ layers: 3 })).toEqual([lstm(256), lstm(256), lstm(256)]);
    expect(layersOf({ preset: 'seed', layers: 2, units: [64] })).toEqual([lstm(64, 0.5), lstm(64, 0.5)]);
    const config = file({ network: { layers: [lstm(8), lstm(4, 0.5)] } });
    expect(layersOf({ config, layers: 3 })).toEqual([lstm(8), lstm(4, 0.5), lstm(4, 0.5)]);
    expect(resolveConfig({ embedding: 8 }).network).toEqual({ ...network, embeddingSize: 8 });
    expect(resolveConfig({ preset: 'seed', embedding: 8 }).network).toEqual({
      ...presets.seed.network,
      input: 'embedding',
      embeddingSize: 8,
    });
    expect(resolveConfig({ window: 50 }).text).toEqual({ ...text, window: 50, stride: 50 });
    expect(resolveConfig({ preset: 'seed', window: 50 }).text).toMatchObject({ window: 50, stride: 1 });
    const strided = file({ text: { stride: 10 } });
    expect(resolveConfig({ config: strided, window: 50 }).text).toMatchObject({ window: 50, stride: 10 });
    const followed = file({ text: { window: 200, stride: 200 } });
    expect(resolveConfig({ config: followed, window: 50 }).text).toMatchObject({ window: 50, stride: 50 });
    expect(resolveConfig({ config: followed }).text).toMatchObject({ window: 200, stride: 200 });
    expect(resolveConfig({ patience: 3, minDelta: 0.01 }).earlyStopping).toEqual({
      patience: 3,
      minDelta: 0.01,
    });
  });

  it('is that of the run that is resumed where flags say what it is', () => {
    const saved = { ...presets.quick, text: { ...presets.quick.text, window: 50, stride: 10 } };
    const flags = { units: [256], layers: 1, dropout: 0, embedding: 64, window: 50 };
    expect(resolveConfig(flags, saved)).toEqual(saved);
  });

  it('has no decay where flags turn it off, and one of all where they say so', () => {
    const config = file({ optimizer: { weightDecay: 0.1, weightDecayOn: 'kernels' } });
    const optimizerOf = (flags: ConfigFlags): unknown => resolveConfig({ config, ...flags }).optimizer;
    const { optimizer } = presets.quick;
    // To the key: a configuration is compared and kept as it is written.
    expect(optimizerOf({ weightDecay: 0 })).toStrictEqual(optimizer);
    expect(optimizerOf({ weightDecayOn: 'all' })).toStrictEqual({ ...optimizer, weightDecay: 0.1 });
    expect(optimizerOf({ weightDecay: 0, weightDecayOn: 'all' })).toStrictEqual(optimizer);
    expect(optimizerOf({ weightDecay: 0.2 })).toMatchObject({ weightDecay: 0.2, weightDecayOn: 'kernels' });
    expect(refusal({ config, weightDecay: 0, weightDecayOn: 'kernels' })).toBe(
      '--weight-decay-on kernels: needs a decay (set --weight-decay)',
    );
  });

  it('has a schedule of another kind with that kind’s settings, and the warm-up of before', () => {
    const config = file({ schedule: { kind: 'cosine', warmupSteps: 10, finalShare: 0.1 } });
    expect(resolveConfig({ config }).schedule).toEqual({ kind: 'cosine', warmupSteps: 10, finalShare: 0.1 });
    expect(resolveConfig({ schedule: 'cosine' }).schedule).toEqual({
      kind: 'cosine',
      warmupSteps: 0,
      finalShare: 0,
    });
    expect(resolveConfig({ config, schedule: 'step', decayEvery: 50 }).schedule).toEqual({
      kind: 'step',
      warmupSteps: 10,
      everySteps: 50,
      factor: 0.5,
    });
    expect(resolveConfig({ config, schedule: 'constant' }).schedule).toEqual({
      kind: 'constant',
      warmupSteps: 10,
    });
    expect(resolveConfig({ config, schedule: 'cosine', warmupSteps: 5 }).schedule).toEqual({
      kind: 'cosine',
      warmupSteps: 5,
      finalShare: 0.1,
    });
  });

  it('keeps what a file says of early stopping under a flag', () => {
    const config = file({ earlyStopping: { patience: 2, minDelta: 0.01 } });
    expect(resolveConfig({ config, patience: 5 }).earlyStopping).toEqual({ patience: 5, minDelta: 0.01 });
    expect(resolveConfig({ config: file({ earlyStopping: { patience: 2 } }) }).earlyStopping).toEqual({
      patience: 2,
      minDelta: 0,
    });
  });

  it.each<[unknown, RegExp]>([
    [{ optimiser: {} }, /unrecognized key.*optimiser/],
    [
      { batch: { size: 30, microBatch: 8 } },
      /^configuration \(with .*\): batch\.microBatch: must divide the batch of 30, as 5, 6, 10 or 15 would, received 8;/,
    ],
    [
      { evaluation: { everySteps: 5 }, text: { heldOut: false } },
      /: evaluation\.everySteps: needs a held-out/,
    ],
    [{ network: { layers: [] } }, /network\.layers: .*received \[\]/],
    [{ network: { input: 'embedding', embeddingSize: 0 } }, /network\.embeddingSize: .*received 0/],
    [{ preset: 'huge' }, /preset: expected quick or seed, received "huge"/],
    [{ seed: -1 }, /seed: .*received -1/],
    [
      { network: { layers: [{ dropout: 0.1 }] } },
      /network\.layers\.0\.units: expected number, received nothing;/,
    ],
  ])('%j is refused with its key and value', (settings, line) => {
    expect(() => resolveConfig({ config: file(settings) })).toThrow(line);
  });

  it.each<[string, string, RegExp]>([
    [
      'a value without end',
      `{"seed":[${'1,'.repeat(9999)}1]}`,
      /seed: expected number, received \[1,1,.*\.\.\.;/,
    ],
    ['a key without end', `{"${'x'.repeat(9999)}":1}`, /unrecognized key: "x+\.\.\.;/],
    ['a key that commands a terminal', '{"\\u001b[2J":1}', /unrecognized key: "\\u001b\[2J";/],
    ['a preset without end', `{"preset":"${'x'.repeat(9999)}"}`, /received "x+\.\.\.$/],
    ['text of several lines', 'seed:\n1', /not JSON \(.*\\u000a/],
    [
      'more bytes than a configuration has',
      ' '.repeat(1 << 21),
      /expected at most 1048576 bytes, received 2097152$/,
    ],
    ['very many errors', JSON.stringify({ network: { layers: Array(8).fill(1) } }), /; and 3 more;/],
    ['a prototype', '{"__proto__":{"seed":5}}', /unrecognized key: "__proto__";/],
  ])('%s is refused in a short line', (_, text, line) => {
    const config = join(folder, 'config.json');
    writeFileSync(config, text);
    const said = refusal({ config });
    expect(said).toMatch(line);
    expect(said.length).toBeLessThan(1000);
  });

  it.each<[ConfigFlags, string]>([
    [{ epochs: 0 }, '--epochs 0: too small: expected number to be >=1'],
    [
      { batch: 20_000 },
      '--batch 20000: --micro-batch: must be at least 20, for a step has at most 1024 micro-batches, received 16',
    ],
    [{ batch: 33, microBatch: 16 }, '--micro-batch 16: must divide the batch of 33, as 3, 11 or 33 would'],
    [{ units: [5000] }, '--units 5000: too big: expected number to be <=4096'],
    [{ dropout: 1 }, '--dropout 1: too big: expected number to be <=0.95'],
    [
      { units: [64, 32], layers: 3 },
      '--units 64,32 --layers 3: expected as many numbers of units as layers, or one for all',
    ],
    [{ embedding: 5000 }, '--embedding 5000: too big: expected number to be <=4096'],
    [{ minDelta: 0.1 }, '--min-delta 0.1: --patience: expected number, received nothing'],
    [{ weightDecayOn: 'kernels' }, '--weight-decay-on kernels: needs a decay (set --weight-decay)'],
    [{ decayEvery: 50 }, '--decay-every 50: schedule constant has no such setting'],
    [
      { schedule: 'step', decayFactor: 0.1 },
      '--schedule step --decay-factor 0.1: --decay-every: expected number, received nothing',
    ],
    [{ heldOut: false, patience: 3 }, '--patience 3: needs a held-out loss to judge by (set --held-out)'],
    [
      { heldOut: false, evaluateEvery: 9, learningRate: 11 },
      '--learning-rate 11: too big: expected number to be <=10',
    ],
    [
      { heldOut: false, evaluateEvery: 9 },
      '--evaluate-every 9: needs a held-out part to evaluate (set --held-out)',
    ],
  ])('from flags %j is refused under the options', (flags, line) => {
    expect(refusal(flags).slice(0, line.length)).toBe(line);
  });

  it('says what was received as it was given, also where that looks like a setting', () => {
    const config = file({ optimizer: { learningRate: 'batch.size' } });
    expect(() => resolveConfig({ config, weightDecay: 0.1 })).toThrow(
      '--weight-decay 0.1: --learning-rate: expected number, received "batch.size"',
    );
  });

  it('whose file does not go with a flag is refused under the flag', () => {
    const config = file({ batch: { size: 32, microBatch: 16 } });
    expect(() => resolveConfig({ config, batch: 33 })).toThrow(
      /^--batch 33: --micro-batch: must divide the batch of 33, as 3, 11 or 33 would, received 16$/,
    );
  });
});
