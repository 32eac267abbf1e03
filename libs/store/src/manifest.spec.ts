import { expect, it } from 'vitest';
import { findManifest, MANIFEST_KEY } from './manifest.js';
import { SpecObjects } from './spec-objects.js';

const good = {
  version: 1,
  run: '0b9cf6a4-9d2c-4c1c-8f5a-0e3c5a1f7d10',
  writer: { id: '0b9cf6a4-9d2c-4c1c-8f5a-0e3c5a1f7d11', host: 'here' },
  rollbacks: 0,
  latest: null,
  previous: [],
  files: { 'events.jsonl': [{ from: 0, bytes: 5, sha256: 'a'.repeat(64) }] },
  weights: null,
};

async function found(text: string): Promise<unknown> {
  const objects = new SpecObjects();
  await objects.write(MANIFEST_KEY, new TextEncoder().encode(text), null);
  return (await findManifest(objects))?.manifest;
}

const hash = 'a'.repeat(64);
const part = (from: number, bytes: number): object => ({ from, bytes, sha256: hash });
const checkpoint = (step: number, name = `step-${String(step).padStart(8, '0')}.safetensors`): object => ({
  ...{ step, name, bytes: 1, sha256: hash, needed: false },
});
const withFiles = (files: object): string => JSON.stringify({ ...good, files });
const withCheckpoints = (latest: object | null, ...previous: object[]): string =>
  JSON.stringify({ ...good, latest, previous });

it('is read as it was written', async () => {
  expect(await found(JSON.stringify(good))).toEqual(good);
  const lines = [part(0, 40), part(40, 20), part(60, 1)];
  const files = {
    ...{
      'config.json': [part(0, 5)],
      'run.json': [part(0, 5)],
      corpus: [part(0, 5)],
      'first-weights': [part(0, 5)],
    },
    ...{ 'ledger.jsonl': lines, 'abandoned-1.jsonl': [], 'events.jsonl': [] },
  };
  expect(await found(withFiles(files))).toMatchObject({ files });
  expect(await found(withCheckpoints(checkpoint(20), checkpoint(5)))).not.toBeNull();
  expect(await findManifest(new SpecObjects())).toBeNull();
});

it.each([
  ['not JSON', '{'],
  ['another version', JSON.stringify({ ...good, version: 2 })],
  ['a name that leads out of the folder', JSON.stringify({ ...good, files: { '../a.json': [] } })],
  [
    'a checkpoint of another name',
    JSON.stringify({
      ...good,
      latest: {
        step: 1,
        name: '../../step-00000001.safetensors',
        bytes: 1,
        sha256: 'a'.repeat(64),
        needed: false,
      },
    }),
  ],
  [
    'a length beyond reason',
    JSON.stringify({ ...good, weights: { bytes: Number.MAX_SAFE_INTEGER, sha256: 'a'.repeat(64) } }),
  ],
  ['more keys', JSON.stringify({ ...good, more: 1 })],
  ...['lock', 'store.json', 'checkpoints', 'run.json.partial', 'abandoned-0/../../x.jsonl'].map(
    (name): [string, string] => [
      `a file called ${name}`,
      `${withFiles({}).slice(0, -1)},"files":{"${name}":[]}}`,
    ],
  ),
  ['a content in two parts, by the hash of the first', withFiles({ corpus: [part(0, 5), part(5, 5)] })],
  ['a content of nothing', withFiles({ 'first-weights': [] })],
  ['a hole in a file', withFiles({ 'events.jsonl': [part(0, 5), part(Number.MAX_SAFE_INTEGER - 9, 5)] })],
  ['a file that begins late', withFiles({ 'config.json': [part(7, 5)] })],
  ['a record beyond reason', withFiles({ 'config.json': [part(0, 5 << 20)] })],
  [
    'lines beyond reason',
    withFiles({ 'events.jsonl': [part(0, 4 * 1024 ** 3 - 2), part(4 * 1024 ** 3 - 2, 9)] }),
  ],
  ['a checkpoint twice', withCheckpoints(checkpoint(20), checkpoint(5), checkpoint(5))],
  ['a checkpoint under another step’s name', withCheckpoints(checkpoint(20, 'step-00000021.safetensors'))],
  ['checkpoints without the newest', withCheckpoints(null, checkpoint(5))],
])('is refused: %s', async (_what, text) => {
  await expect(found(text)).rejects.toMatchObject({ code: 'STORE_DAMAGED', exitCode: 1 });
});
