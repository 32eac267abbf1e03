import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWritable, writeAtomically, type OpenWritable } from './atomic-file.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocinante-atomic-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('writeAtomically', () => {
  it('leaves the old file in place until the new one is whole', async () => {
    const path = join(directory, 'x');
    await writeFile(path, 'before');
    await writeAtomically(path, async (file) => {
      await file.write(new TextEncoder().encode('after'), 0);
      expect(await readFile(path, 'utf8')).toBe('before');
      expect(await readdir(directory)).toEqual(['x', 'x.partial']);
    });
    expect(await readFile(path, 'utf8')).toBe('after');
    expect(await readdir(directory)).toEqual(['x']);
  });

  it('writes pieces at their positions, in any order', async () => {
    const path = join(directory, 'x');
    await writeAtomically(path, async (file) => {
      await file.write(new TextEncoder().encode('data'), 4);
      await file.write(new TextEncoder().encode('head'), 0);
    });
    expect(await readFile(path, 'utf8')).toBe('headdata');
  });

  it.each(['write', 'sync', 'close'] as const)(
    'keeps the old file and leaves nothing when %s fails',
    async (broken) => {
      const path = join(directory, 'x');
      await writeFile(path, 'before');
      const openFile: OpenWritable = async (partial) => {
        const file = await openWritable(partial);
        const fail = async (): Promise<void> => {
          if (broken === 'close') await file.close();
          throw new Error(`${broken} failed`);
        };
        return { ...file, [broken]: fail };
      };
      const write = writeAtomically(path, (file) => file.write(new Uint8Array(10), 0), openFile);
      await expect(write).rejects.toThrow(`${broken} failed`);
      expect(await readFile(path, 'utf8')).toBe('before');
      expect(await readdir(directory)).toEqual(['x']);
    },
  );
});
