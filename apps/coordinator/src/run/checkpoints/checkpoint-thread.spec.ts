import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  DirectoryStore,
  NoGoodCheckpointError,
  NonFiniteCheckpointError,
  UnreadableCheckpointError,
} from '@rocinante/checkpoint';
import { stateHashes } from '@rocinante/ledger';
import { createLayout } from '@rocinante/parameters';
import { RunFailedError } from '../../errors.js';
import type { SaveRequest } from './checkpoint-messages.js';
import { CheckpointThread } from './checkpoint-thread.js';
import { sharedVector } from '../arithmetic/shared-vector.js';

const layout = createLayout([{ name: 'dense/kernel', shape: [30, 100] }]);
const vectors = {
  parameters: sharedVector(layout.length),
  m: sharedVector(layout.length),
  v: sharedVector(layout.length),
};
const constants = {
  layout,
  ...vectors,
  configuration: { a: 1 },
  vocabulary: ['x'],
  corpusSha256: '0'.repeat(64),
};
let folder: string;
let thread: CheckpointThread;
let deaths: Error[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-thread-'));
  deaths = [];
  for (const vector of Object.values(vectors)) vector.forEach((_, index) => (vector[index] = index / 7));
  open(join(folder, 'own'));
});
afterEach(async () => {
  await thread.stop();
  rmSync(folder, { recursive: true });
});

function open(directory: string): void {
  const retention = { keepLast: 2 };
  thread = new CheckpointThread({ directory, retention, constants }, (error) => deaths.push(error));
}

function request(step: number, options: Partial<SaveRequest['options']> = {}): Omit<SaveRequest, 'type'> {
  const state = {
    step,
    magnitudes: new Float32Array(layout.blockCount).fill(2),
    beta1Power: 0.9,
    beta2Power: 0.999,
    issueCount: step,
    joiningProof: '',
    lossHistory: [],
    further: { progress: '{}' },
  };
  return { state, options: { best: false, ...options }, damaged: [], goesBack: false };
}

describe('the thread of checkpoints', () => {
  it('writes what a store writes, byte for byte, with the hashes that the ledger records', async () => {
    const wanted = request(3, { hashed: true, best: true });
    const saved = await thread.save(wanted);
    const store = new DirectoryStore(join(folder, 'other'));
    await store.save({ ...constants, ...wanted.state }, { best: true });
    expect(saved).toMatchObject({ name: 'step-00000003.safetensors', step: 3, hashes: stateHashes(vectors) });
    const [own, other] = ['own', 'other'].map((name) => readFileSync(join(folder, name, saved.name)));
    expect(own.equals(other)).toBe(true);
    expect(saved.bytes).toBe(own.length);
  });

  it('keeps what it is to keep, and one more that it is told of', async () => {
    for (const step of [1, 2, 3]) await thread.save(request(step, { alsoKept: 1 }));
    expect(await readdir(join(folder, 'own'))).toEqual(
      [1, 2, 3].map((step) => `step-0000000${step}.safetensors`),
    );
    await thread.save(request(4));
    expect(await readdir(join(folder, 'own'))).toHaveLength(2);
  });

  it('refuses what is not finite, and replaces nothing by it', async () => {
    await thread.save(request(1));
    vectors.m[17] = NaN;
    await expect(thread.save(request(2))).rejects.toThrow(NonFiniteCheckpointError);
    expect(await readdir(join(folder, 'own'))).toEqual(['step-00000001.safetensors']);
    vectors.m[17] = 0;
    await thread.save(request(2));
    expect(await readdir(join(folder, 'own'))).toHaveLength(2);
  });

  it('reads the newest good one, verified, and says which newer ones are damaged', async () => {
    await thread.save(request(1));
    await thread.save(request(2));
    const [older, newer] = ['step-00000001.safetensors', 'step-00000002.safetensors'];
    const { name, checkpoint, passedOver, hashes } = await thread.load(null);
    expect({ name, passedOver, hashes }).toEqual({
      name: newer,
      passedOver: [],
      hashes: stateHashes(vectors),
    });
    expect(checkpoint).toEqual(await new DirectoryStore(join(folder, 'own')).load(newer));
    expect(checkpoint.m.buffer).toBeInstanceOf(SharedArrayBuffer);

    const path = join(folder, 'own', newer);
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(path, bytes);
    const again = await thread.load(null);
    expect(again.name).toBe(older);
    expect(again.passedOver).toEqual([
      { name: newer, reason: expect.stringContaining('bytes have changed') as string },
    ]);
    const damaged = await thread.load(newer).catch((error: unknown) => error);
    expect(damaged).toBeInstanceOf(DamagedCheckpointError);
    expect(damaged).toMatchObject({ subject: newer, reason: again.passedOver[0].reason });
  });

  it('passes over none that cannot be read now', async () => {
    await thread.save(request(1));
    await thread.save(request(2));
    const newer = 'step-00000002.safetensors';
    const path = join(folder, 'own', newer);
    renameSync(path, `${path}.aside`);
    symlinkSync(newer, path);
    const unreadable = await thread.load(null).catch((error: unknown) => error);
    expect(unreadable).toBeInstanceOf(UnreadableCheckpointError);
    expect(unreadable).toMatchObject({ subject: newer, reason: expect.stringContaining('ELOOP') as string });
    renameSync(`${path}.aside`, path);
    expect((await thread.load(null)).name).toBe(newer);
  });

  it('says that there is none to read, and which are damaged', async () => {
    const none = await thread.load(null).catch((error: unknown) => error);
    expect(none).toBeInstanceOf(NoGoodCheckpointError);
    expect(none).toMatchObject({ passedOver: [] });
    await thread.save(request(1));
    writeFileSync(join(folder, 'own', 'step-00000001.safetensors'), 'x');
    await expect(thread.load(null)).rejects.toThrow(/expected a good checkpoint, received step-00000001/);
  });

  it('removes those of later steps where a run goes back, the best too', async () => {
    for (const step of [1, 2, 3]) await thread.save(request(step, { best: step === 3 }));
    await thread.save({ ...request(2), goesBack: true });
    expect(await readdir(join(folder, 'own'))).toEqual(['step-00000002.safetensors']);
  });

  it('says what the disk said', async () => {
    await thread.stop();
    writeFileSync(join(folder, 'file'), '');
    open(join(folder, 'file', 'checkpoints'));
    const failed = await thread.save(request(1)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CheckpointWriteError);
    expect((failed as Error).message).toContain('ENOTDIR');
  });

  it('that has ended saves nothing, and says so to who waits', async () => {
    const waiting = thread.save(request(1)).catch((error: unknown) => error);
    await thread.stop();
    expect(await waiting).toBeInstanceOf(RunFailedError);
    await expect(thread.save(request(2))).rejects.toThrow('the thread of checkpoints ended');
    expect(deaths).toEqual([]);
  });
});
