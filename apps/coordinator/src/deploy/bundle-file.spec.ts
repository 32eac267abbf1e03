import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '@rocinante/base';
import { readBundleFile } from './bundle-file.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-bundle-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const about = { name: 'rocinante-1.0-x', platform: 'linux-x64', engine: null, unpackedBytes: 12 };

function file(bytes: Uint8Array): string {
  const path = join(folder, 'bundle.tar.gz');
  writeFileSync(path, bytes);
  return path;
}

/** One file of a tar archive. */
function entry(path: string, content: string, size = content.length): Buffer {
  const header = Buffer.alloc(512);
  header.write(path);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** One that says in its own words how long it is. */
function sized(size: string): Buffer {
  const file = entry('rocinante-1.0-x/LICENSE', 'a');
  file.fill(0, 124, 136).write(size, 124);
  return file;
}

function bundle(text: string, before: readonly Buffer[] = []): Buffer {
  return Buffer.concat([...before, entry('rocinante-1.0-x/bundle.json', text), Buffer.alloc(1024)]);
}

describe('a bundle’s file', () => {
  it('says what it is, also in several members of gzip', async () => {
    const tar = bundle(JSON.stringify(about), [entry('rocinante-1.0-x/LICENSE', 'a'.repeat(700))]);
    const bytes = Buffer.concat([gzipSync(tar.subarray(0, 600)), gzipSync(tar.subarray(600))]);
    expect(await readBundleFile(file(bytes))).toEqual({
      ...about,
      path: join(folder, 'bundle.tar.gz'),
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
  });

  it.each([
    ['no archive', Buffer.from('a text')],
    ['an empty file', Buffer.alloc(0)],
    ['another archive', gzipSync(entry('a/b', 'c'))],
    ['one that is cut', gzipSync(bundle(JSON.stringify(about))).subarray(0, 60)],
    ['no JSON', gzipSync(bundle('{'))],
    ['another folder’s', gzipSync(bundle(JSON.stringify({ ...about, name: 'rocinante-2' })))],
    [
      'a name that a shell could take for something',
      gzipSync(bundle(JSON.stringify({ ...about, name: 'rocinante-;a' }))),
    ],
    ['no size', gzipSync(bundle(JSON.stringify({ ...about, unpackedBytes: undefined })))],
    ['a size below zero', gzipSync(bundle(JSON.stringify(about), [sized('-1000')]))],
    ['a size that is no number', gzipSync(bundle(JSON.stringify(about), [sized('many')]))],
    ['a size that is a lie', gzipSync(entry('rocinante-1.0-x/bundle.json', '{}', 8 ** 11 - 1))],
  ])('is refused where it is %s', async (_what, bytes) => {
    await expect(readBundleFile(file(bytes))).rejects.toThrow(
      'that ./rocinante bundle made, found another file',
    );
  });

  it('is refused where there is none', async () => {
    await expect(readBundleFile(join(folder, 'none'))).rejects.toThrow(
      'that ./rocinante bundle made, found none',
    );
  });
});
