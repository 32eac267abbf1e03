import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { syncFolder, syncFolderNow } from './sync-folder.js';

it('flushes a folder that is there, and says that one is not', async () => {
  await syncFolder(tmpdir());
  syncFolderNow(tmpdir());
  const missing = join(tmpdir(), 'rocinante-there-is-no-such-folder');
  await expect(syncFolder(missing)).rejects.toThrow(/ENOENT.*no-such-folder/);
  expect(() => syncFolderNow(missing)).toThrow(/ENOENT.*no-such-folder/);
});
