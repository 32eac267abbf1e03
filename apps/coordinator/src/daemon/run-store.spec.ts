/** Goal: what the daemon knows of its runs outlives it. Method: a real directory, opened again after each kind of end. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Base from '@rocinante/base';
import { AssertionError, syncFolder } from '@rocinante/base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunFailedError, UsageError } from '../errors.js';
import { presets } from '../presets.js';
import { RunStoreError } from './errors.js';
import { RunStore, type NewRun } from './run-store.js';

const run: NewRun = {
  name: 'quijote',
  tags: ['spanish'],
  note: '',
  priority: 0,
  pool: 'default',
  config: presets.quick,
  corpus: { sha256: 'ab'.repeat(32), name: 'don-quijote.txt' },
  limits: {
    minWorkers: 1,
    maxHours: null,
    checkpointSeconds: 60,
    keepLast: 3,
    keepEverySteps: 0,
    exact: 'auto',
    auditShare: 0,
    normChecks: 'on',
  },
  createdAt: '2026-11-24T10:00:00Z',
};

let folder: string;
let data: string;
let store: RunStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-runs-'));
  data = join(folder, 'data');
  store = await RunStore.open(data);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function reopen(): Promise<void> {
  await store.close();
  store = await RunStore.open(data);
}

const ids = (): string[] => store.runs().map(({ id }) => id);
const recordPath = (id: string): string => join(store.directory(id), 'run.json');

function refusal(attempt: () => unknown): RunStoreError {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(RunStoreError);
    expect((error as Error).message).not.toContain('\n');
    return error as RunStoreError;
  }
  throw new Error('it was not refused');
}

// The real one, watched: what a loss of power would leave cannot be seen here.
vi.mock('@rocinante/base', async (importOriginal) => {
  const base = await importOriginal<typeof Base>();
  return { ...base, syncFolder: vi.fn(base.syncFolder) };
});

describe('a run', () => {
  it('has the name of its folder flushed, before its record is written', async () => {
    vi.mocked(syncFolder).mockClear();
    await store.create(run);
    expect(vi.mocked(syncFolder).mock.calls).toEqual([[store.runsDirectory]]);
  });

  it('waits when it is created, and is the same after a restart', async () => {
    const created = await store.create(run);
    expect(created).toMatchObject({ ...run, id: 'r1', state: 'queued', queuedAt: run.createdAt, step: 0 });
    const changed = store.update('r1', {
      state: 'active',
      startedAt: '2026-11-24T10:00:01Z',
      loss: 2.5,
    });
    expect(changed).toEqual({ ...created, state: 'active', startedAt: '2026-11-24T10:00:01Z', loss: 2.5 });
    await reopen();
    expect(store.runs()).toEqual([changed]);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect((await stat(store.directory('r1'))).mode & 0o777).toBe(0o700);
  });

  it('is there once its record is on the disk, and not before', async () => {
    let isOver = false;
    const created = store.create(run).finally(() => (isOver = true));
    while (!isOver) {
      if (store.runs().length > 0) expect(existsSync(recordPath('r1'))).toBe(true);
      else expect(store.queue('default')).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(store.runs()).toEqual([await created]);
  });

  it('is read as the release before wrote it', async () => {
    const { id } = await store.create(run);
    const { unfinishedActivations, ...before } = store.find(id);
    expect(unfinishedActivations).toBe(0);
    await store.written();
    await writeFile(recordPath(id), JSON.stringify(before));
    await reopen();
    expect(store.find(id)).toEqual({ ...before, unfinishedActivations: 0 });
  });

  it('without a name is called by its id', async () => {
    expect(await store.create({ ...run, name: '' })).toMatchObject({ id: 'r1', name: 'r1' });
  });

  it('has a number that no other run had, also one that was removed', async () => {
    await Promise.all([store.create(run), store.create(run), store.create(run)]);
    expect(ids()).toEqual(['r1', 'r2', 'r3']);
    await store.remove('r3');
    await reopen();
    expect((await store.create(run)).id).toBe('r4');
    await rm(join(data, 'state.json'));
    await reopen();
    expect((await store.create(run)).id).toBe('r5');
    expect(ids()).toEqual(['r1', 'r2', 'r4', 'r5']);
  });

  it('is listed in the order of coming, beyond nine', async () => {
    for (let count = 0; count < 11; count++) await store.create(run);
    await reopen();
    expect(ids().slice(-3)).toEqual(['r9', 'r10', 'r11']);
  });

  it.each<[string, Partial<NewRun>]>([
    ['name', { name: 'x'.repeat(65) }],
    ['tags', { tags: Array.from({ length: 17 }, () => 'x') }],
    ['priority', { priority: 1001 }],
    ['corpus.sha256', { corpus: { sha256: '../x', name: '' } }],
    ['limits.keepLast', { limits: { ...run.limits, keepLast: 0 } }],
  ])('is refused for its %s, and leaves nothing', async (field, change) => {
    const attempt = store.create({ ...run, ...change });
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(`run: ${field}: `);
    expect(ids()).toEqual([]);
    expect(await readdir(join(data, 'runs'))).toEqual([]);
    expect((await store.create(run)).id).toBe('r1');
  });

  it('that is changed many times at once is kept as it was changed last', async () => {
    await store.create(run);
    for (let step = 0; step < 50; step++) store.update('r1', { step });
    expect(store.find('r1').step).toBe(49);
    await reopen();
    expect(store.find('r1').step).toBe(49);
  });

  it('is changed to what makes a record, or its author is told', async () => {
    await store.create(run);
    expect(() => store.update('r1', { loss: NaN })).toThrow(AssertionError);
    expect(() => store.update('r2', {})).toThrow(AssertionError);
    expect(store.find('r1').loss).toBeNull();
  });
});

describe('finding', () => {
  it('goes by id, else by a name that one run has', async () => {
    await store.create({ ...run, name: 'r2' });
    await store.create({ ...run, name: 'moby' });
    expect(store.find('r1').id).toBe('r1');
    expect(store.find('r2').id).toBe('r2');
    expect(store.find('moby').id).toBe('r2');
  });

  it('says when there is none, or when there are several', async () => {
    await store.create(run);
    await store.create(run);
    expect(refusal(() => store.find('sancho\n'))).toMatchObject({
      code: 'NOT_FOUND',
      exitCode: 2,
      message: 'run "sancho\\n": there is none of this id or name',
    });
    expect(refusal(() => store.find('quijote'))).toMatchObject({
      code: 'AMBIGUOUS',
      exitCode: 2,
      message: 'run "quijote": expected one run of this name, received 2; give an id: r1, r2',
    });
    for (let count = 0; count < 4; count++) await store.create(run);
    expect(refusal(() => store.find('quijote')).message).toBe(
      'run "quijote": expected one run of this name, received 6; ' +
        'give an id: r2, r3, r4, r5, r6 (the newest; ./rocinante run list has all)',
    );
  });
});

it('the queue of a pool goes by priority, then by the time of queueing', async () => {
  const add = (priority: number, createdAt: string, pool = 'default'): Promise<unknown> =>
    store.create({ ...run, priority, createdAt, pool });
  await add(0, '2026-11-24T10:00:02Z');
  await add(0, '2026-11-24T10:00:03Z');
  await add(5, '2026-11-24T10:00:04Z');
  await add(-1, '2026-11-24T10:00:05Z');
  await add(9, '2026-11-24T10:00:06Z', 'gpus');
  // The clock was set back by an hour.
  await add(0, '2026-11-24T09:00:00Z');
  await add(0, '2026-11-24T09:00:01Z');
  const queue = (pool: string): string[] => store.queue(pool).map(({ id }) => id);
  expect(queue('default')).toEqual(['r3', 'r1', 'r2', 'r6', 'r7', 'r4']);
  store.update('r3', { state: 'active' });
  store.update('r2', { queuedAt: store.queueTime('2026-11-24T09:00:02.000Z') });
  expect(queue('default')).toEqual(['r1', 'r6', 'r7', 'r2', 'r4']);
  expect(store.queueTime('2026-11-24T11:00:00.000Z')).toBe('2026-11-24T11:00:00.000Z');
  expect(queue('gpus')).toEqual(['r5']);
  expect(queue('nobody')).toEqual([]);
});

describe('removing', () => {
  it('frees what is in the folder', async () => {
    await store.create(run);
    await mkdir(join(store.directory('r1'), 'checkpoints'));
    await writeFile(join(store.directory('r1'), 'checkpoints', 'x'), new Uint8Array(5000));
    const { size } = await stat(recordPath('r1'));
    expect(await store.remove('r1')).toBe(5000 + size);
    expect(await readdir(join(data, 'runs'))).toEqual([]);
    expect(ids()).toEqual([]);
  });

  it('is not done to an active run', async () => {
    await store.create(run);
    store.update('r1', { state: 'active' });
    await expect(store.remove('r1')).rejects.toThrow(AssertionError);
    expect(ids()).toEqual(['r1']);
  });

  it('is finished where a kill cut it off, and so is a creation undone', async () => {
    await store.create(run);
    await mkdir(join(data, 'runs', 'r7.removed', 'checkpoints'), { recursive: true });
    await mkdir(join(data, 'runs', 'r8'));
    await writeFile(join(data, 'runs', 'r8', 'run.json.partial'), '{');
    await mkdir(join(data, 'runs', 'notes'));
    await reopen();
    expect((await readdir(join(data, 'runs'))).sort()).toEqual(['notes', 'r1']);
    expect((await store.create(run)).id).toBe('r9');
  });
});

describe('damage', () => {
  it.each<[string, (text: string) => string, RegExp]>([
    ['cut', (text) => text.slice(0, 100), /JSON/],
    ['of a later release', (text) => text.replace('"version": 1', '"version": 2'), /version: .*expected 1/],
    ['without a key', (text) => text.replace('"pool": "default",', ''), /pool: /],
    ['with a key too many', (text) => text.replace('"pool"', '"more": 1, "pool"'), /"more"/],
    ['another run’s', (text) => text.replace('"r2"', '"r1"'), /it is the record of r1/],
    ['empty', () => '', /JSON/],
    [
      'of keys without end',
      (text) => text.replace('"pool"', `"${'x'.repeat(9999)}": 1, "pool"`),
      /xxx\.\.\.$/,
    ],
    ['much longer than a record', (text) => text + ' '.repeat(1 << 20), /it has \d+ bytes$/],
  ])(
    'of a record that is %s leaves the others: its run has failed, and says why',
    async (_what, change, reason) => {
      await store.create(run);
      await store.create(run);
      await store.create({ ...run, name: 'third' });
      await writeFile(recordPath('r2'), change(await readFile(recordPath('r2'), 'utf8')));
      await reopen();
      expect(ids()).toEqual(['r1', 'r3']);
      const [damaged, ...others] = store.damagedRuns();
      expect(others).toEqual([]);
      expect(damaged).toMatchObject({ id: 'r2', state: 'failed' });
      expect(damaged.reason).toMatch(/run\.json: not a record of this release: /);
      expect(damaged.reason).toMatch(reason);
      expect(damaged.reason).not.toContain('\n');
      expect(damaged.reason.length).toBeLessThan(1000);
      expect(refusal(() => store.find('r2'))).toMatchObject({ code: 'RUN_DAMAGED', exitCode: 1 });
      expect((await store.create(run)).id).toBe('r4');
      expect(await store.remove('r2')).toBeGreaterThanOrEqual(0);
      expect(store.damagedRuns()).toEqual([]);
    },
  );

  it('of state.json is not guessed away', async () => {
    await store.create(run);
    await store.close();
    await writeFile(join(data, 'state.json'), '{}');
    await expect(RunStore.open(data)).rejects.toThrow(/state\.json: expected \{"version":1,"lastRun":/);
    await writeFile(join(data, 'state.json'), '{"version":1,"lastRun":5}');
    await reopen();
    expect((await store.create(run)).id).toBe('r6');
  });
});

it('every content that a record names is known, a damaged one’s too', async () => {
  await store.create(run);
  await store.create({ ...run, corpus: { sha256: 'cd'.repeat(32), name: 'x' } });
  store.update('r2', { weightsSha256: 'ef'.repeat(32) });
  await store.written();
  await writeFile(recordPath('r1'), (await readFile(recordPath('r1'), 'utf8')).replace('"pool"', '"other"'));
  await reopen();
  expect(store.damagedRuns()).toHaveLength(1);
  expect([...store.namedContents()].sort()).toEqual(['ab', 'cd', 'ef'].map((digits) => digits.repeat(32)));
});

describe('a data directory', () => {
  it('has one daemon at a time', async () => {
    const second = RunStore.open(data);
    await expect(second).rejects.toThrow(RunFailedError);
    await expect(second).rejects.toThrow(`data directory ${data}: process ${process.pid} works in it`);
  });

  it('is not a file, and not where nothing can be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(RunStore.open(join(folder, 'file'))).rejects.toThrow(UsageError);
    await expect(RunStore.open('/proc/nowhere')).rejects.toThrow(
      'data directory /proc/nowhere: the folder cannot be made: there is no such file or folder (ENOENT)',
    );
  });

  it('that cannot be written keeps what it held, and says so', async () => {
    await store.create(run);
    // A folder where the new record would be written beside: it fails for the superuser too.
    await mkdir(`${recordPath('r1')}.partial/x`, { recursive: true });
    const failures: RunStoreError[] = [];
    store.onWriteFailure((error) => failures.push(error));
    store.update('r1', { step: 7 });
    await store.written();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: 'RUN_NOT_WRITTEN', exitCode: 1 });
    expect(failures[0].message).toMatch(
      /r1\/run\.json: expected to write it, but \S+run\.json\.partial: it is a folder \(EISDIR\)$/,
    );
    expect(JSON.parse(await readFile(recordPath('r1'), 'utf8'))).toMatchObject({ step: 0 });
    await rm(`${recordPath('r1')}.partial`, { recursive: true });
    store.update('r1', { epoch: 1 });
    await reopen();
    expect(store.find('r1')).toMatchObject({ step: 7, epoch: 1 });
  });

  it('that could not be written for a while holds the last change soon after, and says so once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await store.create(run);
      await mkdir(`${recordPath('r1')}.partial/x`, { recursive: true });
      const failures: RunStoreError[] = [];
      store.onWriteFailure((error) => failures.push(error));
      store.update('r1', { step: 7 });
      await store.written();
      vi.advanceTimersByTime(5_000);
      await store.written();
      expect(failures).toHaveLength(1);
      await rm(`${recordPath('r1')}.partial`, { recursive: true });
      vi.advanceTimersByTime(5_000);
      await store.written();
      expect(JSON.parse(await readFile(recordPath('r1'), 'utf8'))).toMatchObject({ step: 7 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('that could not be written is tried once more when the store is closed', async () => {
    await store.create(run);
    await mkdir(`${recordPath('r1')}.partial/x`, { recursive: true });
    store.onWriteFailure(() => undefined);
    store.update('r1', { step: 7 });
    await store.written();
    await rm(`${recordPath('r1')}.partial`, { recursive: true });
    await reopen();
    expect(store.find('r1')).toMatchObject({ step: 7 });
  });
});
