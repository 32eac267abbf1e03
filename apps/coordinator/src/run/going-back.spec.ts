/**
 * Goal: what outlasts a run's going back. Who leaves meanwhile is told of as at any other time, and a disk that is nearly full
 * still holds the run. Method: real runs, folders and workers over gRPC, which answer that what they computed is not finite;
 * how much room the disk has is told by the spec.
 */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkpointName } from '@rocinante/checkpoint';
import { firstValues, networkLayout } from '@rocinante/model';
import { networkOf, noProgress, type RunConfig } from '@rocinante/training';
import type { AssignMessage, CoordinatorMessageReceived } from '@rocinante/wire';
import { eventually, smallConfig } from '../daemon/spec-coordinator.js';
import { client } from '../service/spec-service.js';
import { RunCheckpoints } from './checkpoints/run-checkpoints.js';
import { saveState } from './checkpoints/spec-checkpoints.js';
import { prepareRun, type PreparedRun } from './prepared-run.js';
import type { RunExecution } from './run-execution.js';
import { DEFAULT_LIMITS } from './run-limits.js';
import { directory, encoded, events, execution, prepared, told } from './spec-execution.js';

const disk = vi.hoisted(() => ({ freeBytes: Infinity }));
vi.mock('./disk-space.js', async (original) => ({
  ...(await original<object>()),
  freeBytes: () => Promise.resolve(disk.freeBytes),
}));

const config: RunConfig = { ...smallConfig, divergence: { ...smallConfig.divergence, then: 'rollback' } };
const PROOF = 'a'.repeat(64);

afterEach(() => {
  vi.useRealTimers();
  disk.freeBytes = Infinity;
});

/** Leaves a run whose going back is asked for: how often it was begun says which one that is. */
type Leaves = { readonly at: 'endRun' | 'startRun'; readonly time: number } | null;

/** A worker that computes nothing but what is not finite, while the run is offered for the first time. */
class DivergingWorker {
  /** Of its first offer, and of those after it. */
  readonly assigned: AssignMessage[] = [];
  readonly assignedAgain: AssignMessage[] = [];
  /** Lets go of what it answers. */
  answers: () => void = () => undefined;
  readonly #answering = new Promise<void>((resolve) => (this.answers = resolve));
  readonly #call = client.work();
  readonly #seen = { startRun: 0, endRun: 0 };

  constructor(
    name: string,
    readonly blocks: number,
    readonly leaves: Leaves = null,
  ) {
    this.#call.on('error', () => undefined);
    this.#call.on('data', (message: CoordinatorMessageReceived) => this.#received(message));
    this.#call.write({ hello: { protocolMin: 1, protocolMax: 1, name, threads: 1 } });
  }

  #received({ startRun, endRun, assign }: CoordinatorMessageReceived): void {
    if (assign) void this.#compute(assign);
    const kind = startRun ? 'startRun' : endRun ? 'endRun' : null;
    if (kind === null) return;
    this.#seen[kind] += 1;
    if (this.leaves?.at === kind && this.leaves.time === this.#seen[kind]) return this.#call.cancel();
    if (startRun) {
      const { run, activation } = startRun;
      this.#call.write({ ready: { run, activation, proof: PROOF } });
    } else {
      this.#call.write({ logLines: { json: [], activation: endRun!.activation, last: true } });
    }
  }

  async #compute(assign: AssignMessage): Promise<void> {
    const isAgain = this.#seen.startRun > 1;
    (isAgain ? this.assignedAgain : this.assigned).push(assign);
    await this.#answering;
    if (isAgain) return;
    const notFinite = { lossSum: 1, norm: 1, finite: false, hash: 0 };
    this.#call.write({
      report: {
        assignment: assign.assignment,
        results: assign.microBatches.map((microBatch) => ({ microBatch, ...notFinite })),
        magnitudes: Buffer.alloc(4 * this.blocks),
        fits: true,
        computeSeconds: 0.01,
      },
    });
  }
}

function blocksOf({ corpus }: PreparedRun): number {
  return networkLayout(networkOf(config, corpus.vocabulary.size)).blockCount;
}

async function over(run: RunExecution, end: Promise<unknown>): Promise<void> {
  run.stop('lunch');
  run.stopNow();
  await end;
}

