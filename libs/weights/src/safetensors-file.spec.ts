import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SafetensorsError } from './errors.js';
import { readSafetensorsFile, readSafetensorsHeader } from './safetensors-file.js';
import { encodeHeader } from './safetensors.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocinante-safetensors-'));
  path = join(directory, 'x.safetensors');
});
afterEach(() => rm(directory, { recursive: true }));

describe('files', () => {
  const header = encodeHeader([{ name: 'a', dtype: 'I8', shape: [3] }], { k: 'v' });
  const whole = new Uint8Array([...header, 1, 2, 3]);

  it('give their header alone, or all of themselves', async () => {
    await writeFile(path, whole);
    const file = await readSafetensorsFile(path);
    expect([...file.data]).toEqual([1, 2, 3]);
    expect([...file.bytes]).toEqual([...whole]);
    const { metadata, tensors, dataStart, fileBytes } = file;
    expect(await readSafetensorsHeader(path)).toEqual({ metadata, tensors, dataStart, fileBytes });
  });

  it('are refused above the reader’s limit', async () => {
    await writeFile(path, whole);
    await expect(readSafetensorsFile(path, whole.length)).resolves.toMatchObject({ fileBytes: whole.length });
    await expect(readSafetensorsFile(path, whole.length - 1)).rejects.toMatchObject({
      code: 'safetensors-size',
    });
  });

  it('are refused by their header alone when cut: no memory is taken for what is not there', async () => {
    await writeFile(path, whole.subarray(0, -1));
    await expect(readSafetensorsHeader(path)).rejects.toThrow(SafetensorsError);
    await writeFile(path, new Uint8Array(3));
    await expect(readSafetensorsHeader(path)).rejects.toMatchObject({ code: 'safetensors-cut' });
  });
});
