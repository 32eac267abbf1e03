/**
 * Goal: a run whose disk is full to the last byte holds, has nothing wrong on the disk, and goes on once there is room.
 * Method: a real activation on a disk in memory, which is filled and freed.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CoordinatorMessageReceived } from '@rocinante/wire';
import { ledgerLines } from '@rocinante/ledger';
import { eventually } from '../daemon/spec-coordinator.js';
import { client } from '../service/spec-service.js';
import { LedgerKeeper, ledgerPath } from './ledger/ledger-keeper.js';
import { LimitsWatch } from './limits-watch.js';
import type { RunLogEntry } from './log/log-entries.js';
import { directory, events, execution, prepared, told } from './spec-execution.js';
import { fillDisk, freeDisk, mountDisk, mounts, unmountDisk } from './spec-small-disk.js';

/** What two checkpoints need and so much again, to be released: 128 MB and some. */
const DISK_SIZE = '160m';

/** For the text's words and the first lines of event log and ledger, a page each, and for no checkpoint. */
const BEGINNING_BYTES = 3 * 4_096;

const logLines = (): RunLogEntry[] =>
  readFileSync(directory.eventsPath, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as RunLogEntry);

describe.skipIf(!mounts)('a full disk (needs the right to mount a tmpfs)', () => {
  beforeEach(() => {
    expect(mountDisk(directory.path, DISK_SIZE)).toBe(true);
    mkdirSync(directory.checkpointsPath);
  });
  afterEach(() => unmountDisk(directory.path));

  /** A worker joins, and leaves. */
  async function visit(name: string): Promise<void> {
    const call = client.work();
    call.on('error', () => undefined);
    call.on('data', ({ startRun }: CoordinatorMessageReceived) => {
      if (!startRun) return;
      const { run, activation } = startRun;
      call.write({ ready: { run, activation, proof: 'a'.repeat(64) } });
    });
    call.write({ hello: { protocolMin: 1, protocolMax: 1, name, threads: 1 } });
    const says = (event: string) => (): true | null =>
      told.some((entry) => entry.event === event && 'worker' in entry && entry.worker === name) || null;
    await eventually(says('worker-joined'));
    call.end();
    await eventually(says('worker-left'));
  }

  it('lets a run that is held wait, and takes what happened meanwhile once there is room', async () => {
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (events().includes('checkpoint') ? true : null));
    fillDisk(directory.path, 0);
    await eventually(() => run.heldReason);
    for (let count = 0; count < 15; count++) await visit(`worker-${count}`);
    // A page of the file was begun: what is there is whole lines, and not all of them.
    expect(logLines().length).toBeLessThan(told.length);
    expect(logLines()).toEqual(told.slice(0, logLines().length));

    freeDisk(directory.path);
    await eventually(() => (events().includes('released') ? true : null));
    expect(run.heldReason).toBeNull();
    run.stop('lunch');
    expect(await end).toMatchObject({ outcome: 'stopped' });
    expect(logLines()).toEqual(told);
    expect(events().filter((event) => event === 'held' || event === 'released')).toEqual([
      'held',
      'released',
    ]);
  });

  it('lets a save wait, and makes it once there is room', async () => {
    const run = execution(await prepared());
    const end = run.run();
    fillDisk(directory.path, BEGINNING_BYTES);
    await eventually(() => run.heldReason);
    await eventually(() => (/checkpoints: the disk is full/.test(run.heldReason!) ? true : null));
    expect(readdirSync(directory.checkpointsPath)).toEqual([]);
    expect(run.view.phase).toBe('saving');

    freeDisk(directory.path);
    await eventually(() => (events().includes('released') ? true : null));
    expect(readdirSync(directory.checkpointsPath)).toEqual(['step-00000000.safetensors']);
    run.stop('lunch');
    expect(await end).toMatchObject({ outcome: 'stopped' });
    expect(logLines()).toEqual(told);
    for await (const { problem, cut } of ledgerLines(ledgerPath(directory.path))) {
      expect({ problem, cut }).toEqual({ problem: null, cut: false });
    }
  });

  it('ends a run that is stopped, in one line that says why it has no checkpoint', async () => {
    const run = execution(await prepared());
    const end = run.run();
    fillDisk(directory.path, BEGINNING_BYTES);
    await eventually(() => (/checkpoints: the disk is full/.test(run.heldReason ?? '') ? true : null));
    run.stop('lunch');
    await expect(end).rejects.toThrow(/checkpoint of step 0 was not saved: .*the disk is full \(ENOSPC\)/);
    expect(told.at(-1)).toMatchObject({ event: 'finished', outcome: 'failed' });
  });
});

