/**
 * Goal: one run is active in each pool, the right one, and every run can be ended at any moment, with the daemon or without.
 * Method: real runs, whose text is encoded and whose first checkpoint is written; nobody computes them, so each waits.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunDirectory } from '../run/run-directory.js';
import { WrongStateError } from './errors.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { runLogPath } from './run-log.js';
import { resumeRun } from './run-orders.js';
import { stateOf } from './run-report.js';
import type { StoredRun } from './run-store.js';
import { eventually, smallRun, SpecCoordinator, text, textSha256 } from './spec-coordinator.js';

let coordinator: SpecCoordinator;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
});
afterEach(async () => {
  await coordinator.remove();
  vi.restoreAllMocks();
  expect(coordinator.fatal).toEqual([]);
});

const states = (): string[] => coordinator.store.runs().map(({ state }) => state);
const stateNow = (run: StoredRun): unknown => stateOf(run, coordinator.scheduler.active(run.id)).state;

async function restart(): Promise<void> {
  await coordinator.end();
  expect(coordinator.fatal).toEqual([]);
  coordinator = await SpecCoordinator.open(coordinator.folder);
}

/** The reason of a run that has failed. */
async function failure(id: string): Promise<string> {
  const { state, reason } = await coordinator.run(id, (run) => !['queued', 'active'].includes(run.state));
  expect(state).toBe('failed');
  return reason;
}

describe('the queue', () => {
  it('gives each pool its next run, by priority and then in the order of coming', async () => {
    const { store, scheduler } = coordinator;
    for (const [pool, priority] of [
      ['default', 0],
      ['gpu', -5],
      ['default', 0],
      ['default', 3],
      ['gpu', 0],
    ] as const) {
      await store.create({ ...smallRun, pool, priority });
      scheduler.schedule();
    }
    expect(states()).toEqual(['active', 'active', 'queued', 'queued', 'queued']);
    scheduler.stop(store.find('r1'), 'enough');
    await coordinator.run('r4', ({ state }) => state === 'active');
    expect(states()).toEqual(['stopped', 'active', 'queued', 'active', 'queued']);
    scheduler.stop(store.find('r4'), 'enough');
    await coordinator.run('r3', ({ state }) => state === 'active');
    expect(states()).toEqual(['stopped', 'active', 'active', 'stopped', 'queued']);
  });

  it('goes on behind a run that fails', async () => {
    await coordinator.store.create({ ...smallRun, corpus: { sha256: 'ab'.repeat(32), name: 'lost.txt' } });
    await coordinator.store.create(smallRun);
    coordinator.scheduler.schedule();
    expect(await failure('r1')).toMatch(/^content abab.*: it is not here; push it$/);
    await coordinator.executed('r2');
  });

  it('refuses a run with a batch larger than its text, also when it is resumed', async () => {
    const { store, scheduler } = coordinator;
    const config = { ...smallRun.config, batch: { size: 256, microBatch: 2 } };
    await store.create({ ...smallRun, config });
    scheduler.schedule();
    const refused =
      /^corpus: expected a batch of at most 68 windows, .*, received 256; take a smaller --batch/;
    expect(await failure('r1')).toMatch(refused);
    await resumeRun(coordinator, { run: 'r1', steps: 0, epochs: 0, limits: null });
    expect(await failure('r1')).toMatch(refused);
  });
});

