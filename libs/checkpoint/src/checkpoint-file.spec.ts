/**
 * Goal: what is read is what was saved, to the bit, or it is refused with a reason. Method: round trips, every kind of
 * damage, and a file that release 0.1.0 wrote, which every later release must open.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOf, RandomStream, sha256 } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import { encodeHeader, parseSafetensors, type Dtype } from '@rocinante/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpointFile, writeCheckpointFile } from './checkpoint-file.js';
import { LOSS_ENTRIES_MAX, type Checkpoint } from './checkpoint.js';
import { DamagedCheckpointError, NonFiniteCheckpointError } from './errors.js';

/** What fixtures/version-1.safetensors holds. Never changed: later versions get a file of their own. */
const versionOne: Checkpoint = {
  step: 60,
  layout: createLayout([
    { name: 'lstm_1/kernel', shape: [1, 4] },
    { name: 'lstm_1/recurrent_kernel', shape: [1, 4] },
    { name: 'lstm_1/bias', shape: [4] },
    { name: 'dense/kernel', shape: [1, 2] },
    { name: 'dense/bias', shape: [2] },
  ]),
  parameters: Float32Array.from({ length: 16 }, (_, i) => (i - 7) / 3),
  m: Float32Array.from({ length: 16 }, (_, i) => (i - 4) / 7000),
  v: Float32Array.from({ length: 16 }, (_, i) => i / 9e6),
  magnitudes: Float32Array.of(0.1, 0.02, 0.003, 0, 1e-40),
  beta1Power: 0.0017970102999144335,
  beta2Power: 0.9417373707506247,
  issueCount: 62,
  joiningProof: 'c0ffee',
  lossHistory: [
    { step: 30, epoch: 1, loss: 3.25, validationLoss: null },
    { step: 60, epoch: 2, loss: 2.7182818284590451, validationLoss: 2.9 },
  ],
  configuration: { preset: 'quick', seed: 1, dropout: [0.5, 0.5] },
  vocabulary: ['a', 'ñ'],
  corpusSha256: 'ab'.repeat(32),
  further: { exact: 'true' },
};
const versionOnePath = fileURLToPath(new URL('../fixtures/version-1.safetensors', import.meta.url));

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocinante-checkpoint-'));
  path = join(directory, 'step-00000060.safetensors');
});
afterEach(() => rm(directory, { recursive: true }));

async function expectDamaged(message: RegExp): Promise<void> {
  const error: unknown = await readCheckpointFile(path, 'NAME').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DamagedCheckpointError);
  expect(error).toMatchObject({ code: 'CHECKPOINT_DAMAGED', exitCode: 1, subject: 'NAME' });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message.startsWith('NAME: ')).toBe(true);
}

describe('version 1', () => {
  it('opens, as every release must', async () => {
    expect(await readCheckpointFile(versionOnePath)).toEqual(versionOne);
  });

  it('is what this release writes, byte for byte', async () => {
    await writeCheckpointFile(path, versionOne, false);
    expect(Buffer.compare(await readFile(path), await readFile(versionOnePath))).toBe(0);
  });
});

