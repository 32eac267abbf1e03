/**
 * Goal: a run's activation has one end, which is told to everyone, and nothing is left under way after it. Method: a real
 * text, folder, disk and port. Nobody computes: runs wait for workers, or go on from a checkpoint at their end.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '@rocinante/base';
import { checkpointName, readCheckpointFile } from '@rocinante/checkpoint';
import { firstValues, networkLayout } from '@rocinante/model';
import { networkOf, noProgress, type RunConfig } from '@rocinante/training';
import { encodeWeightsFile } from '@rocinante/weights';
import type { CoordinatorMessageReceived } from '@rocinante/wire';
import { eventually, smallConfig } from '../daemon/spec-coordinator.js';
import { parseConfig } from '../config.js';
import { RunFailedError } from '../errors.js';
import { client, service } from '../service/spec-service.js';
import { NOT_PROVEN } from './exactness.js';
import { wordsEntry } from './kept-words.js';
import { prepareRun, type PreparedRun } from './prepared-run.js';
import { weightsOfCheckpoint } from './checkpoints/checkpoint-weights.js';
import { RunCheckpoints } from './checkpoints/run-checkpoints.js';
import { DEFAULT_LIMITS } from './run-limits.js';
import { saveState } from './checkpoints/spec-checkpoints.js';
import { directory, encoded, events, execution, logged, prepared, told } from './spec-execution.js';

/** Its one step is closed in the checkpoint of `atItsEnd`. */
const oneStep: RunConfig = parseConfig({ ...smallConfig, steps: 1 }, {});

afterEach(() => vi.useRealTimers());

async function atItsEnd(exactness = NOT_PROVEN): Promise<PreparedRun> {
  const { corpus, words } = await encoded();
  const network = networkOf(oneStep, corpus.vocabulary.size);
  const layout = networkLayout(network);
  const frame = {
    config: oneStep,
    layout,
    vocabulary: corpus.vocabulary.symbols,
    corpusSha256: corpus.textSha256,
  };
  const entry = { step: 1, epoch: 1, loss: 2.5, validationLoss: 2.25 };
  await saveState(
    new RunCheckpoints(directory.checkpointsPath, frame, DEFAULT_LIMITS),
    layout,
    {
      type: 'save',
      step: 1,
      reason: 'end',
      best: true,
      progress: { ...noProgress, step: 1, issues: 2, lastLoss: 2.5, history: [entry], bestLoss: 2.25 },
    },
    { parameters: firstValues(network, 1), exactness },
  );
  return prepareRun(oneStep, { corpus, words }, DEFAULT_LIMITS, directory, oneStep);
}

describe('a run that waits', () => {
  it('has taken its first values, which nobody holds any more', async () => {
    const begins = await prepared();
    const run = execution(begins);
    expect(() => begins.firstValues!.take()).toThrow('first values are taken once');
    const end = run.run();
    run.stop('lunch');
    expect(await end).toMatchObject({ outcome: 'stopped' });
  });

  it('is stopped with a checkpoint, and its time ends it as a stop does', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const run = execution(await prepared({ maxHours: 2 }), { activeSeconds: 7_200 });
    const end = run.run();
    await eventually(() => (events().includes('checkpoint') ? true : null));
    expect(run).toMatchObject({ epoch: 0, windowsPerSecond: null, heldReason: null, summary: null });
    vi.advanceTimersByTime(1_000);
    const reason = 'stopped after step 0: it has been active for the 2 hours of --max-hours';
    expect(await end).toEqual({ outcome: 'stopped', reason });
    expect(logged()).toEqual(['started', 'checkpoint', 'finished']);
    expect(service.pool()?.served ?? null).toBeNull();
    // Who interrupts what is over already has not ended it.
    run.stop('interrupted');
    expect(run.stopReason).toBe('it has been active for the 2 hours of --max-hours');
    expect(run.checkpoint).toBe(checkpointName(0));
  });

  it('ends where it is aborted during a checkpoint: that is on the disk by then, and the end is the last word', async () => {
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (events().includes('started') ? true : null));
    run.abort(new RunFailedError('no worker is left'));
    await expect(end).rejects.toThrow('no worker is left');
    expect(told.at(-1)).toMatchObject({ event: 'finished', outcome: 'failed', reason: 'no worker is left' });
    const { loaded } = await prepareRun(smallConfig, await encoded(), DEFAULT_LIMITS, directory, smallConfig);
    expect(loaded?.progress.step).toBe(0);
    const before = logged();
    // What still comes is told to nobody, and written nowhere.
    run.log.noticed('too late');
    run.stop('too late');
    expect(logged()).toEqual(before);
  });
});