describe('a coordinator that ends without a word', () => {
  it('gives a run up that it did not outlast three times, and another has its turn', async () => {
    await coordinator.store.create(smallRun);
    await coordinator.store.create(smallRun);
    coordinator.store.update('r1', { state: 'active', unfinishedActivations: 3 });
    await restart();
    const told: RunLogEntry[] = [];
    coordinator.hub.follow('r1', { entry: (entry) => told.push(entry), ended: () => undefined });
    coordinator.scheduler.start();
    expect(told).toMatchObject([{ event: 'finished', outcome: 'failed' }]);
    expect(coordinator.ended).toEqual(['r1']);
    const lines = readFileSync(runLogPath(coordinator.store.directory('r1')), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'error', event: 'finished', outcome: 'failed' },
    ]);
    expect(await failure('r1')).toMatch(
      /^the coordinator ended 3 times in a row while the run was active, .*; \.\/rocinante run resume r1 tries it anew$/,
    );
    await coordinator.executed('r2');
    coordinator.scheduler.stop(coordinator.store.find('r2'), 'lunch');
    await coordinator.run('r2', ({ state }) => state === 'stopped');
    await resumeRun(coordinator, { run: 'r1', steps: 0, epochs: 0, limits: null });
    await coordinator.executed('r1');
    expect(coordinator.store.find('r1').unfinishedActivations).toBe(1);
  });

  it('activates one that it did not outlast twice, and forgets that once it has ended as it was told', async () => {
    await coordinator.store.create(smallRun);
    coordinator.store.update('r1', { state: 'active', unfinishedActivations: 2 });
    await restart();
    coordinator.scheduler.start();
    await coordinator.executed('r1');
    expect(coordinator.store.find('r1').unfinishedActivations).toBe(3);
    await restart();
    expect(coordinator.store.find('r1')).toMatchObject({ state: 'active', unfinishedActivations: 0 });
  });
});

describe('runs that a coordinator did not outlast twice', () => {
  /** The next run of each of two pools, and one behind them with a higher priority. */
  beforeEach(async () => {
    const { store } = coordinator;
    for (const [id, pool, priority] of [
      ['r1', 'default', 0],
      ['r2', 'gpu', 0],
      ['r3', 'gpu', 5],
    ] as const) {
      await store.create({ ...smallRun, pool, priority });
      const times = { startedAt: smallRun.createdAt, unfinishedActivations: 2 };
      if (id !== 'r3') store.update(id, { state: 'active', ...times });
    }
    await restart();
  });
  const counts = (): number[] =>
    coordinator.store.runs().map(({ unfinishedActivations }) => unfinishedActivations);

  it('are tried one at a time, whatever their pools: the next once the first has ended', async () => {
    const { store, scheduler } = coordinator;
    scheduler.start();
    await coordinator.executed('r1');
    expect([states(), counts()]).toEqual([
      ['active', 'queued', 'queued'],
      [3, 2, 0],
    ]);
    scheduler.stop(store.find('r1'), 'lunch');
    await coordinator.executed('r2');
    expect([states(), counts()]).toEqual([
      ['stopped', 'active', 'queued'],
      [0, 3, 0],
    ]);
    const { eventsPath } = new RunDirectory(store.directory('r2'));
    await eventually(
      () => readFileSync(eventsPath, 'utf8').includes('"cause":"coordinator-restarted"') || null,
    );
  });

  it('do not wait for one that has been active for ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const clock = performance.now.bind(performance);
    let aheadMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + aheadMs);
    coordinator.scheduler.start();
    await coordinator.executed('r1');
    vi.advanceTimersByTime(5_000);
    expect(states()).toEqual(['active', 'queued', 'queued']);
    aheadMs = 600_000;
    vi.advanceTimersByTime(5_000);
    expect([states(), counts()]).toEqual([
      ['active', 'active', 'queued'],
      [0, 3, 0],
    ]);
    await coordinator.executed('r2');
    vi.useRealTimers();
  });

  it('begin where the first was given up, and are not given up with it', async () => {
    coordinator.store.update('r1', { unfinishedActivations: 3 });
    coordinator.store.update('r2', { state: 'queued' });
    await restart();
    coordinator.scheduler.start();
    expect(await failure('r1')).toMatch(/3 times in a row/);
    await coordinator.executed('r2');
  });

  it('are stopped in the queue where that was ordered before the kill', async () => {
    coordinator.store.update('r2', { reason: 'enough' });
    await restart();
    coordinator.scheduler.start();
    expect(coordinator.store.find('r2')).toMatchObject({ state: 'stopped', reason: 'enough' });
    await coordinator.executed('r3');
  });
});

