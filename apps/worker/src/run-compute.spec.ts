// Goal: the joining proof is what it says; an evaluation's pieces hold what is held out, each symbol or window once, whoever computes them in whatever order.
// Method: without weights every symbol has the loss ln V, so a sum of losses counts them; with weights, pieces are compared
// with one network that is given all streams.
import { RandomStream, sha256 } from '@rocinante/base';
import { chooseLstmPath, DeviceGrid, Network, type LstmPath } from '@rocinante/compute';
import { fillWindows, microBatchWindows, pieceStreams, type StreamEvaluation } from '@rocinante/corpus';
import { Engine, EngineMemoryError } from '@rocinante/engine';
import { firstValues } from '@rocinante/model';
import { networkOf, runShape, runWindows, type RunConfig } from '@rocinante/training';
import { describe, expect, it, vi } from 'vitest';
import { MicroBatchMemoryError } from './cards/fitting-micro-batch.js';
import { RunCompute } from './run-compute.js';
import { specRunConfig } from './spec-run-config.js';

const engine = Engine.load();
const vocabularySize = 7;
/** The held-out part has 501 symbols, in 50 streams, one of which has 11. */
const SYMBOLS = 10_020;

const random = new RandomStream(1, 'simulation');
const ids = Uint8Array.from({ length: SYMBOLS }, () => random.integer(vocabularySize));

function configOf(loss: 'every' | 'last', changes: object = {}): RunConfig {
  return specRunConfig({
    network: {
      input: 'one-hot',
      layers: [{ units: 5, dropout: 0.5 }],
      recurrentActivation: 'sigmoid',
      loss,
    },
    text: {
      normalisation: 'none',
      window: 10,
      stride: loss === 'every' ? 10 : 1,
      heldOut: true,
      order: 'shuffled',
    },
    batch: { size: 64, microBatch: 32 },
    ...changes,
  });
}

function computeOf(config: RunConfig, path?: LstmPath, sums?: 'device' | 'host'): RunCompute {
  const shared = new SharedArrayBuffer(SYMBOLS);
  new Uint8Array(shared).set(ids);
  return new RunCompute(
    engine,
    { type: 'open-run', config, vocabularySize, ids: shared, idBytes: 1, memory: null },
    { path, sums },
  );
}

function shapeOf(config: RunConfig): ReturnType<typeof runShape> {
  const corpus = { symbolCount: SYMBOLS, vocabularySize };
  return runShape(config, corpus, { checkpointIntervalMs: 0, checkpointEverySteps: 0, minWorkers: 1 });
}

function parametersOf(config: RunConfig, scale: number): Float32Array<SharedArrayBuffer> {
  const network = Network.create(engine, networkOf(config, vocabularySize), { windowLength: 10 });
  const values = new RandomStream(2, 'simulation');
  const vector = new Float32Array(new SharedArrayBuffer(network.layout.length * 4));
  vector.set(Float32Array.from(vector, () => (values.uniform() - 0.5) * scale));
  return vector;
}

