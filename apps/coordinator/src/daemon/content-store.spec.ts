/** Goal: what is in the store is whole and is what its name says, whatever happens on the way. Method: real files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContentStore, TEXT_BYTES_MAX, UNNAMED_KEPT_MS, WEIGHTS_BYTES_MAX } from './content-store.js';
import { ContentError } from './errors.js';

const text = new TextEncoder().encode('Call me Ishmael. '.repeat(1000));
const name = sha256(text);

let data: string;
let store: ContentStore;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'rocinante-contents-'));
  store = await ContentStore.open(data);
});
afterEach(() => rm(data, { recursive: true }));

const files = (): Promise<string[]> => readdir(store.directory);

async function push(bytes: Uint8Array, as = sha256(bytes), length = bytes.length): Promise<void> {
  const writer = await store.receive(as, length);
  for (let begin = 0; begin < bytes.length; begin += 4096)
    await writer.write(bytes.subarray(begin, begin + 4096));
  await writer.finish();
}

async function refusal(attempt: Promise<unknown>): Promise<ContentError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ContentError);
  expect((error as Error).message).not.toContain('\n');
  return error as ContentError;
}

describe('a content', () => {
  it('is kept under its hash, for its owner only, and is not there before it is whole', async () => {
    const writer = await store.receive(name, text.length);
    await writer.write(text.subarray(0, 5000));
    expect(store.has(name)).toBe(false);
    await writer.write(text.subarray(5000));
    expect(store.has(name)).toBe(false);
    await writer.finish();
    await writer.abort();
    expect(await files()).toEqual([name]);
    expect(new Uint8Array(await readFile(store.path(name)))).toEqual(text);
    expect((await stat(store.path(name))).mode & 0o777).toBe(0o600);
    expect((await stat(store.directory)).mode & 0o777).toBe(0o700);
  });

  it('may come twice at the same time', async () => {
    await Promise.all([push(text), push(text)]);
    await push(text);
    expect(await files()).toEqual([name]);
  });

  it('takes chunks in the order of the calls, also when they are not waited for', async () => {
    const writer = await store.receive(name, text.length);
    const half = text.length / 2;
    await Promise.all([
      writer.write(text.subarray(0, half)),
      writer.write(text.subarray(half)),
      writer.finish(),
    ]);
    expect(new Uint8Array(await readFile(store.path(name)))).toEqual(text);
  });

  it('is asked for by name; what is not there says what to do', async () => {
    await push(text);
    const other = 'ab'.repeat(32);
    expect(store.have([other, name], 0)).toEqual([name]);
    expect(() => store.path(other)).toThrow(`content ${other}: it is not here; push it`);
  });
});

describe('what is refused leaves nothing', () => {
  it.each<[string, () => Promise<unknown>, ContentError['code'], RegExp]>([
    ['another hash', () => push(text, 'ab'.repeat(32)), 'CONTENT_HASH', /have changed; send it again/],
    [
      'too few bytes',
      () => push(text, name, text.length + 1),
      'CONTENT_LENGTH',
      /expected 17001.*received 17000/,
    ],
    [
      'too many bytes',
      () => push(text, name, text.length - 1),
      'CONTENT_LENGTH',
      /expected 16999.*received more/,
    ],
    ['no bytes of some', () => push(text.subarray(0, 0), name, 5), 'CONTENT_LENGTH', /received 0/],
    [
      'more than any run can read',
      () => store.receive(name, WEIGHTS_BYTES_MAX + 1),
      'CONTENT_TOO_LARGE',
      /at most/,
    ],
    ['a length of NaN', () => store.receive(name, NaN), 'CONTENT_TOO_LARGE', /received NaN/],
    [
      'a text longer than a run can read, by its first bytes',
      () => push(text, name, TEXT_BYTES_MAX + 1),
      'CONTENT_TOO_LARGE',
      /expected at most 1073741824 bytes, received 1073741825/,
    ],
    ['a name that leads elsewhere', () => store.receive(`../${name}`, 1), 'CONTENT_NAME', /received "\.\.\//],
    ['a name in upper case', () => store.receive('AB'.repeat(32), 1), 'CONTENT_NAME', /in lower case/],
    ['an empty name', () => store.receive('', 1), 'CONTENT_NAME', /received ""/],
  ])('%s', async (_what, attempt, code, message) => {
    const error = await refusal(attempt());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await files()).toEqual([]);
  });

  it('but a weights file may be longer than a text', async () => {
    const writer = await store.receive(name, TEXT_BYTES_MAX + 1);
    await writer.write(new TextEncoder().encode('\0\0\0\0\0\0\0\0{"a"'));
    await writer.abort();
    expect(await files()).toEqual([]);
  });

  it('a transfer that is aborted, also in the middle of a write', async () => {
    const writer = await store.receive(name, text.length);
    await writer.write(text.subarray(0, 5000));
    const last = writer.write(text.subarray(5000));
    await writer.abort();
    await last;
    await writer.abort();
    expect(await files()).toEqual([]);
  });

  it('a process that was killed: what it left goes when the store is opened', async () => {
    await push(text);
    await writeFile(join(store.directory, `${'ab'.repeat(32)}.1.partial`), 'x');
    store = await ContentStore.open(data);
    expect(await files()).toEqual([name]);
  });
});

describe('collecting', () => {
  const now = 10 * UNNAMED_KEPT_MS;
  const other = new TextEncoder().encode('another');

  async function pushAt(bytes: Uint8Array, time: number): Promise<void> {
    await push(bytes);
    await utimes(store.path(sha256(bytes)), time / 1000, time / 1000);
  }

  it('removes what no run names, once it has lain for an hour', async () => {
    await pushAt(text, now - UNNAMED_KEPT_MS + 1);
    await pushAt(other, 0);
    await writeFile(join(store.directory, 'notes.txt'), '');
    expect(await store.collect(() => new Set([sha256(other)]), now)).toBe(0);
    expect(await store.collect(() => new Set(), now)).toBe(other.length);
    expect(await files()).toEqual([name, 'notes.txt']);
    expect(await store.collect(() => new Set(), now + 1)).toBe(text.length);
  });

  it('spares what a run names meanwhile, and goes on where something is gone', async () => {
    const contents = ['one', 'two', 'three'].map((word) => new TextEncoder().encode(word));
    for (const bytes of contents) await pushAt(bytes, 0);
    const names = await files();
    let asked = 0;
    const keep = (): Set<string> => {
      asked += 1;
      // Before the first is removed: the second goes by another hand, and the last is named.
      if (asked === 2) rmSync(join(store.directory, names[1]));
      return new Set(asked >= 2 ? [names[2]] : []);
    };
    const first = contents.find((bytes) => sha256(bytes) === names[0])!;
    expect(await store.collect(keep, now)).toBe(first.length);
    expect(await files()).toEqual([names[2]]);
  });

  it('spares what was asked for just now: a start may follow', async () => {
    await pushAt(text, 0);
    store.have([name], now);
    expect(await store.collect(() => new Set(), now + 1)).toBe(0);
  });
});

describe('a full disk', () => {
  function mount(path: string): boolean {
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'rocinante-test', path]).status === 0;
  }
  const mounts = ((): boolean => {
    const probe = mkdtempSync(join(tmpdir(), 'rocinante-mount-'));
    const mounted = mount(probe);
    if (mounted) spawnSync('umount', [probe]);
    rmSync(probe, { recursive: true });
    return mounted;
  })();

  it.skipIf(!mounts)('is named, and nothing is left (needs the right to mount a tmpfs)', async () => {
    expect(mount(store.directory)).toBe(true);
    try {
      await push(text);
      const large = new Uint8Array(100_000);
      const error = await refusal(push(large));
      expect(error).toMatchObject({ code: 'CONTENT_DISK_FULL', exitCode: 1 });
      expect(error.message).toBe(
        `${join(store.directory, sha256(large))}: expected to write it, but the disk is full (ENOSPC); free some space`,
      );
      expect(await files()).toEqual([name]);
    } finally {
      spawnSync('umount', [store.directory]);
    }
  });
});