describe('an active run', () => {
  it('is stopped with a checkpoint, and tells its followers', async () => {
    const { store, scheduler, hub } = coordinator;
    await store.create(smallRun);
    const told: string[] = [];
    hub.follow('r1', { entry: ({ event }) => told.push(event), ended: () => told.push('-') });
    scheduler.schedule();
    await coordinator.executed('r1');
    await eventually(() => (told.includes('checkpoint') ? told : null));
    expect(stateNow(store.find('r1'))).toBe('RUN_STATE_WAITING');
    scheduler.stop(store.find('r1'), 'lunch');
    // The second stop, and the daemon's, change nothing.
    scheduler.stop(store.find('r1'), 'dinner');
    expect(stateNow(store.find('r1'))).toBe('RUN_STATE_STOPPING');
    await scheduler.end();
    expect(store.find('r1')).toMatchObject({
      state: 'stopped',
      reason: 'stopped after step 0: lunch',
      stepsTotal: 5,
      step: 0,
    });
    expect(told).toEqual(['started', 'checkpoint', 'finished', '-']);
    expect(() => scheduler.stop(store.find('r1'), 'again')).toThrow(WrongStateError);
  });

  it('is stopped when its time is over, and goes on only with more of it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { store, scheduler } = coordinator;
      await store.create({ ...smallRun, limits: { ...smallRun.limits, maxHours: 2 } });
      store.update('r1', { activeSeconds: 7_200 });
      scheduler.schedule();
      await coordinator.executed('r1');
      await eventually(() =>
        coordinator.scheduler.active('r1')!.execution!.view.phase === 'waiting' ? true : null,
      );
      vi.advanceTimersByTime(1_000);
      const { reason } = await coordinator.run('r1', ({ state }) => state === 'stopped');
      expect(reason).toBe('stopped after step 0: it has been active for the 2 hours of --max-hours');
      const request = { run: 'r1', steps: 0, epochs: 0 };
      await expect(resumeRun(coordinator, { ...request, limits: null })).rejects.toThrow(
        'run r1 has been active for the 2 hours of --max-hours; give a larger --max-hours',
      );
      const limits = { ...smallRun.limits, maxHours: 3, checkpointSeconds: 60, checkpointAuto: false };
      expect(await resumeRun(coordinator, { ...request, limits })).toMatchObject({ state: 'active' });
      await coordinator.executed('r1');
      await eventually(() =>
        coordinator.scheduler.active('r1')!.execution!.view.phase === 'waiting' ? true : null,
      );
      vi.advanceTimersByTime(1_000);
      expect(coordinator.scheduler.active('r1')!.stopping).toBe(false);
      expect(coordinator.logged.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
        'run begins',
        reason,
        'run queued',
        'run goes on',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is stopped at once while it is prepared', async () => {
    const { store, scheduler, hub } = coordinator;
    await store.create(smallRun);
    const told: RunLogEntry[] = [];
    hub.follow('r1', { entry: (entry) => told.push(entry), ended: () => undefined });
    scheduler.schedule();
    scheduler.stop(store.find('r1'), 'a mistake');
    const run = await coordinator.run('r1', ({ state }) => state !== 'active');
    expect(run).toMatchObject({
      state: 'stopped',
      reason: 'stopped after step 0: a mistake',
      stepsTotal: null,
    });
    expect(told).toMatchObject([{ event: 'finished', outcome: 'stopped', reason: run.reason }]);
    // Its folder is free, and it begins as if nothing had been.
    store.update('r1', { state: 'queued' });
    scheduler.schedule();
    await coordinator.executed('r1');
  });

  it('fails where its text has changed on the disk, and goes on once that is mended', async () => {
    const { store, scheduler, contents } = coordinator;
    const path = contents.path(textSha256);
    await writeFile(path, `${text.toString()}!`);
    await store.create(smallRun);
    scheduler.schedule();
    expect(await failure('r1')).toContain(`${path}: expected bytes of SHA-256 ${textSha256}, received `);
    await writeFile(path, text);
    store.update('r1', { state: 'queued', reason: '' });
    scheduler.schedule();
    await coordinator.executed('r1');
  });

  it('fails where its folder cannot be used', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    await writeFile(join(store.directory('r1'), 'checkpoints'), 'a file');
    scheduler.schedule();
    expect(await failure('r1')).toContain('checkpoints');
  });

  it('goes on without its log on a full disk, and says so', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    await symlink('/dev/full', join(store.directory('r1'), 'log.jsonl'));
    scheduler.schedule();
    await eventually(() => coordinator.logged.find((line) => line.includes('ENOSPC')) ?? null);
    await coordinator.executed('r1');
  });

  it('is held where its event log meets a full disk, and is stopped as any other', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    await store.create(smallRun);
    await symlink('/dev/full', join(store.directory('r1'), 'events.jsonl'));
    scheduler.schedule();
    const reason = await eventually(() => scheduler.active('r1')?.heldReason ?? null);
    expect(reason).toMatch(
      /events\.jsonl: the disk is full \(ENOSPC\); free some space: the run goes on once 137 MB are free$/,
    );
    await eventually(() => coordinator.logged.find((line) => line.includes('run held: disk: ')) ?? null);
    scheduler.stop(store.find('r1'), 'lunch');
    const { state } = await coordinator.run('r1', ({ state }) => state !== 'active');
    expect(state).toBe('stopped');
    await coordinator.executed('r2');
  });

  it('waits for the room of a second event log before it is taken up', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    const path = join(store.directory('r1'), 'events.jsonl');
    // More than any disk has, and no byte of it is there.
    await writeFile(path, '');
    await truncate(path, 2 ** 43);
    scheduler.schedule();
    const reason = await eventually(() => scheduler.active('r1')?.heldReason ?? null);
    expect(reason).toMatch(
      /^disk: .*, the next checkpoints and its event log, written anew, need 8796\d+ MB; /,
    );
    scheduler.stop(store.find('r1'), 'lunch');
    await coordinator.run('r1', ({ state }) => state === 'stopped');
  });

  it('fails where its event log cannot be opened', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    await mkdir(join(store.directory('r1'), 'events.jsonl'));
    scheduler.schedule();
    expect(await failure('r1')).toContain('EISDIR');
  });
});

