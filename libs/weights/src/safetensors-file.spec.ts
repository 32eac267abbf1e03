import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
      code: 'SAFETENSORS_SIZE',
    });
  });

  it('are refused by their header alone when cut: no memory is taken for what is not there', async () => {
    await writeFile(path, whole.subarray(0, -1));
    await expect(readSafetensorsHeader(path)).rejects.toThrow(SafetensorsError);
    await writeFile(path, new Uint8Array(3));
    await expect(readSafetensorsHeader(path)).rejects.toMatchObject({ code: 'SAFETENSORS_CUT' });
  });

  it('that claim a header beyond the limit, or beyond themselves, cost no memory', async () => {
    await writeFile(path, new Uint8Array(0));
    await truncate(path, 200 * 1024 * 1024);
    const claim = async (length: number): Promise<void> => {
      const handle = await open(path, 'r+');
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(BigInt(length));
      await handle.write(prefix, 0, 8, 0);
      await handle.close();
    };
    await claim(100 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readSafetensorsFile(path)).rejects.toMatchObject({ code: 'SAFETENSORS_HEADER' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    await truncate(path, 1000);
    await claim(993);
    await expect(readSafetensorsFile(path)).rejects.toThrow('header: expected 993 bytes, received 992');
  });

  it('are files: no directory, and no pipe or device, which would be waited for or read without end', async () => {
    const refused = (what: string): object => ({
      code: 'SAFETENSORS_NO_FILE',
      exitCode: 2,
      message: `expected a file, received ${what}`,
    });
    await expect(readSafetensorsFile(directory)).rejects.toMatchObject(refused('a directory'));
    await expect(readSafetensorsFile('/dev/zero')).rejects.toMatchObject(refused('a pipe or a device'));
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expect(readSafetensorsFile(path)).rejects.toMatchObject(refused('a pipe or a device'));
    await expect(readSafetensorsHeader(path)).rejects.toMatchObject(refused('a pipe or a device'));
  });

  it.each([
    ['grow', 20, 'SAFETENSORS_CHANGED', /from \d+ bytes to \d+; try again/],
    ['shrink', -1, 'SAFETENSORS_CUT', /expected \d+ bytes, received \d+/],
  ])('that %s while they are read are refused', async (_what, bytes, code, message) => {
    await writeFile(path, whole);
    const handle = await open(path);
    const prototype = Object.getPrototypeOf(handle) as { read: (...args: unknown[]) => Promise<unknown> };
    await handle.close();
    const { read } = prototype;
    let reads = 0;
    const spy = vi.spyOn(prototype, 'read').mockImplementation(async function (this: unknown, ...args) {
      // The prefix and the header are read first, then the whole file.
      if (++reads === 3) await truncate(path, whole.length + bytes);
      return read.apply(this, args);
    });
    const error: unknown = await readSafetensorsFile(path).catch((thrown: unknown) => thrown);
    spy.mockRestore();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
