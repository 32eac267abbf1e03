import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { firstValues, networkLayout, type NetworkSpec } from '@rocinante/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WeightsFileError, type WeightsFileErrorCode } from './errors.js';
import { encodeHeader, parseSafetensors } from './safetensors.js';
import {
  encodeWeightsHeader,
  readWeightsFile,
  weightsSha256,
  writeWeightsFile,
  type Weights,
} from './weights-file.js';

const network: NetworkSpec = {
  input: 'one-hot',
  layers: [{ units: 3, dropout: 0.25 }],
  loss: 'every',
  recurrentActivation: 'sigmoid',
  vocabularySize: 4,
};
const weights: Weights = {
  network,
  vocabulary: ['a', '"', 'ñ', '\u{1f40e}'],
  normalisation: 'reference',
  window: 100,
  step: 60,
  configuration: { preset: 'quick', batch: 64 },
  parameters: firstValues(network, 1),
};

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocinante-weights-'));
  path = join(directory, 'final.safetensors');
});
afterEach(() => rm(directory, { recursive: true }));

/** Writes a file whose metadata is that of `weights` with some entries changed; undefined takes one away. */
async function writeChanged(
  changes: Record<string, string | undefined>,
  data = weights.parameters,
): Promise<void> {
  const { tensors, metadata } = parseSafetensors(
    Buffer.concat([encodeWeightsHeader(weights), Buffer.from(weights.parameters.buffer)]),
  );
  const changed = Object.entries({ ...metadata, ...changes }).filter(([, value]) => value !== undefined);
  const header = encodeHeader(tensors, Object.fromEntries(changed) as Record<string, string>);
  await writeFile(path, Buffer.concat([header, Buffer.from(data.buffer)]));
}

async function expectRefused(code: WeightsFileErrorCode, message: RegExp): Promise<void> {
  const error: unknown = await readWeightsFile(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WeightsFileError);
  expect(error).toMatchObject({ code, path, exitCode: 2 });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message.startsWith(`${path}: `)).toBe(true);
  expect((error as Error).message).not.toContain('\n');
}