describe('a checkpoint', () => {
  it('reads back to the bit, several megabytes of it, in views of one buffer', async () => {
    const layout = createLayout([
      { name: 'a', shape: [300, 1000] },
      { name: 'b', shape: [3] },
    ]);
    const stream = new RandomStream(1, 'simulation');
    const vector = (length: number): Float32Array => Float32Array.from({ length }, () => stream.normal());
    let beta2Power = 1;
    for (let step = 0; step < 12_345; step++) beta2Power *= 0.999;
    const checkpoint: Checkpoint = {
      ...versionOne,
      layout,
      parameters: vector(layout.length),
      m: vector(layout.length),
      v: vector(layout.length),
      magnitudes: vector(layout.blockCount),
      beta1Power: 5e-324,
      beta2Power,
    };
    const { bytes, hashes } = await writeCheckpointFile(path, checkpoint, true, { hashed: true });
    expect(hashes).toEqual({
      parameters: sha256(checkpoint.parameters),
      moments: sha256(Buffer.concat([bytesOf(checkpoint.m), bytesOf(checkpoint.v)])),
    });
    const read = await readCheckpointFile(path);
    const vectors = ['parameters', 'm', 'v', 'magnitudes'] as const;
    for (const name of vectors) {
      expect(Buffer.compare(bytesOf(read[name]), bytesOf(checkpoint[name]))).toBe(0);
    }
    const rest = ({ parameters: _p, m: _m, v: _v, magnitudes: _r, ...others }: Checkpoint): object => others;
    expect(rest(read)).toEqual(rest(checkpoint));
    expect(read.m.buffer).toBe(read.parameters.buffer);
    expect((await readFile(path)).length).toBe(bytes);
  });

  it('may be a snapshot in shared memory', async () => {
    const parameters = new Float32Array(new SharedArrayBuffer(64));
    parameters.set(versionOne.parameters);
    await writeCheckpointFile(path, { ...versionOne, parameters }, false);
    expect((await readCheckpointFile(path)).parameters).toEqual(versionOne.parameters);
  });

  it('carries the hash of all of its bytes, its own digits taken as zeros', async () => {
    await writeCheckpointFile(path, versionOne, false);
    const bytes = await readFile(path);
    const { metadata, tensors } = parseSafetensors(bytes);
    const hash = metadata['contents_sha256'];
    bytes.set(Buffer.from('0'.repeat(64)), bytes.indexOf(hash));
    expect(sha256(bytes)).toBe(hash);
    expect(tensors.map(({ name }) => name)).toContain('adam/v/lstm_1/recurrent_kernel');
    expect(tensors.at(-1)).toMatchObject({ name: 'grid/magnitudes', shape: [5] });
  });

  it('lets the event loop run while it is written', async () => {
    const layout = createLayout([{ name: 'a', shape: [2_000_000] }]);
    const [parameters, m, v] = [0, 1, 2].map(() => new Float32Array(layout.length));
    const magnitudes = new Float32Array(layout.blockCount);
    let turns = 0;
    const count = (): void => {
      turns++;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    await writeCheckpointFile(
      path,
      { ...versionOne, layout, parameters: parameters, m: m, v: v, magnitudes },
      false,
    );
    clearImmediate(turning);
    // 24 MB are 24 pieces; after each of them the loop has had its turn.
    expect(turns).toBeGreaterThanOrEqual(24);
  });

  it('keeps the newest entries of a history that is too long', async () => {
    const lossHistory = Array.from({ length: LOSS_ENTRIES_MAX + 2 }, (_, step) => ({
      step,
      epoch: 0,
      loss: 1 / (step + 1),
      validationLoss: null,
    }));
    await writeCheckpointFile(path, { ...versionOne, lossHistory }, false);
    expect((await readCheckpointFile(path)).lossHistory).toEqual(lossHistory.slice(2));
  });
});

describe('a number that is not finite', () => {
  const broken = (values: Float32Array, index: number, value: number): Float32Array => {
    const copy = values.slice();
    copy[index] = value;
    return copy;
  };
  it.each<[string, Partial<Checkpoint>]>([
    ['lstm_1/kernel', { parameters: broken(versionOne.parameters, 0, NaN) }],
    ['dense/bias', { parameters: broken(versionOne.parameters, 15, Infinity) }],
    ['adam/m/lstm_1/bias', { m: broken(versionOne.m, 8, -Infinity) }],
    ['adam/v/dense/kernel', { v: broken(versionOne.v, 12, NaN) }],
    ['grid/magnitudes', { magnitudes: broken(versionOne.magnitudes, 4, Infinity) }],
    ['beta1Power', { beta1Power: NaN }],
    ['beta2Power', { beta2Power: Infinity }],
    ['lossHistory', { lossHistory: [{ step: 1, epoch: 1, loss: NaN, validationLoss: null }] }],
  ])('in %s is refused by name, and nothing is replaced', async (subject, change) => {
    await writeCheckpointFile(path, versionOne, false);
    const error: unknown = await writeCheckpointFile(path, { ...versionOne, ...change }, false).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NonFiniteCheckpointError);
    expect(error).toMatchObject({ subject, code: 'CHECKPOINT_NOT_FINITE' });
    expect(await readCheckpointFile(path)).toEqual(versionOne);
    expect(await readdir(directory)).toHaveLength(1);
  });
});

