/** The corpus comes over a real connection, is checked, and is kept for its owner only. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { crc32, sha256 } from '@rocinante/base';
import { dial, limits, listen, type ListeningServer, type TrainingClient } from '@rocinante/wire';
import { corpusIds } from './corpus-source.js';

/** More than one call's worth. */
const ids = Uint8Array.from({ length: limits.CORPUS_CALL_BYTES_MAX + 1000 }, (_, i) => (i * 31) % 251);
const corpus = { sha256: sha256(ids), length: ids.length, idBytes: 1, vocabularySize: 251 };

let server: ListeningServer;
let client: TrainingClient;
let folder: string;
/** Pieces that were asked for: how many make the corpus follows from how quickly the first one comes, and two are the least. */
let calls: number;
let warnings: string[];

beforeEach(async () => {
  calls = 0;
  warnings = [];
  folder = mkdtempSync(join(tmpdir(), 'rocinante-corpus-'));
  const unused = (): never => {
    throw new Error('not called in this test');
  };
  server = await listen('127.0.0.1:0', {
    training: {
      Work: unused,
      Contribute: unused,
      Parameters: unused,
      Corpus: (call) => {
        calls += 1;
        const { offset, bytes } = call.request;
        for (let at = offset; at < offset + bytes; at += limits.CORPUS_CHUNK_BYTES_MAX) {
          const data = Buffer.from(
            ids.subarray(at, Math.min(offset + bytes, at + limits.CORPUS_CHUNK_BYTES_MAX)),
          );
          call.write({ offset: at, data, checksum: crc32(data) });
        }
        call.end();
      },
    },
  });
  client = dial(server.address);
});

afterEach(async () => {
  client.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const fetch = (
  cacheFolder: string | null,
  wanted = corpus,
  signal = new AbortController().signal,
): Promise<SharedArrayBuffer> =>
  corpusIds({
    client,
    session: 's',
    corpus: wanted,
    cacheFolder,
    signal,
    warn: (line) => warnings.push(line),
  });

it('is fetched once, and kept with mode 0600', async () => {
  expect(sha256(new Uint8Array(await fetch(folder)))).toBe(corpus.sha256);
  const fetched = calls;
  expect(fetched).toBeGreaterThanOrEqual(2);
  const [name] = readdirSync(folder);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  await fetch(folder);
  expect(calls).toBe(fetched);
});

it('is fetched again where what was kept is damaged', async () => {
  await fetch(folder);
  const fetched = calls;
  const path = join(folder, readdirSync(folder)[0]);
  const damaged = readFileSync(path);
  damaged[7] ^= 1;
  writeFileSync(path, damaged);
  expect(sha256(new Uint8Array(await fetch(folder)))).toBe(corpus.sha256);
  expect(calls).toBeGreaterThan(fetched);
});

it('is not kept where no cache is wanted', async () => {
  await fetch(null);
  expect(readdirSync(folder)).toEqual([]);
});

it('is there all the same where it cannot be kept, and one line says why', async () => {
  // Root may write everywhere but below a file: making the folder fails there, and so does removing what was begun.
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(sha256(new Uint8Array(await fetch(join(file, 'encoded'))))).toBe(corpus.sha256);
  expect(warnings).toEqual([
    expect.stringMatching(/^the corpus is not kept for the next run: ENOTDIR: [^\n]*$/),
  ]);
});

it('is refused where it is not what was announced', async () => {
  await expect(fetch(folder, { ...corpus, sha256: 'f'.repeat(64) })).rejects.toThrow(
    `corpus: expected ${'f'.repeat(64)}, received ${corpus.sha256}`,
  );
  await expect(fetch(folder, { ...corpus, sha256: '../evil' })).rejects.toThrow('corpus: ');
  expect(readdirSync(folder)).toEqual([]);
});

it('is not fetched on once its run has ended, and what came is not kept', async () => {
  await expect(fetch(folder, corpus, AbortSignal.abort())).rejects.toThrow('corpus: ');
  expect(readdirSync(folder)).toEqual([]);
});
