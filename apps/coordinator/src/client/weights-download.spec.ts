import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import type { ListeningServer, WeightsChunk } from '@rocinante/wire';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Coordinator } from './coordinator.js';
import { serveRuns } from './spec-scripted-coordinator.js';
import { checkTarget, pullWeights, type PulledWeights } from './weights-download.js';

const root = mkdtempSync(join(tmpdir(), 'rocinante-weights-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
let server: ListeningServer | null = null;
let coordinator: Coordinator | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(root, 'out-'));
});
afterEach(async () => {
  coordinator?.close();
  await server?.stop();
});

const bytes = Buffer.from(Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 249));
// The header reaches into the second piece.
const HEADER_BYTES = (1 << 20) + 5;
bytes.writeBigUInt64LE(BigInt(HEADER_BYTES));
const weightsSha256 = sha256(bytes.subarray(8 + HEADER_BYTES));
const first = { bytes: bytes.length, sha256: sha256(bytes), step: 1340 };

async function pull(chunks: WeightsChunk[]): Promise<PulledWeights> {
  server = await serveRuns({
    Weights: (call) => {
      expect(call.request).toMatchObject({ run: 'r12', which: 'best' });
      for (const chunk of chunks) call.write(chunk);
      call.end();
    },
  });
  coordinator = new Coordinator(server.address);
  return pullWeights(coordinator, 'r12', 'best', join(folder, 'w.safetensors'), () => undefined);
}

const whole = [
  { ...first, data: bytes.subarray(0, 1 << 20) },
  { data: bytes.subarray(1 << 20, 2 << 20) },
  { data: bytes.subarray(2 << 20) },
];

describe('weights', () => {
  it('are in the file, whole', async () => {
    const path = join(folder, 'w.safetensors');
    expect(await pull(whole)).toEqual({ path, ...first, weightsSha256 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  const flipped = Buffer.from(bytes.subarray(2 << 20));
  flipped[5] ^= 1;
  it.each<[string, WeightsChunk[], RegExp]>([
    ['cut', whole.slice(0, 2), /expected 2500000 bytes, received 2097152; pull them again/],
    ['too long', [...whole, { data: Buffer.alloc(1) }], /received 2500001 or more/],
    ['changed', [...whole.slice(0, 2), { data: flipped }], /expected SHA-256 [0-9a-f]{64}, received/],
    ['missing', [], /expected a file, received nothing/],
  ])('that arrive %s are refused, and nothing is left of them', async (_how, chunks, line) => {
    writeFileSync(join(folder, 'other'), '');
    await expect(pull(chunks)).rejects.toThrow(line);
    expect(readdirSync(folder)).toEqual(['other']);
  });
});

describe('a target', () => {
  it('is refused before anything is fetched', async () => {
    const there = join(folder, 'there');
    writeFileSync(there, 'mine');
    await expect(checkTarget(there, false)).rejects.toThrow(/there is a file already; --force replaces it/);
    await expect(checkTarget(folder, true)).rejects.toThrow(/expected a file's name, received a folder/);
    await expect(checkTarget(join(folder, 'no', 'w'), false)).rejects.toThrow(/folder .*no does not exist/);
    await expect(checkTarget(there, true)).resolves.toBeUndefined();
    await expect(checkTarget(join(folder, 'new'), false)).resolves.toBeUndefined();
  });
});
