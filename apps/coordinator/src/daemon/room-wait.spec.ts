import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { mountDisk, mounts, unmountDisk } from '../run/spec-small-disk.js';
import { waitForRoom } from './room-wait.js';

let path: string;
let told: string[];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'rocinante-room-'));
  told = [];
});
afterEach(() => rmSync(path, { recursive: true }));

function wait(
  parameterCount: number,
  signal: AbortSignal,
  logBytes = 0,
  place: string = path,
): Promise<void> {
  return waitForRoom({
    path: place,
    parameterCount,
    logBytes,
    signal,
    held: (reason) => told.push(reason),
    released: () => told.push('released'),
  });
}

it('is over at once where there is room', async () => {
  await wait(1, new AbortController().signal);
  expect(told).toEqual([]);
});

it('waits for the room of the event log too, which is written anew', async () => {
  const stopping = new AbortController();
  const waiting = wait(1, stopping.signal, 1e15);
  setImmediate(() => stopping.abort(new Error('stopped')));
  await expect(waiting).rejects.toThrow('stopped');
  expect(told).toEqual([
    expect.stringMatching(
      /, the next checkpoints and its event log, written anew, need 10{6}\d+ MB; free some/,
    ),
  ]);
});

it('waits for a disk that cannot be asked, and says why', async () => {
  const aside = `${path}-aside`;
  renameSync(path, aside);
  symlinkSync(path, path);
  const waiting = wait(1, new AbortController().signal);
  await vi.waitFor(() => expect(told).toHaveLength(1), 60_000);
  expect(told[0]).toMatch(/^disk: .*: its room cannot be asked for: .*\(ELOOP\)$/);
  rmSync(path);
  renameSync(aside, path);
  await waiting;
  expect(told).toEqual([expect.anything(), 'released']);
});

it.skipIf(!mounts)(
  'asks no more of a disk that answers late than of others (needs the right to mount)',
  async () => {
    // Room to start, and not to go on where room was missing.
    expect(mountDisk(path, '96m')).toBe(true);
    const link = `${path}-link`;
    try {
      symlinkSync(link, link);
      const waiting = wait(1, new AbortController().signal, 0, link);
      await vi.waitFor(() => expect(told).toHaveLength(1), 60_000);
      rmSync(link);
      symlinkSync(path, link);
      await waiting;
      expect(told).toEqual([expect.stringContaining('cannot be asked for'), 'released']);
    } finally {
      rmSync(link);
      unmountDisk(path);
    }
  },
);

it('says once what is missing, and ends where the run is stopped', async () => {
  const stopping = new AbortController();
  // More than any disk has.
  const waiting = wait(1e15, stopping.signal);
  setImmediate(() => stopping.abort(new Error('stopped')));
  await expect(waiting).rejects.toThrow('stopped');
  expect(told).toEqual([
    expect.stringMatching(/^disk: .* MB free, the next checkpoints need \d+ MB; free some/),
  ]);
});