describe('a ledger that finds no room', () => {
  afterEach(() => vi.restoreAllMocks());

  it('ends a run that is stopped in one line that names it', async () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    vi.spyOn(LedgerKeeper.prototype, 'flush').mockReturnValue(full);
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (/ledger\.jsonl: the disk is full/.test(run.heldReason ?? '') ? true : null));
    run.stop('lunch');
    await expect(end).rejects.toThrow(
      /checkpoint of step 0 was not saved: .*ledger\.jsonl: cannot be written: the disk is full \(ENOSPC\)/,
    );
  });
});

describe('a disk that cannot be asked for its room', () => {
  afterEach(() => vi.useRealTimers());

  it('ends no run: that is told once, and the disk is asked on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const run = execution(await prepared());
    const end = run.run();
    await eventually(() => (events().includes('checkpoint') ? true : null));
    const notices = (): string[] =>
      told.flatMap((entry) => (entry.event === 'notice' ? [entry.message] : []));
    // statfs follows it in a circle, and has nothing to say.
    const aside = `${directory.path}-aside`;
    const look = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        vi.advanceTimersByTime(1_000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const circle = async (until: number): Promise<void> => {
      renameSync(directory.path, aside);
      symlinkSync(directory.path, directory.path);
      await eventually(async () => {
        await look(1);
        return notices().length >= until || null;
      });
      await look(5);
      rmSync(directory.path);
      renameSync(aside, directory.path);
      await look(5);
    };
    await circle(1);
    await circle(2);
    expect(notices()).toHaveLength(2);
    expect(notices()[0]).toMatch(/^disk: .*: its room cannot be asked for: .*\(ELOOP\)$/);
    run.stop('lunch');
    expect(await end).toMatchObject({ outcome: 'stopped' });
  });
});

/** A watch over a run of so many parameters; `said` hears what the run and people are told. */
function watching({
  parameters,
  said,
  ...calls
}: {
  readonly parameters: number;
  readonly said: string[];
  readonly alsoLook: () => void;
  readonly flush: () => string | null;
}): LimitsWatch {
  return new LimitsWatch({
    run: {
      stop: () => undefined,
      abort: (error) => said.push(error.message),
      hold: (reason) => said.push(reason),
      release: () => said.push('released'),
    },
    path: directory.path,
    parameterCount: parameters,
    placeOption: '--data',
    maxHours: null,
    activeSeconds: () => 0,
    noticed: (message) => said.push(message),
    ...calls,
  });
}

describe('a disk that takes nothing though it has room', () => {
  afterEach(() => vi.useRealTimers());

  it('is tried less and less often, and the run stays held until it takes something', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const said: string[] = [];
    let looks = 0;
    const tries: number[] = [];
    let quota: string | null = 'EDQUOT';
    const watch = watching({
      parameters: 1,
      said,
      alsoLook: () => void looks++,
      flush: () => {
        tries.push(looks);
        return quota;
      },
    });
    watch.start();
    const look = async (isThere: () => boolean): Promise<void> => {
      await eventually(() => {
        vi.advanceTimersByTime(1_000);
        return isThere() || null;
      });
    };
    watch.full('full');
    watch.full('full again');
    await look(() => tries.length === 4);
    expect(said).toEqual(['full']);
    // At the first look, and then after 2, 4 and 8 more, at the least.
    expect(tries[3]).toBeGreaterThanOrEqual(15);
    quota = null;
    const saved = watch.untilRoom('full');
    await look(() => tries.length === 5);
    expect(await saved).toBe(true);
    expect(watch.heldReason).toBe('full');
    watch.written();
    await look(() => watch.heldReason === null);
    expect(said).toEqual(['full', 'released']);
    // Room that came since the last look is found by the last try; there is no other.
    const last = watch.untilRoom('full');
    watch.giveUp();
    expect(await last).toBe(true);
    expect(await watch.untilRoom('full')).toBe(false);
    watch.end();
  });

  it('is told once where that comes while the disk is asked', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const said: string[] = [];
    let looks = 0;
    // More parameters than any disk has room for.
    const watch = watching({ parameters: 1e15, said, alsoLook: () => void looks++, flush: () => null });
    watch.start();
    vi.advanceTimersByTime(1_000);
    watch.full('full');
    await eventually(() => {
      vi.advanceTimersByTime(1_000);
      return looks > 10 || null;
    });
    watch.end();
    expect(said).toEqual(['full']);
  });
});