describe('a worker that leaves while a run goes back', () => {
  it.each([
    ['while nobody is offered it', { at: 'endRun', time: 1 }],
    ['before it is ready again', { at: 'startRun', time: 2 }],
  ] as const)('%s, is told of once, as lost', async (_when, leaves) => {
    const run = await prepared({ minWorkers: 2 }, config);
    const blocks = blocksOf(run);
    const left: unknown[] = [];
    const observer = {
      workerLeft: ({ name }: { name: string }, reason: string, lost: boolean) =>
        left.push({ name, reason, lost }),
    };
    const going = execution(run, { observers: [observer] });
    const end = going.run();
    const workers = [new DivergingWorker('stays', blocks), new DivergingWorker('goes', blocks, leaves)];
    for (const worker of workers) worker.answers();
    await eventually(() => (events().includes('worker-left') ? true : null));
    await eventually(() =>
      events().filter((event) => event === 'worker-joined').length === 3 ? true : null,
    );
    const since = told.slice(events().indexOf('went-back'));
    expect(since.filter(({ event }) => event === 'worker-left')).toEqual([
      expect.objectContaining({ worker: 'goes', lost: true, reason: 'its connection was lost' }),
    ]);
    expect(since.filter(({ event }) => event === 'worker-joined')).toEqual([
      expect.objectContaining({ worker: 'stays' }),
    ]);
    expect(left).toEqual([{ name: 'goes', reason: 'its connection was lost', lost: true }]);
    await over(going, end);
  });

  it('and one that is there again after it, is not told of as gone', async () => {
    const run = await prepared({ minWorkers: 2 }, config);
    const blocks = blocksOf(run);
    const going = execution(run);
    const end = going.run();
    const workers = ['one', 'two'].map((name) => new DivergingWorker(name, blocks));
    for (const worker of workers) worker.answers();
    await eventually(() => (going.view.workers.length === 2 && events().includes('went-back') ? true : null));
    expect(events()).not.toContain('worker-left');
    await over(going, end);
    // The state that it went back to says so, to whoever resumes it.
    const again = await prepareRun(config, await encoded(), DEFAULT_LIMITS, directory, config);
    expect(again.loaded?.progress.rollbacks).toEqual([{ fromStep: 0, toStep: 0 }]);
  });
});

/** It goes on from step 2, and would go back to step 0. */
async function behindItsAnchor(): Promise<PreparedRun> {
  const text = await encoded();
  const { symbols, size } = text.corpus.vocabulary;
  const network = networkOf(config, size);
  const layout = networkLayout(network);
  const frame = { config, layout, vocabulary: symbols, corpusSha256: text.corpus.textSha256 };
  for (const step of [0, 2]) {
    const progress = { ...noProgress, step, anchorStep: 0 };
    const effect = { type: 'save', step, reason: 'interval', best: false, progress } as const;
    const checkpoints = new RunCheckpoints(directory.checkpointsPath, frame, DEFAULT_LIMITS);
    await saveState(checkpoints, layout, effect, { parameters: firstValues(network, 1) });
  }
  return prepareRun(config, text, DEFAULT_LIMITS, directory, config);
}

describe('a run that goes back', () => {
  it('and is stopped before its next step, goes on from a checkpoint that is there', async () => {
    const run = await behindItsAnchor();
    const going = execution(run, { observers: [{ wentBack: () => going.stop('lunch') }] });
    expect(going.checkpoint).toBe(checkpointName(2));
    const end = going.run();
    new DivergingWorker('a', blocksOf(run)).answers();
    expect(await end).toMatchObject({ outcome: 'stopped' });
    expect(readdirSync(directory.checkpointsPath)).toEqual([checkpointName(0)]);
    expect(going.checkpoint).toBe(checkpointName(0));
  });
});

describe('a run that is held since the disk is nearly full', () => {
  it('is held still when it has gone back, and takes no step before there is room', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const run = await prepared({}, config);
    const going = execution(run);
    const end = going.run();
    const worker = new DivergingWorker('a', blocksOf(run));
    await eventually(() => (worker.assigned.length > 0 ? true : null));
    disk.freeBytes = 0;
    vi.advanceTimersByTime(1_000);
    await eventually(() => (events().includes('held') ? true : null));
    worker.answers();
    await eventually(() => (events().includes('went-back') ? true : null));
    await eventually(() => (events().filter((event) => event === 'held').length === 2 ? true : null));
    await eventually(() => (going.view.workers.length === 1 && going.view.phase === 'held' ? true : null));
    vi.advanceTimersByTime(5_000);
    expect(going.heldReason).toMatch(/^disk: /);
    expect(going.view.phase).toBe('held');
    expect(worker.assignedAgain).toEqual([]);
    disk.freeBytes = Infinity;
    // A look at the disk that is under way says what was before.
    await eventually(() => {
      vi.advanceTimersByTime(1_000);
      return events().includes('released') ? true : null;
    });
    await eventually(() => (worker.assignedAgain.length > 0 ? true : null));
    await over(going, end);
  });
});
