import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CORPUS_BYTES_MAX, CorpusTooLargeError, EmptyCorpusError } from '@rocinante/corpus';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledPath, quijotePath, readCorpus } from './corpus-file.js';
import { CorpusFileError } from './errors.js';
import { corpusInfo } from './corpus-info.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-corpus-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('readCorpus', () => {
  it('reads a file by its path', async () => {
    const path = join(folder, 'a.txt');
    await writeFile(path, 'hola');
    expect(await readCorpus(path, {})).toEqual({ name: path, path, bytes: Buffer.from('hola') });
  });

  it('reads the bundled book, whose figures are known', async () => {
    const { bytes, path } = await readCorpus('bundled', {});
    expect(path).toBe(bundledPath());
    const info = corpusInfo(bytes, 'none');
    expect(info).toMatchObject({ bytes: 1_204_997, characters: 1_190_317, symbols: 83 });
  });

  it('reads the fetched book out of the cache, and says how to get it', async () => {
    const environment = { ROCINANTE_CACHE: folder };
    await expect(readCorpus('quijote', environment)).rejects.toThrow(
      `corpus quijote (${folder}/corpus/quijote.txt): expected the book, which ` +
        '`./rocinante corpus fetch quijote` gets, received no file of that name',
    );
    await mkdir(join(folder, 'corpus'));
    await writeFile(quijotePath(environment), 'en un lugar');
    expect((await readCorpus('quijote', environment)).bytes.toString()).toBe('en un lugar');
  });

  it('refuses a missing file, a folder, a device and a file in place of a folder', async () => {
    const missing = readCorpus(join(folder, 'none.txt'), {});
    await expect(missing).rejects.toThrow(CorpusFileError);
    await expect(missing).rejects.toMatchObject({ exitCode: 2, received: 'no file of that name' });
    await expect(readCorpus('quixote', {})).rejects.toThrow('no file of that name; did you mean quijote?');
    await expect(readCorpus(folder, {})).rejects.toMatchObject({ received: 'a folder' });
    await expect(readCorpus('/dev/null', {})).rejects.toMatchObject({ received: 'no regular file' });
    await writeFile(join(folder, 'f'), 'x');
    await expect(readCorpus(join(folder, 'f', 'g'), {})).rejects.toThrow(CorpusFileError);
  });

  it('refuses an empty file, and one that is too large without reading it', async () => {
    const path = join(folder, 'a.txt');
    const file = await open(path, 'w');
    await expect(readCorpus(path, {})).rejects.toThrow(EmptyCorpusError);
    await file.truncate(CORPUS_BYTES_MAX + 1); // Sparse: it takes no room.
    await file.close();
    await expect(readCorpus(path, {})).rejects.toThrow(CorpusTooLargeError);
  });

  it.skipIf(process.getuid?.() === 0)('refuses a file that may not be read (skipped for root)', async () => {
    const path = join(folder, 'a.txt');
    await writeFile(path, 'x');
    await chmod(path, 0);
    await expect(readCorpus(path, {})).rejects.toThrow(/permission denied/);
  });
});