describe('the end of the daemon', () => {
  it('leaves an active run to be gone on with, and the queue as it was', async () => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    await store.create(smallRun);
    scheduler.schedule();
    await coordinator.executed('r1');
    await restart();
    expect(states()).toEqual(['active', 'queued']);
    coordinator.scheduler.start();
    await coordinator.executed('r1');
    const { eventsPath } = new RunDirectory(coordinator.store.directory('r1'));
    const started = (): number => readFileSync(eventsPath, 'utf8').match(/"event":"started"/g)!.length;
    await eventually(() => (started() === 2 ? true : null));
  });

  it('ends the preparation of a run, which begins again', async () => {
    await coordinator.store.create(smallRun);
    coordinator.scheduler.schedule();
    await restart();
    expect(states()).toEqual(['active']);
    coordinator.scheduler.start();
    await coordinator.executed('r1');
  });

  it('begins none any more', async () => {
    const ended = coordinator.scheduler.end();
    await coordinator.store.create(smallRun);
    coordinator.scheduler.schedule();
    await ended;
    expect(states()).toEqual(['queued']);
  });

  it.each(['before', 'after'])('does not undo an operator’s stop that came %s it', async (when) => {
    const { store, scheduler } = coordinator;
    await store.create(smallRun);
    scheduler.schedule();
    await coordinator.executed('r1');
    if (when === 'before') scheduler.stop(store.find('r1'), 'enough');
    const ended = scheduler.end();
    if (when === 'after') scheduler.stop(store.find('r1'), 'enough');
    await ended;
    expect(states()).toEqual(['stopped']);
  });

  it('ends a run whose stop was ordered before the kill', async () => {
    const { store } = coordinator;
    await store.create(smallRun);
    store.update('r1', { state: 'active', reason: 'enough' });
    await restart();
    coordinator.scheduler.start();
    const { reason } = await coordinator.run('r1', ({ state }) => state === 'stopped');
    expect(reason).toMatch(/enough/);
  });

  it('that came before a run’s end was on the disk puts the second of a pool back into the queue', async () => {
    const { store } = coordinator;
    await store.create(smallRun);
    await store.create(smallRun);
    for (const id of ['r1', 'r2']) store.update(id, { state: 'active' });
    await restart();
    coordinator.scheduler.start();
    expect(states()).toEqual(['active', 'queued']);
  });

  it('may find runs that others removed from its folder', async () => {
    await coordinator.store.create(smallRun);
    await coordinator.end();
    await rm(coordinator.store.directory('r1'), { recursive: true });
    coordinator = await SpecCoordinator.open(coordinator.folder);
    coordinator.scheduler.start();
    expect(states()).toEqual([]);
  });
});
