import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitForRoom } from './room-wait.js';

let path: string;
let told: string[];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'rocinante-room-'));
  told = [];
});
afterEach(() => rmSync(path, { recursive: true }));

function wait(parameterCount: number, signal: AbortSignal): Promise<void> {
  return waitForRoom({
    path,
    parameterCount,
    signal,
    held: (reason) => told.push(reason),
    released: () => told.push('released'),
  });
}

it('is over at once where there is room', async () => {
  await wait(1, new AbortController().signal);
  expect(told).toEqual([]);
});

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