describe('a run at its end', () => {
  it('has its exactness in checkpoint, log and weights', async () => {
    const engine = { tensorflow: '2.21', device: 'cpu', model: 'any', features: [] };
    const setBy = { worker: 'a', engine };
    const exactness = { proof: 'c'.repeat(64), setBy, notExactSince: 1 };
    const run = await atItsEnd(exactness);
    expect(run.exactness).toEqual(exactness);
    await execution(run).run();
    expect(told[0]).toMatchObject({ event: 'started', notExactSince: 1 });
    expect(readFileSync(directory.finalWeightsPath, 'latin1')).toContain('not exact since step 1');
    // Those of its last checkpoint are the same file.
    const checkpoint = await readCheckpointFile(join(directory.checkpointsPath, checkpointName(1)));
    const { bytes } = encodeWeightsFile(weightsOfCheckpoint(checkpoint, wordsEntry(directory)));
    expect(sha256(bytes)).toBe(sha256(readFileSync(directory.finalWeightsPath)));
  });

  it('goes on where its words cannot be kept, which is said', async () => {
    mkdirSync(join(directory.path, 'words.json.partial'));
    await execution(await atItsEnd()).run();
    const notice = told.find((entry) => entry.event === 'notice');
    expect(notice?.message).toMatch(/words\.json.*; weights of its checkpoints carry no words of its text$/);
    expect(wordsEntry(directory)).toEqual({});
  });

  it('has its final weights, and says what it came to', async () => {
    const run = execution(await atItsEnd(), { sample: true });
    expect(await run.run()).toEqual({ outcome: 'done', reason: 'its one step is closed' });
    expect(run.summary).toMatchObject({ steps: 1, epoch: 1, loss: 2.5, validationLoss: 2.25 });
    expect(run.summary).toMatchObject({ bestStep: 1, bestValidationLoss: 2.25 });
    expect(run.summary!.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    // Without a worker there is no sample, which is no reason to fail.
    expect(told.find(({ event }) => event === 'notice')).toMatchObject({
      message: 'no sample: no worker is there to draw it; ./rocinante sample draws one from the weights',
    });
    expect(logged()).toEqual(['started', 'finished', 'notice', 'summary']);
  });

  it('tells that it ends after it told that it began, also where it is stopped before', async () => {
    const run = execution(await atItsEnd(), { sample: true });
    const end = run.run();
    // The ledger is being opened. No sample is waited for.
    run.stop('lunch');
    expect(await end).toMatchObject({ outcome: 'done' });
    expect(logged()).toEqual(['started', 'finished', 'summary']);
  });

  it('fails where these cannot be written, and says so last', async () => {
    mkdirSync(directory.finalWeightsPath);
    const run = execution(await atItsEnd());
    await expect(run.run()).rejects.toThrow(directory.finalWeightsPath);
    expect(told.at(-1)).toMatchObject({ event: 'finished', outcome: 'failed' });
    expect(run.summary).toBeNull();
  });
});

describe('a worker', () => {
  /** A worker that is ready for any run, with this proof, and then does nothing. */
  function idle(proof = 'a'.repeat(64), name = 'a'): { reasons: string[] } {
    const call = client.work();
    const reasons: string[] = [];
    call.on('error', () => undefined);
    call.on('data', ({ startRun, endRun }: CoordinatorMessageReceived) => {
      if (startRun) call.write({ ready: { run: startRun.run, activation: startRun.activation, proof } });
      if (endRun) reasons.push(endRun.reason);
    });
    call.write({ hello: { protocolMin: 1, protocolMax: 1, name, threads: 1 } });
    return { reasons };
  }

  it('sets the joining proof, which parks another one, and binds no later activation while no step is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (events().includes('checkpoint') ? true : null));
    idle('a'.repeat(64), 'first');
    await eventually(() => (run.view.workers.length === 1 ? true : null));
    idle('b'.repeat(64), 'other');
    await eventually(() => run.idleWorkers.find(({ standing }) => standing === 'parked') ?? null);
    expect(run.view.workers.map(({ worker }) => worker)).toEqual(['first#1']);
    service.sessions[0].end();
    await eventually(() => (run.view.phase === 'waiting' ? true : null));
    vi.advanceTimersByTime(1_000);
    vi.advanceTimersByTime(1_000);
    const [, ...said] = told.filter(({ event }) => event !== 'checkpoint');
    expect(said.map(({ event }) => event)).toEqual([
      'joining-proof',
      'worker-joined',
      'worker-parked',
      'worker-left',
      'notice',
    ]);
    expect(said.at(-1)).toMatchObject({ message: `the run is active, but ${run.waitingReason}` });
    expect(run.waitingReason).toMatch(/0 of 1 are there; parked, .*: other$/);
    run.stop('lunch');
    await end;
    const again = await prepareRun(smallConfig, await encoded(), DEFAULT_LIMITS, directory, smallConfig);
    expect(again.loaded?.exactness).toEqual(NOT_PROVEN);
    expect(again.exactness).toEqual(NOT_PROVEN);
  });

  it('is called by its name where the rules speak of it, and not by its session', async () => {
    const run = execution(await prepared());
    const end = run.run();
    for (const name of ['one', 'two', 'three']) {
      idle('a'.repeat(64), name);
      await eventually(() => run.view.workers.find(({ worker }) => worker.startsWith(name)) ?? null);
    }
    expect(told.find(({ event }) => event === 'notice')).toMatchObject({
      message: 'worker three is a spare: 3 workers, and a step has 2 micro-batches',
    });
    run.stop('lunch');
    run.stopNow();
    await end;
  });

  it('that cannot work for a run has its reason in the log, and stays', async () => {
    const call = client.work();
    call.on('error', () => undefined);
    call.on('data', ({ startRun }: CoordinatorMessageReceived) => {
      if (!startRun) return;
      call.write({
        trouble: { activation: startRun.activation, code: 'MALFORMED', message: 'schedule: unknown' },
      });
    });
    call.write({ hello: { protocolMin: 1, protocolMax: 1, name: 'old', threads: 1 } });
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => run.idleWorkers.find(({ standing }) => standing === 'refused') ?? null);
    expect(told.find(({ event }) => event === 'notice')).toMatchObject({
      message: 'worker old cannot work for this run, and waits for the next: MALFORMED: schedule: unknown',
    });
    expect(run.waitingReason).toBe('it waits for workers: 0 of 1 are there; cannot work for it: old');
    run.stop('lunch');
    await end;
    expect(service.sessions).toHaveLength(1);
  });

  it('of another kind is admitted by --exact off, and the record says so', async () => {
    const run = execution(await prepared({ exact: 'off' }));
    const end = run.run();
    idle('a'.repeat(64), 'first');
    await eventually(() => (run.view.workers.length === 1 ? true : null));
    idle('b'.repeat(64), 'other');
    await eventually(() => (run.view.workers.length === 2 ? true : null));
    expect(run.exactness).toMatchObject({ proof: 'a'.repeat(64), notExactSince: 0 });
    expect(told.find(({ event }) => event === 'not-exact')).toMatchObject({ worker: 'other', atStep: 0 });
    run.stop('lunch');
    run.stopNow();
    await end;
  });

  it('hears why a run is over', async () => {
    const { reasons } = idle();
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (run.view.workers.length === 1 ? true : null));
    run.stop('lunch');
    // It never reports: the step in progress is given up.
    run.stopNow();
    await end;
    expect(await eventually(() => reasons[0] ?? null)).toBe('stopped after step 0: lunch');
    expect(run.shares.size).toBe(0);
  });
});
