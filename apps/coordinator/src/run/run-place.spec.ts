import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '@rocinante/store';
import { expect, it } from 'vitest';
import { RunPlace } from './run-place.js';

it('is not taken in a store that does not keep what it took: one line, and no failure of ours', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rocinante-place-'));
  try {
    const forgetful: Pick<ObjectStore, 'name' | 'read' | 'write'> = {
      name: 's3://spec/run',
      read: () => Promise.resolve(null),
      write: () => Promise.resolve(null),
    };
    const place = await RunPlace.find(forgetful as ObjectStore, directory, false);
    const run = { loaded: null, limits: { keepLast: 1, keepEverySteps: 0 } };
    await expect(place.takeNow(run as unknown as Parameters<RunPlace['takeNow']>[0])).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      exitCode: 1,
      message:
        'store s3://spec/run: could not be brought up to date: latest.json is not there, and a new one is not taken',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
