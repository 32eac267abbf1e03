/** Goal: a run goes on elsewhere from what the store has, and from nothing damaged. Method: damage done to objects. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkpointKey,
  checkpointsOf,
  findManifest,
  partKey,
  WEIGHTS_KEY,
  type Manifest,
} from './manifest.js';
import { RunMirror } from './run-mirror.js';
import { restoreRun } from './run-restoration.js';
import { SpecObjects } from './spec-objects.js';
import { SpecRun } from './spec-run.js';

let objects: SpecObjects;
let run: SpecRun;
let elsewhere: string;
let manifest: Manifest;

beforeEach(async () => {
  objects = new SpecObjects();
  run = new SpecRun(3);
  elsewhere = mkdtempSync(join(tmpdir(), 'rocinante-elsewhere-'));
  const { directory, files } = run;
  const [id, writer] = [randomUUID(), randomUUID()];
  const mirror = new RunMirror({
    ...{ objects, directory, files, run: id, writer },
    ...{ keepLast: 3, keepEverySteps: 0, damaged: [] },
  });
  run.writeWeights('weights');
  for (const step of [5, 10, 15]) {
    await run.save(step, { best: step === 5 });
    const state = { step, rollbacks: [], anchorStep: null };
    while ((await mirror.next(() => state, { weights: true })) !== null);
  }
  manifest = (await findManifest(objects))!.manifest;
});
afterEach(() => {
  run.remove();
  rmSync(elsewhere, { recursive: true });
});

const checkpoints = (): string[] => readdirSync(join(elsewhere, 'checkpoints')).sort();

function same(name: string): boolean {
  return readFileSync(join(elsewhere, name)).equals(readFileSync(join(run.directory, name)));
}

/** Changes a byte of an object, in place. */
function damage(key: string): void {
  const held = objects.held.get(key)!;
  const bytes = held.bytes.slice();
  bytes[bytes.length >> 1] ^= 1;
  objects.held.set(key, { ...held, bytes });
}

it('brings the newest checkpoint, the best, the weights and the logs', async () => {
  expect((await restoreRun(objects, manifest, elsewhere)).passedOver).toEqual([]);
  expect(checkpoints()).toEqual(['step-00000005.safetensors', 'step-00000015.safetensors']);
  for (const name of checkpoints()) expect(same(join('checkpoints', name))).toBe(true);
  for (const name of ['events.jsonl', 'config.json', WEIGHTS_KEY]) expect(same(name)).toBe(true);
  expect(manifest.files['events.jsonl'].length).toBeGreaterThan(1);
});

it('takes the one before a damaged newest, and forgets the damaged', async () => {
  damage(checkpointKey(manifest.latest!));
  const { manifest: restored, passedOver } = await restoreRun(objects, manifest, elsewhere);
  expect(passedOver).toEqual([
    { name: 'step-00000015.safetensors', reason: expect.stringContaining('SHA-256') as string },
  ]);
  expect(checkpoints()).toEqual(['step-00000005.safetensors', 'step-00000010.safetensors']);
  expect(checkpointsOf(restored).map(({ step }) => step)).toEqual([10, 5]);
});

it('takes the one before a newest that is cut, or gone', async () => {
  const key = checkpointKey(manifest.latest!);
  const held = objects.held.get(key)!;
  objects.held.set(key, { ...held, bytes: held.bytes.slice(0, -1) });
  const cut = await restoreRun(objects, manifest, elsewhere);
  expect(cut.passedOver[0].reason).toContain(`expected ${held.bytes.length} bytes`);
  objects.held.delete(key);
  const gone = await restoreRun(objects, manifest, elsewhere);
  expect(gone.passedOver[0].reason).toContain('is not there');
});

it('is refused where no checkpoint is good, and names them', async () => {
  for (const one of checkpointsOf(manifest)) damage(checkpointKey(one));
  const restored = restoreRun(objects, manifest, elsewhere);
  await expect(restored).rejects.toThrow(/expected a good checkpoint, received step-00000015.*step-00000005/);
  expect(existsSync(join(elsewhere, 'config.json'))).toBe(false);
});

it('goes without damaged logs and weights, and not without the record', async () => {
  damage(WEIGHTS_KEY);
  damage(partKey('events.jsonl', manifest.files['events.jsonl'][0]));
  const { passedOver } = await restoreRun(objects, manifest, elsewhere);
  expect(passedOver.map(({ name }) => name)).toEqual([WEIGHTS_KEY, 'events.jsonl']);
  expect(existsSync(join(elsewhere, 'events.jsonl'))).toBe(false);
  damage(partKey('config.json', manifest.files['config.json'][0]));
  await expect(restoreRun(objects, manifest, elsewhere)).rejects.toThrow('expected config.json of the run');
});

it('leaves no record where the store is lost on the way, so that it can begin anew', async () => {
  const readRange = objects.readRange.bind(objects);
  let reads = 0;
  objects.readRange = (...args) => {
    reads += 1;
    objects.lost = reads > 2;
    return readRange(...args);
  };
  await expect(restoreRun(objects, manifest, elsewhere)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect(existsSync(join(elsewhere, 'config.json'))).toBe(false);
});