describe('a damaged file', () => {
  it('is refused for any byte that was flipped', async () => {
    const good = await readFile(versionOnePath);
    for (let index = 0; index < good.length; index++) {
      const bytes = Buffer.from(good);
      bytes[index] ^= 1 << (index % 8);
      await writeFile(path, bytes);
      await expectDamaged(/expected/);
    }
    // What is wrong is said: a flipped bit of the data, and of the state.
    const bytes = Buffer.from(good);
    bytes[good.length - 1] ^= 1;
    await writeFile(path, bytes);
    await expectDamaged(
      /expected contents of SHA-256 "[0-9a-f]{64}", received [0-9a-f]{64}: bytes have changed/,
    );
  }, 180_000);

  it('is refused where it is too short for a hash', async () => {
    await writeFile(path, encodeHeader([], { format: 'rocinante-checkpoint', version: '1' }));
    await expectDamaged(/expected contents with a hash, received a file of \d+ bytes/);
  });

  it('is refused when it is cut, anywhere', async () => {
    const good = await readFile(versionOnePath);
    for (let length = 0; length < good.length; length += 13) {
      await writeFile(path, good.subarray(0, length));
      await expectDamaged(/the file is cut|at least 8 bytes/);
    }
  });

  it('is refused when bytes were appended, when it is another’s, and when it is not there', async () => {
    await writeFile(path, Buffer.concat([await readFile(versionOnePath), new Uint8Array(1)]));
    await expectDamaged(/belong to no tensor/);
    await writeFile(path, 'a text of some length');
    await expectDamaged(/no safetensors file/);
    await writeFile(path, encodeHeader([], { format: 'rocinante-weights' }));
    await expectDamaged(/expected a checkpoint .*, received format "rocinante-weights"/);
    await writeFile(path, encodeHeader([]));
    await expectDamaged(/a file without a format/);
    await rm(path);
    await expectDamaged(/ENOENT/);
  });

  it('is refused when it is of a later version, which it names', async () => {
    await writeFile(path, encodeHeader([], { format: 'rocinante-checkpoint', version: '2' }));
    await expectDamaged(/expected version 1 or before, received "2": use the release that wrote it/);
  });

  it.each<[string, (state: Record<string, unknown>) => unknown]>([
    ['step', (state) => ({ ...state, step: -1 })],
    ['beta1Power', (state) => ({ ...state, beta1Power: '0.5' })],
    ['beta2Power', (state) => ({ ...state, beta2Power: 2 })],
    ['lossHistory', (state) => ({ ...state, lossHistory: [{ step: 1 }] })],
    ['vocabulary', ({ vocabulary: _, ...state }) => state],
    ['further', (state) => ({ ...state, further: { a: 1 } })],
    ['an object', () => []],
  ])('is refused when its state is sound JSON but has another %s', async (subject, change) => {
    await writeForged((metadata) => ({
      ...metadata,
      state: JSON.stringify(change(JSON.parse(metadata['state']) as Record<string, unknown>)),
    }));
    await expectDamaged(new RegExp(`state: .*${subject}`));
  });

  it.each<[string, RegExp, string, RegExp]>([
    ['a power beyond float64', /"beta1Power":[^,]+/, '"beta1Power":1e999', /state: beta1Power/],
    ['NaN', /"beta2Power":[^,]+/, '"beta2Power":NaN', /state: expected JSON/],
    ['a count beyond whole numbers', /"issueCount":[^,]+/, '"issueCount":1e300', /state: issueCount/],
    ['an infinite loss', /"loss":3.25/, '"loss":1e999', /state: lossHistory/],
    ['a state of __proto__ alone', /^.*$/, '{"__proto__":{"step":60}}', /state: step is missing/],
  ])('is refused when its state has %s', async (_what, part, other, message) => {
    await writeForged((metadata) => ({ ...metadata, state: metadata['state'].replace(part, other) }));
    await expectDamaged(message);
  });

  it('keeps further strings of any name', async () => {
    await writeForged((metadata) => ({
      ...metadata,
      state: metadata['state'].replace('"further":{', '"further":{"__proto__":"x",'),
    }));
    const { further } = await readCheckpointFile(path);
    expect(Object.entries(further)).toEqual([
      ['__proto__', 'x'],
      ['exact', 'true'],
    ]);
    expect(Object.getPrototypeOf(further)).toBe(Object.prototype);
  });

  it('is refused when it is a directory or a pipe, without waiting for a writer', async () => {
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expectDamaged(/expected a file, received a pipe/);
    path = directory;
    await expectDamaged(/expected a file, received a directory/);
  });

  it('is refused when its tensors are of another dtype', async () => {
    await writeForged(
      (metadata) => metadata,
      (name) => name,
      'I32',
    );
    await expectDamaged(/expected "lstm_1\/kernel" F32 \[1,4\], received "lstm_1\/kernel" I32 \[1,4\]/);
  });

  it('is refused when its tensors do not belong together', async () => {
    await writeForged(
      (metadata) => metadata,
      (name) => name.replace('adam/m/dense/bias', 'adam/m/dense/other'),
    );
    await expectDamaged(
      /expected "adam\/m\/dense\/bias" F32 \[2\], received "adam\/m\/dense\/other" F32 \[2\]/,
    );
  });

  /** Writes a file whose hash is right although its contents are not what a release writes. */
  async function writeForged(
    change: (metadata: Record<string, string>) => Record<string, string>,
    rename = (name: string): string => name,
    dtype: Dtype = 'F32',
  ): Promise<void> {
    const { metadata, tensors, data } = parseSafetensors(await readFile(versionOnePath));
    const changed = change({ ...metadata, contents_sha256: '0'.repeat(64) });
    const renamed = tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name), dtype }));
    const bytes = Buffer.concat([encodeHeader(renamed, changed), data]);
    bytes.set(Buffer.from(sha256(bytes)), bytes.indexOf('0'.repeat(64)));
    await writeFile(path, bytes);
  }
});
