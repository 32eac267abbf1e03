/** Goal: a run begins, or goes on where it stood, as long as it is to be now. Method: a real text, folder and checkpoints. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkpointName, NoGoodCheckpointError } from '@rocinante/checkpoint';
import { networkLayout } from '@rocinante/model';
import { networkOf, noProgress, type RunProgress } from '@rocinante/training';
import { encodeText } from '../corpus/encode-thread.js';
import { smallConfig, text } from '../daemon/spec-coordinator.js';
import { UsageError } from '../errors.js';
import { prepareRun, type PreparedRun } from './prepared-run.js';
import { rateChange } from './rate-change.js';
import { RunDirectory } from './run-directory.js';
import { DEFAULT_LIMITS, type RunLimits } from './run-limits.js';
import { RunCheckpoints } from './checkpoints/run-checkpoints.js';
import { saveState } from './checkpoints/spec-checkpoints.js';

let folder: string;
let directory: RunDirectory;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-prepared-'));
  directory = new RunDirectory(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function prepared(
  config = smallConfig,
  before = smallConfig as typeof smallConfig | null,
  changes: Partial<RunLimits> = {},
): Promise<PreparedRun> {
  const encoded = await encodeText({
    bytes: Buffer.from(text),
    normalisation: 'none',
    subject: 'corpus',
    symbols: null,
  });
  const limits = { ...DEFAULT_LIMITS, checkpointSeconds: 1.5, keepEverySteps: 7, minWorkers: 2, ...changes };
  return prepareRun(config, encoded, limits, directory, before);
}

async function saveStep(
  step: number,
  ofRun = smallConfig,
  reached: Partial<RunProgress> = {},
): Promise<string> {
  const { checkpoints, config, corpus } = await prepared(ofRun, ofRun);
  const layout = networkLayout(networkOf(config, corpus.vocabulary.size));
  const progress = { ...noProgress, step, issues: step, ...reached };
  const effect = { type: 'save', step, reason: 'interval', best: false, progress } as const;
  return join(directory.checkpointsPath, await saveState(checkpoints, layout, effect));
}

it('begins where there is no checkpoint, within its limits', async () => {
  const { shape, loaded, lengthBefore } = await prepared(smallConfig, null);
  expect(shape).toMatchObject({
    stepsTotal: 5,
    checkpointIntervalMs: 1500,
    checkpointEverySteps: 7,
    minWorkers: 2,
  });
  expect([loaded, lengthBefore]).toEqual([null, null]);
  const auto = await prepared(smallConfig, null, { checkpointSeconds: 'auto' });
  expect(auto.shape.checkpointIntervalMs).toBe('auto');
  // One that was ended before its first checkpoint begins too.
  expect((await prepared()).loaded).toBeNull();
});

it('goes on from the newest checkpoint, and knows when its length is another one', async () => {
  await saveStep(2);
  const same = await prepared();
  expect(same.loaded?.progress.step).toBe(2);
  expect(same.lengthBefore).toBeNull();
  const { shape, lengthBefore } = await prepared({ ...smallConfig, steps: 9 });
  expect([shape.stepsTotal, lengthBefore]).toEqual([9, { steps: 5, epochs: smallConfig.epochs }]);
});

it('goes on at the same rate where that is constant', async () => {
  await saveStep(4);
  expect(rateChange(await prepared({ ...smallConfig, steps: 9 }))).toBeNull();
});

it('goes on at another rate where its length is another one and a schedule goes by that', async () => {
  const cosine = { ...smallConfig, schedule: { kind: 'cosine', warmupSteps: 0, finalShare: 0 } as const };
  const rate = smallConfig.optimizer.learningRate;
  // Of 5 steps: the last has none; in the middle of 9 it is half.
  await saveStep(4, cosine);
  const longer = rateChange(await prepared({ ...cosine, steps: 9 }, cosine));
  expect(longer!.from).toBeCloseTo(0, 12);
  expect(longer!.to).toBeCloseTo(rate / 2, 12);
  expect(rateChange(await prepared(cosine, cosine))).toBeNull();
  await saveStep(5, cosine);
  expect(rateChange(await prepared({ ...cosine, steps: 9 }, cosine))!.from).toBeCloseTo(0, 12);
});

it('does not go on to fewer steps than it has', async () => {
  await saveStep(4);
  await expect(prepared({ ...smallConfig, steps: 3 })).rejects.toThrow(UsageError);
  await expect(prepared({ ...smallConfig, steps: 3 })).rejects.toThrow(
    '--steps 3: the run has 4 steps already; expected at least so many, received 3',
  );
  // Of 68 windows in batches.
  const { stepsTotal } = (await prepared({ ...smallConfig, steps: null, epochs: 1 }, null)).shape;
  await saveStep(stepsTotal + 1);
  await expect(prepared({ ...smallConfig, steps: null, epochs: 1 })).rejects.toThrow(
    `--epochs 1: the run has ${stepsTotal + 1} steps already; expected at least so many, received ${stepsTotal}; give --epochs 2 or more`,
  );
});

it('is made no longer where it has stopped early, but for more patience; as long as it was it ends again', async () => {
  const patient = (patience: number): typeof smallConfig => ({
    ...smallConfig,
    earlyStopping: { patience, minDelta: 0 },
  });
  const history = [2, 3].map((validationLoss, index) => ({
    step: index + 1,
    epoch: 1,
    loss: 1,
    validationLoss,
  }));
  const before = patient(1);
  await saveStep(2, before, { history, bestLoss: 2 });
  await expect(prepared({ ...before, steps: 9 }, before)).rejects.toThrow(
    'the run stopped early after step 2: the loss did not fall in 1 evaluation; give --patience 2 or more',
  );
  await expect(prepared({ ...before, steps: 9 }, smallConfig)).rejects.toThrow(
    'the run would stop early at once, after step 2: the loss did not fall in 1 evaluation; give --patience 2 or more',
  );
  for (const config of [before, { ...patient(2), steps: 9 }, patient(2)]) {
    expect((await prepared(config, before)).loaded?.progress.step).toBe(2);
  }
});

it('does not begin with a batch larger than its text, and goes on where an earlier release did', async () => {
  const vast = { ...smallConfig, batch: { size: 70, microBatch: 2 } };
  const refused =
    /^corpus: expected a batch of at most 68 windows, .*, received 70; .*--batch 68 --micro-batch 2/;
  for (const before of [null, vast]) await expect(prepared(vast, before)).rejects.toThrow(refused);
  const { config, corpus, limits } = await prepared(smallConfig, null);
  const layout = networkLayout(networkOf(config, corpus.vocabulary.size));
  const checkpoints = new RunCheckpoints(
    directory.checkpointsPath,
    {
      config: vast,
      layout,
      vocabulary: corpus.vocabulary.symbols,
      corpusSha256: corpus.textSha256,
    },
    limits,
  );
  const progress = { ...noProgress, step: 2, issues: 2 };
  await saveState(checkpoints, layout, { type: 'save', step: 2, reason: 'interval', best: false, progress });
  expect((await prepared(vast, vast)).loaded?.progress.step).toBe(2);
});

it('does not begin anew where all checkpoints are damaged', async () => {
  writeFileSync(await saveStep(2), 'damaged');
  await expect(prepared()).rejects.toThrow(NoGoodCheckpointError);
});

it('passes over damaged checkpoints, which go once a good one is saved', async () => {
  await saveStep(2);
  writeFileSync(await saveStep(3), 'damaged');
  expect((await prepared()).loaded).toMatchObject({ progress: { step: 2 }, passedOver: [{}] });
  await saveStep(4);
  expect(readdirSync(directory.checkpointsPath)).toEqual([2, 4].map(checkpointName));
});

it('audits the share that it is told to', async () => {
  expect((await prepared(smallConfig, null, { auditShare: 0.25 })).shape).toMatchObject({
    auditShare: 0.25,
    seed: smallConfig.seed,
  });
});