describe('a weights file', () => {
  it('reads back as it was written, with further entries', async () => {
    const written = await writeWeightsFile(path, { ...weights, further: { validationLoss: '1.5' } });
    const read = await readWeightsFile(path);
    expect(read).toMatchObject({ ...weights, further: { validationLoss: '1.5' }, path });
    expect(read.layout).toEqual(networkLayout(network));
    expect(read.sha256).toBe(written.sha256);
    expect(read.bytes).toBe((await readFile(path)).length);
    expect(read.contentSha256).toBe(sha256(await readFile(path)));
    expect(written.bytes).toBe(read.bytes);
  });

  it('has the parameters’ bytes in layout order as its data section, which its hash is of', async () => {
    const { sha256: hash } = await writeWeightsFile(path, weights);
    const bytes = await readFile(path);
    const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
    expect(sha256(bytes.subarray(dataStart))).toBe(hash);
    expect(weightsSha256(weights.parameters)).toBe(hash);
    expect(Buffer.compare(bytes.subarray(dataStart), Buffer.from(weights.parameters.buffer))).toBe(0);
  });

  it('is refused when it is cut, anywhere', async () => {
    await writeWeightsFile(path, weights);
    const { length } = await readFile(path);
    for (const size of [length - 1, length - 300, 500, 8, 5, 0]) {
      await truncate(path, size);
      await expectRefused('WEIGHTS_UNREADABLE', /no sound weights file: .*expected .* received/);
    }
  });

  it('is refused when it is not there, or is a directory or a pipe', async () => {
    await expectRefused('WEIGHTS_UNREADABLE', /ENOENT/);
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expectRefused('WEIGHTS_UNREADABLE', /no sound weights file: expected a file, received a pipe/);
    path = directory;
    await expectRefused('WEIGHTS_UNREADABLE', /no sound weights file: expected a file, received a directory/);
  });

  it.each([NaN, Infinity, -Infinity])('is refused when it holds %d, by its tensor’s name', async (value) => {
    const parameters = weights.parameters.slice();
    parameters[parameters.length - 1] = value;
    await writeChanged({}, parameters);
    await expectRefused('WEIGHTS_NOT_FINITE', new RegExp(`dense/bias: expected finite.*received ${value}$`));
  });

  it('is refused when a tensor is of another dtype', async () => {
    const { tensors, metadata } = parseSafetensors(
      Buffer.concat([encodeWeightsHeader(weights), Buffer.from(weights.parameters.buffer)]),
    );
    const integers = tensors.map((tensor) => ({ ...tensor, dtype: 'I32' as const }));
    await writeFile(
      path,
      Buffer.concat([encodeHeader(integers, metadata), Buffer.from(weights.parameters.buffer)]),
    );
    await expectRefused('WEIGHTS_NETWORK', /expected "lstm_1\/kernel" F32 .*received "lstm_1\/kernel" I32/);
  });

  it('keeps further entries of any name', async () => {
    await writeWeightsFile(path, {
      ...weights,
      further: JSON.parse('{"__proto__":"x"}') as Record<string, string>,
    });
    const { further } = await readWeightsFile(path);
    expect(Object.entries(further!)).toEqual([['__proto__', 'x']]);
  });

  it('is refused when it is of another program, or a text', async () => {
    await writeFile(path, Buffer.concat([encodeHeader([]), new Uint8Array(0)]));
    await expectRefused('WEIGHTS_FORMAT', /received a safetensors file without a format/);
    await writeChanged({ format: 'rocinante-checkpoint' });
    await expectRefused('WEIGHTS_FORMAT', /received format "rocinante-checkpoint"/);
    await writeFile(path, 'En un lugar de cuyo nombre');
    await expectRefused('WEIGHTS_UNREADABLE', /this is no safetensors file/);
  });

  it('is refused when it is of a later release, which it names', async () => {
    await writeChanged({ version: '2' });
    await expectRefused('WEIGHTS_VERSION', /expected version 1, received "2": use the release that wrote it/);
  });

  it.each<[string, string | undefined]>([
    ['network', undefined],
    ['network', 'not JSON'],
    ['network', '[]'],
    ['network', JSON.stringify({ ...network, layers: [] })],
    ['network', JSON.stringify({ ...network, layers: [{ units: -1, dropout: 0 }] })],
    ['network', JSON.stringify({ ...network, layers: [{ units: 3, dropout: 1 }] })],
    ['network', JSON.stringify({ ...network, layers: [null] })],
    ['network', JSON.stringify({ ...network, layers: [{ units: 3, dropout: NaN }] })],
    ['network', JSON.stringify({ ...network, vocabularySize: 0 })],
    ['network', '{"__proto__":{"input":"one-hot"}}'],
    ['network', JSON.stringify({ ...network, input: 'other' })],
    ['network', JSON.stringify({ ...network, input: 'embedding' })],
    ['network', JSON.stringify({ ...network, recurrentActivation: 'tanh' })],
    ['vocabulary', undefined],
    ['vocabulary', '["a","b","c"]'],
    ['vocabulary', '["a","b","c","c"]'],
    ['vocabulary', '["a","b","c",4]'],
    ['normalisation', undefined],
    ['window', '0'],
    ['window', '1e2'],
    ['window', 'NaN'],
    ['window', '9007199254740991'],
    ['step', '-1'],
    ['step', 'Infinity'],
    ['step', 'x'.repeat(500)],
    ['configuration', '5'],
  ])('is refused for the metadata entry %s = %s', async (name, value) => {
    await writeChanged({ [name]: value });
    await expectRefused(
      'WEIGHTS_METADATA',
      new RegExp(`: ${name}: expected .*, received (nothing|".{0,80}"|".{0,76}\\.\\.\\.)$`),
    );
  });

  it('is refused when it describes another network than it holds, before that network’s memory is taken', async () => {
    await writeChanged({ network: JSON.stringify({ ...network, layers: [{ units: 4, dropout: 0 }] }) });
    await expectRefused(
      'WEIGHTS_NETWORK',
      /expected "lstm_1\/kernel" F32 \[4,16\], received "lstm_1\/kernel" F32 \[4,12\]/,
    );
    await writeChanged({ network: JSON.stringify({ ...network, layers: [{ units: 2 ** 45, dropout: 0 }] }) });
    await expectRefused('WEIGHTS_NETWORK', /expected "lstm_1\/kernel"/);
    await writeChanged({
      network: JSON.stringify({ ...network, layers: [...network.layers, ...network.layers] }),
    });
    await expectRefused(
      'WEIGHTS_NETWORK',
      /expected "lstm_2\/kernel" F32 \[3,12\], received "dense\/kernel"/,
    );
  });

  it('is refused when it holds a tensor more', async () => {
    const { tensors, metadata } = parseSafetensors(
      Buffer.concat([encodeWeightsHeader(weights), Buffer.from(weights.parameters.buffer)]),
    );
    const header = encodeHeader([...tensors, { name: 'x', dtype: 'F32', shape: [1] }], metadata);
    await writeFile(path, Buffer.concat([header, Buffer.from(weights.parameters.buffer), new Uint8Array(4)]));
    await expectRefused('WEIGHTS_NETWORK', /expected no further tensor, received "x" F32 \[1\]/);
  });

  it('that cannot be written says so, and fails rather than blames the input', async () => {
    const nowhere = join(directory, 'missing', 'final.safetensors');
    await expect(writeWeightsFile(nowhere, weights)).rejects.toMatchObject({
      name: 'WeightsFileError',
      code: 'WEIGHTS_NOT_WRITTEN',
      exitCode: 1,
      path: nowhere,
    });
  });
});
