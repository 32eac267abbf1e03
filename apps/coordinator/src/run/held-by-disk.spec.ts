import { CheckpointWriteError } from '@rocinante/checkpoint';
import { beforeEach, describe, expect, it } from 'vitest';
import { HeldByDisk } from './held-by-disk.js';

const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
const failed = Object.assign(new Error('write'), { code: 'EIO' });

/** What the watch was told, and of what the run ended. */
let said: string[];
/** What the watch answers to a save that waits: whether it is to be tried again. */
let isThere: boolean;
let disk: HeldByDisk;

beforeEach(() => {
  said = [];
  isThere = true;
  const untilRoom = (reason: string): Promise<boolean> => {
    said.push(`waits: ${reason}`);
    return Promise.resolve(isThere);
  };
  disk = new HeldByDisk({
    watch: { full: (reason) => said.push(`held: ${reason}`), untilRoom, written: () => said.push('written') },
    parameterCount: 1_000_000,
    abort: ({ message }) => said.push(`ends: ${message}`),
  });
});

describe('a file that the disk does not take', () => {
  it('holds the run for want of room, and ends it for any other reason', () => {
    const file = { onFailure: (_: Error) => {}, onFull: (_: Error) => {} };
    disk.follow('/r/events.jsonl', file);
    file.onFull(full);
    file.onFailure(failed);
    expect(said).toEqual([
      // Two checkpoints of 12 bytes a parameter and 1 MiB, and twice 64 MiB.
      'held: disk: /r/events.jsonl: the disk is full (ENOSPC); free some space: the run goes on once 161 MB are free',
      'ends: /r/events.jsonl: cannot be written: the disk failed (EIO)',
    ]);
  });
});

describe('a save that finds no room', () => {
  it('waits, and says what the disk said of the checkpoint', async () => {
    const room = disk.saveRoom('/r/checkpoints', '/r/ledger.jsonl');
    const error = new CheckpointWriteError('/r/checkpoints/step-1', full);
    expect(await room.untilThere(error)).toBe(true);
    isThere = false;
    expect(await room.untilThere(error)).toBe(false);
    room.taken();
    expect(said[0]).toMatch(/^waits: disk: \/r\/checkpoints: the disk is full \(ENOSPC\); free some space/);
    expect(said.at(-1)).toBe('written');
  });

  it('waits for the ledger first, and fails where that is not to be tried again', async () => {
    const room = disk.saveRoom('/r/checkpoints', '/r/ledger.jsonl');
    await room.untilRecorded(full);
    expect(said[0]).toMatch(/^waits: disk: \/r\/ledger\.jsonl: the disk is full/);
    isThere = false;
    await expect(room.untilRecorded(full)).rejects.toThrow(
      '/r/ledger.jsonl: cannot be written: the disk is full (ENOSPC)',
    );
  });
});