/** The losses of some pieces by their numbers; null where the work was cancelled before. */
function evaluate(
  compute: RunCompute,
  vector: Float32Array<SharedArrayBuffer>,
  pieces: readonly number[],
  cancelled = 0,
): Map<number, number> | null {
  const flag = new Int32Array(new SharedArrayBuffer(4)).fill(cancelled);
  const assignment = {
    id: 1,
    kind: 'evaluate',
    step: 3,
    issue: 0,
    microBatches: pieces,
    parametersVersion: 1,
    firstRange: 0,
    magnitudesOnly: false,
  } as const;
  const result = compute.evaluate({
    type: 'evaluate',
    assignment,
    parameters: { version: 1, vector },
    cancelled: flag,
  });
  return result && new Map(result.results.map(({ microBatch, lossSum }) => [microBatch, lossSum]));
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe('the joining proof', () => {
  it('is the hash of the first micro-batch’s gradient on the values that the seed gives, with dropout', () => {
    const config = configOf('every');
    const compute = computeOf(config);
    const network = Network.create(engine, networkOf(config, vocabularySize), { windowLength: 10 });
    network.setParameters(firstValues(networkOf(config, vocabularySize), 1));
    const { windows, batches } = runWindows(config, SYMBOLS);
    const numbers = microBatchWindows(batches, 1, 0, 0);
    const symbols = new Int32Array(numbers.length * 11);
    fillWindows(ids, windows.train, numbers, symbols);
    const gradient = new Float32Array(network.layout.length);
    network.gradient({ windows: numbers.length, symbols }, { seed: 1, step: 0, microBatch: 0 }, gradient);
    expect(compute.prove()).toBe(sha256(gradient));
    const onDevice = computeOf(config, undefined, 'device');
    expect(onDevice.prove()).toBe(sha256(gradient));
    onDevice.dispose();
    network.dispose();
    compute.dispose();
  });

  it('is the same where there can be no graph of a gradient, which is told', () => {
    const config = configOf('every');
    const { TMPDIR } = process.env;
    const [withGraph, without] = [computeOf(config), computeOf(config)];
    const proof = withGraph.prove();
    try {
      process.env.TMPDIR = '/nonexistent';
      expect(without.prove()).toBe(proof);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    expect(withGraph.graphNotices).toEqual([]);
    expect(without.graphNotices).toEqual([
      expect.stringMatching(/^gradients are computed op by op, which is slower: a graph's file: ENOENT: /),
    ]);
    for (const compute of [withGraph, without]) compute.dispose();
  });

  it('is another where LSTM layers are computed by another path, and the path is told where it is not taken', () => {
    const { path } = chooseLstmPath(engine, 'fused');
    const layers = [{ units: 5, dropout: 0.5 }];
    const network = { input: 'one-hot', layers, recurrentActivation: 'sigmoid', loss: 'every' };
    const found = ['sigmoid', 'hard-sigmoid'].map((recurrentActivation) => {
      const config = configOf('every', { network: { ...network, recurrentActivation } });
      const [plain, fused] = [computeOf(config), computeOf(config, path)];
      const proofs = [plain.prove(), fused.prove()];
      const lines = fused.notices;
      plain.dispose();
      fused.dispose();
      return { same: proofs[0] === proofs[1], lines };
    });
    expect(found).toEqual([
      { same: false, lines: [] },
      {
        same: true,
        lines: ["LSTM path plain computes this run's network, and not fused: its gates are hard sigmoids"],
      },
    ]);
  });

  it('names the path that computes a network which cuDNN’s does not', () => {
    const { path } = chooseLstmPath(engine, 'fused');
    const refusing: LstmPath = {
      name: 'cudnn',
      gateOrder: path.gateOrder,
      whyNot: () => 'its vector is longer',
      read: (...given) => path.read(...given),
      forward: (...given) => path.forward(...given),
      backward: (...given) => path.backward(...given),
    };
    const compute = computeOf(configOf('every'), refusing);
    expect(compute.notices).toEqual([
      "LSTM path plain computes this run's network, and not cudnn: its vector is longer; --lstm fused computes it in fewer ops",
    ]);
    compute.dispose();
  });

  it('is another in mixed precision, and what has no instructions for it says so', () => {
    const { description } = engine;
    const [float32, mixed] = ['float32', 'mixed'].map((precision) => configOf('every', { precision }));
    try {
      const found = [true, false].map((multipliesBfloat16) => {
        Object.assign(engine, { description: { ...description, multipliesBfloat16 } });
        const [first, second] = [computeOf(float32), computeOf(mixed)];
        const proofs = [first.prove(), second.prove()];
        const notices = [first.notices, second.notices];
        for (const compute of [first, second]) compute.dispose();
        return { differ: proofs[0] !== proofs[1], notices, mixed: proofs[1] };
      });
      const line =
        /^precision mixed: .* has no bfloat16 instructions \(AVX512-BF16\), so factors are rounded and .* in float32: no faster/;
      expect(found).toMatchObject([
        { differ: true, notices: [[], []] },
        { differ: true, notices: [[], [expect.stringMatching(line)]] },
      ]);
      Object.assign(engine, { description: { ...description, device: 'gpu', multipliesBfloat16: true } });
      const onCard = computeOf(mixed, undefined, 'host');
      onCard.dispose();
      expect(onCard.notices).toEqual([
        'precision mixed: on a card LSTM layers are then computed op by op, which is usually slower than --precision float32; --precision tf32 is the fast one',
      ]);
      Object.assign(engine, { description: { ...description, device: 'gpu', multipliesBfloat16: false } });
      const onOldCard = computeOf(mixed, undefined, 'host');
      onOldCard.dispose();
      expect(onOldCard.notices).toEqual([
        expect.stringMatching(
          /^precision mixed: .* has no bfloat16 products \(compute capability 8\.0 and more\), .*: usually slower than --precision float32/,
        ),
      ]);
    } finally {
      Object.assign(engine, { description });
    }
  });

  it('is refused in mixed precision to a card of which nobody says whether it has the instructions', () => {
    const { description } = engine;
    Object.assign(engine, { description: { ...description, device: 'gpu', multipliesBfloat16: null } });
    try {
      expect(() => computeOf(configOf('every', { precision: 'mixed' }))).toThrow(
        /^--precision mixed: expected a card whose compute capability is known, found .*unknown \(nvidia-smi is not there, or does not say\); put nvidia-smi in PATH, or use/,
      );
    } finally {
      Object.assign(engine, { description });
    }
  });

  it('is that of float32 in precision tf32 where nothing rounds to it, which is said', () => {
    const { description } = engine;
    const [float32, tf32] = ['float32', 'tf32'].map((precision) => configOf('every', { precision }));
    const proofs = [float32, tf32].map((config) => {
      const compute = computeOf(config);
      const proof = compute.prove();
      compute.dispose();
      return proof;
    });
    expect(proofs[1]).toBe(proofs[0]);
    const noticesOn = (change: object): readonly string[] => {
      Object.assign(engine, { description: { ...description, ...change } });
      const compute = computeOf(tf32, undefined, 'host');
      compute.dispose();
      return compute.notices;
    };
    const older = { device: 'gpu', model: 'Tesla V100', multipliesBfloat16: false };
    try {
      expect(
        [
          { multipliesBfloat16: true },
          older,
          { ...older, multipliesBfloat16: null },
          { ...older, multipliesBfloat16: true },
        ].map(noticesOn),
      ).toEqual([
        [
          `precision tf32: only cards round factors to TF32; on ${description.model} products are those of --precision float32`,
        ],
        [
          'precision tf32: only cards of compute capability 8.0 and more round factors to TF32; ' +
            'on Tesla V100 products are those of --precision float32',
        ],
        [
          'precision tf32: only cards of compute capability 8.0 and more round factors to TF32; ' +
            'of Tesla V100 it is unknown (nvidia-smi says it), so products may be those of --precision float32',
        ],
        [],
      ]);
    } finally {
      Object.assign(engine, { description });
    }
  });

  it('does not depend on what was computed before, on initial weights or on the length, but on the seed', () => {
    const proofOf = (changes: object): string => {
      const compute = computeOf(configOf('every', changes));
      const proof = compute.prove();
      compute.dispose();
      return proof;
    };
    const compute = computeOf(configOf('every'));
    const proof = compute.prove();
    evaluate(compute, parametersOf(configOf('every'), 2), [0]);
    expect(compute.prove()).toBe(proof);
    compute.dispose();
    expect(proofOf({ initFrom: 'a'.repeat(64), epochs: 9, steps: 3 })).toBe(proof);
    expect(proofOf({ seed: 2 })).not.toBe(proof);
  });

  it('leaves no parameters behind that an evaluation could take for its own', () => {
    const config = configOf('every');
    const compute = computeOf(config);
    const vector = parametersOf(config, 2);
    const before = evaluate(compute, vector, [0])!;
    compute.prove();
    expect(evaluate(compute, vector, [0])).toEqual(before);
    compute.dispose();
  });
});

describe('an evaluation', () => {
  it.each([
    ['every', {}, 501],
    ['every', { evaluation: { symbolsMax: 250 } }, 250],
    ['last', {}, 491],
    ['last', { evaluation: { symbolsMax: 1000 } }, 99],
  ] as const)('with a loss on %s position and %j counts %i', (loss, changes, units) => {
    const config = configOf(loss, changes);
    const compute = computeOf(config);
    const { evaluationPieces, evaluationUnits } = shapeOf(config);
    expect(evaluationUnits).toBe(units);
    const losses = evaluate(compute, parametersOf(config, 0), numbers(evaluationPieces))!;
    expect(losses.size).toBe(evaluationPieces);
    expect(sum(losses.values()) / Math.log(vocabularySize)).toBeCloseTo(units, 3);
    compute.dispose();
  });

  it('has the same bits whatever the pieces’ order and company', () => {
    const config = configOf('every');
    const compute = computeOf(config);
    const vector = parametersOf(config, 2);
    const all = evaluate(compute, vector, numbers(7))!;
    const others = computeOf(config);
    for (const pieces of [[6, 2], [0], [5, 4, 3, 1]]) {
      for (const [piece, loss] of evaluate(others, vector, pieces)!) expect(loss).toBe(all.get(piece));
    }
    compute.dispose();
    others.dispose();
  });

  it('is that of the streams of the plan', () => {
    const config = configOf('every');
    const compute = computeOf(config);
    const vector = parametersOf(config, 2);
    const plan = runWindows(config, SYMBOLS).evaluation as StreamEvaluation;
    const symbols = numbers(7).flatMap((piece) => pieceStreams(ids, plan, piece));
    const network = Network.create(engine, networkOf(config, vocabularySize), { windowLength: 100 });
    network.setParameters(vector);
    const { lossSum } = network.evaluateStreams({ symbols, primed: 10 })!;
    // Products of 50 rows may round otherwise than those of 8.
    expect(sum(evaluate(compute, vector, numbers(7))!.values()) / lossSum).toBeCloseTo(1, 6);
    network.dispose();
    compute.dispose();
  });

  it('that was cancelled gives nothing', () => {
    const config = configOf('every');
    const compute = computeOf(config);
    expect(evaluate(compute, parametersOf(config, 1), [0], 1)).toBeNull();
    compute.dispose();
  });

  it('of a run that holds nothing out is refused', () => {
    const text = { ...configOf('every').text, heldOut: false };
    const config = configOf('every', { text });
    const compute = computeOf(config);
    expect(() => evaluate(compute, parametersOf(config, 1), [0])).toThrow(/holds nothing out/);
    compute.dispose();
  });
});

describe('a micro-batch for which the memory is short', () => {
  /** Plain, which from so many windows on finds no memory (what the engine's own refusal is like, its spec shows). */
  function greedyFrom(windows: number): LstmPath {
    const { path } = chooseLstmPath(engine, 'plain');
    return {
      name: path.name,
      gateOrder: path.gateOrder,
      read: (...args) => path.read(...args),
      backward: (...args) => path.backward(...args),
      forward: (layer, input, extent) => {
        if (extent.B >= windows) throw new EngineMemoryError('Fill', new Error('OOM when allocating'));
        return path.forward(layer, input, extent);
      },
    };
  }

  it('is answered by the largest one that was computed, and leaves nothing behind', () => {
    const config = configOf('every', { batch: { size: 96, microBatch: 48 } });
    const compute = computeOf(config, greedyFrom(30));
    const model = engine.description.model;
    expect(() => compute.prove()).toThrow(
      `micro-batch: expected one that fits the memory of ${model}, received 48 windows, for which it is short; ` +
        '24 windows fit what is free of it now, as was tried: --micro-batch 24',
    );
    const handles = engine.liveHandles;
    expect(() => compute.prove()).toThrow(MicroBatchMemoryError);
    expect(engine.liveHandles).toBe(handles);
    compute.dispose();
  });

  it.each(['quantise', 'readHash', 'readSum'] as const)(
    'shows in the proof also where it is short for the sum: %s',
    (op) => {
      const compute = computeOf(configOf('every'), undefined, 'device');
      const proof = compute.prove();
      const handles = engine.liveHandles;
      const short = vi.spyOn(DeviceGrid.prototype, op).mockImplementation(() => {
        throw new EngineMemoryError('Cast', new Error('OOM when allocating'));
      });
      try {
        expect(() => compute.prove()).toThrow(MicroBatchMemoryError);
      } finally {
        short.mockRestore();
      }
      expect(engine.liveHandles).toBe(handles);
      expect(compute.prove()).toBe(proof);
      compute.dispose();
    },
  );

  it('is told of as what nothing fits, where nothing does', () => {
    const compute = computeOf(configOf('every'), greedyFrom(1));
    expect(() => compute.prove()).toThrow(/received 32 windows, .*; no smaller one of this batch fits/);
    compute.dispose();
  });
});
