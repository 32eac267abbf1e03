/**
 * A disk that fills up: a run is refused, held, or ends in one line, whatever was saved before is intact, and once there is
 * room it goes on to the bits of a run that always had it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { readCheckpointFile } from '@rocinante/checkpoint';
import { Daemon, until } from '../support/daemon.js';
import { endAfter, Undisturbed } from '../support/open-end.js';
import { events, Rocinante, rocinante, train, Workspace } from '../support/rocinante.js';
import { SmallDisk, whyNoSmallDisk } from '../support/small-disk.js';
import { smallOrder } from '../support/small-run.js';

/** Two checkpoints of the small network, and what is kept for other things: 66 MB; so much more to go on again. */
const DISK_MB = 180;
/** No room for a checkpoint of 0.1 MB, though for lines of logs. */
const LEFT_BYTES = 80_000;

/** What ends a run that is interrupted while its disk is full: a checkpoint, or a line before it, that finds no room. */
const FAILURE = /the checkpoint of step \d+ was not saved: .*ENOSPC/;
/** Why it is held. */
const HELD = /disk: .*(MB free|the disk is full)/;

const workspace = new Workspace();
let undisturbed: Undisturbed;
let order: string[];
let disk: SmallDisk;

describe.skipIf(whyNoSmallDisk !== null)(`a full disk${whyNoSmallDisk ? ` (${whyNoSmallDisk})` : ''}`, () => {
  beforeAll(() => {
    order = smallOrder(workspace);
    undisturbed = new Undisturbed(workspace, order);
  });
  afterAll(() => workspace.remove());
  beforeEach(() => {
    disk = new SmallDisk(workspace.in('disk'), DISK_MB);
  });
  afterEach(() => disk.remove());

  /** The names of checkpoints, each of which is read and is whole; and of nothing else. */
  async function goodCheckpoints(runDir: string): Promise<string[]> {
    const folder = join(runDir, 'checkpoints');
    const names = readdirSync(folder);
    for (const name of names) await readCheckpointFile(join(folder, name));
    return names;
  }

  it(
    'while `train` works: it is held, and one that is interrupted then goes on later',
    { timeout: 240_000 },
    async () => {
      const runDir = disk.in('run');
      const options = ['--workers', '1', '--threads', '1', '--run-dir', runDir];
      const run = new Rocinante(['train', ...order, ...options, '--checkpoint', '0.2']);
      await run.says(/step \d+\//);
      await until('a few steps', () => events(runDir).filter((event) => 'step' in event).length > 5);
      await disk.fillUntil(LEFT_BYTES, run.says(HELD));
      disk.fill(0);
      run.process.kill('SIGINT');
      const { code, stderr } = await run.finished;
      // Where its last step was saved before, it ends as any other that is interrupted.
      if (code !== 130) {
        expect(code).toBe(1);
        expect(stderr.trim().split('\n').at(-1)).toMatch(FAILURE);
      }
      expect(await goodCheckpoints(runDir)).not.toEqual([]);

      // While the disk is full, it is not begun again.
      const refused = await rocinante(['train', '--resume', ...options]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /disk: .* has 0 MB free, the next checkpoints need 7\d MB; free some space/,
      );

      disk.empty();
      const steps = endAfter(events(runDir).filter(({ event }) => event === 'step').length);
      const { weightsSha256 } = await undisturbed.of(steps);
      const resumed = await train(['--resume', '--steps', String(steps), ...options]);
      expect(resumed).toMatchObject({ steps, weightsSha256 });
    },
  );

  it('while a daemon works: a run is refused, held and let go on', { timeout: 240_000 }, async () => {
    const daemon = await Daemon.start({ data: disk.in('data') });
    try {
      daemon.worker('own');
      disk.fill(50e6);
      const refused = await daemon.command(['run', 'start', ...order]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/disk: .*data.* has \d\d MB free, .* point --data elsewhere/);
      expect((await daemon.json<{ runs: unknown[] }>(['run', 'list'])).runs).toEqual([]);

      disk.empty();
      const { id } = await daemon.startRun(order);
      await daemon.stepsTaken(id, 5);
      disk.fill(50e6);
      await until('the run to be held', () => daemon.events(id).some(({ event }) => event === 'held'));
      const held = await daemon.json(['run', 'show', id]);
      expect(held).toMatchObject({ state: 'held' });
      expect(held.reason).toMatch(/has \d\d MB free/);
      const { step } = held;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      // The step in progress is still closed.
      expect((await daemon.summary(id)).step).toBeLessThanOrEqual(step + 1);

      disk.empty();
      const released = (): unknown[] => daemon.events(id).filter(({ event }) => event === 'released');
      await until('the run to be let go on', () => released().length > 0);
      await daemon.stepsTaken(id, step + 2);
      const done = await daemon.toItsEnd(id);
      const { weightsSha256 } = await undisturbed.of(done.step as number);
      expect(done).toMatchObject({ state: 'done', weightsSha256 });
      expect(released()).toHaveLength(1);
    } finally {
      await daemon.end();
    }
  });

  it(
    'to the last byte, while a daemon saves checkpoints: the run goes on, also with another daemon',
    { timeout: 240_000 },
    async () => {
      let daemon = await Daemon.start({ data: disk.in('data') });
      try {
        daemon.worker('own');
        const { id } = await daemon.startRun([...order, '--checkpoint', '0.2']);
        await daemon.stepsTaken(id, 5);
        const isHeld = async (): Promise<boolean> => (await daemon.summary(id)).state === 'RUN_STATE_HELD';
        await disk.fillUntil(0, until('the run to be held', isHeld));
        expect((await daemon.summary(id)).reason).toMatch(HELD);
        const names = await goodCheckpoints(disk.in('data', 'runs', id));
        expect(names).not.toEqual([]);
        disk.empty();
        await until('the run to go on', async () => !(await isHeld()));

        await disk.fillUntil(0, until('the run to be held again', isHeld));
        await daemon.stop();
        disk.empty();
        daemon = await daemon.again();
        daemon.worker('own');
        await until('the run to go on there', async () => !(await isHeld()));
        const done = await daemon.toItsEnd(id);
        const { weightsSha256 } = await undisturbed.of(done.step as number);
        expect(done).toMatchObject({ state: 'done', weightsSha256 });
        const runDir = disk.in('data', 'runs', id);
        for (const line of readFileSync(join(runDir, 'events.jsonl'), 'utf8').trimEnd().split('\n'))
          JSON.parse(line);
        expect(await rocinante(['verify', runDir])).toMatchObject({ code: 0 });
      } finally {
        await daemon.end();
      }
    },
  );
});
