import { CorpusTooShortError } from '@rocinante/corpus';
import { describe, expect, it } from 'vitest';
import { exampleConfig as config } from './example-config.js';
import type { RunConfig } from './run-config.js';
import { runShape } from './run-shape.js';

const corpus = { symbolCount: 10_000, vocabularySize: 30 };

const shapeOf = (change: Partial<RunConfig> = {}): ReturnType<typeof runShape> =>
  runShape({ ...config, ...change }, corpus, {
    checkpointIntervalMs: 5000,
    checkpointEverySteps: 30,
    minWorkers: 2,
  });

describe('a run’s shape', () => {
  it('follows from its configuration, its corpus and the limits', () => {
    expect(shapeOf()).toEqual({
      // 899 windows in the training part's 9,000 symbols, 8 a step.
      stepsTotal: 226,
      windowsPerEpoch: 899,
      microBatchesPerStep: 4,
      windowsPerMicroBatch: 2,
      // 500 symbols in 50 streams.
      evaluationPieces: 7,
      evaluationUnits: 500,
      evaluateEverySteps: 0,
      patience: 0,
      minDelta: 0,
      rangeCount: 1,
      clips: false,
      checkpointIntervalMs: 5000,
      checkpointEverySteps: 30,
      minWorkers: 2,
      seed: 1,
      auditShare: 0,
      normChecks: true,
      spikeFactor: 0,
      anchorEverySteps: 0,
    });
  });

  it('has a loss on the last position evaluated on windows', () => {
    const network = { ...config.network, loss: 'last' } as const;
    expect(shapeOf({ network })).toMatchObject({ evaluationPieces: 25, evaluationUnits: 49 });
    const evaluation = { everySteps: 20, symbolsMax: 100 };
    expect(shapeOf({ network, evaluation })).toMatchObject({
      evaluationPieces: 5,
      evaluationUnits: 10,
      evaluateEverySteps: 20,
    });
  });

  it('has as many steps as are said, and ends early if so', () => {
    const earlyStopping = { patience: 3, minDelta: 0.25 };
    expect(shapeOf({ steps: 12, earlyStopping })).toMatchObject({
      stepsTotal: 12,
      patience: 3,
      minDelta: 0.25,
    });
  });

  it('has nothing to evaluate where nothing is held out', () => {
    const text = { ...config.text, heldOut: false };
    expect(shapeOf({ text })).toMatchObject({
      windowsPerEpoch: 999,
      evaluationPieces: 0,
      evaluationUnits: 0,
    });
  });

  it('needs a text of some length', () => {
    const short = { symbolCount: 50, vocabularySize: 3 };
    expect(() =>
      runShape(config, short, { checkpointIntervalMs: 0, checkpointEverySteps: 0, minWorkers: 1 }),
    ).toThrow(CorpusTooShortError);
  });
});
