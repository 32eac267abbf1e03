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

it('is read as it was written', async () => {
  expect(await found(JSON.stringify(good))).toEqual(good);
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
])('is refused: %s', async (_what, text) => {
  await expect(found(text)).rejects.toMatchObject({ code: 'STORE_DAMAGED', exitCode: 1 });
});
