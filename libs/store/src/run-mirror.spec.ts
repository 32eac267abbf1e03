/** Goal: what `latest.json` names is there and whole at every moment. Method: real directories, a store in memory. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkpointKey,
  checkpointsOf,
  findManifest,
  keysOf,
  MANIFEST_KEY,
  type Manifest,
} from './manifest.js';
import { RunMirror, type MirrorOptions, type MirrorState, type Stored } from './run-mirror.js';
import { SpecObjects } from './spec-objects.js';
import { SpecRun } from './spec-run.js';

const RUN = randomUUID();
const AT_START: MirrorState = { step: 0, rollbacks: [], anchorStep: null };

let objects: SpecObjects;
let run: SpecRun;
beforeEach(() => {
  objects = new SpecObjects();
  run = new SpecRun();
});
afterEach(() => run.remove());

function mirror(options: Partial<MirrorOptions> = {}): RunMirror {
  const { directory, files } = run;
  const usual = { objects, directory, files, run: RUN, keepLast: 2, keepEverySteps: 0, damaged: [] };
  return new RunMirror({ ...usual, writer: randomUUID(), ...options });
}

async function all(
  of: RunMirror,
  state: Partial<MirrorState> = {},
  last: { weights: boolean } | null = null,
): Promise<string[]> {
  const names: string[] = [];
  for (
    let stored: Stored | null;
    (stored = await of.next(() => ({ ...AT_START, ...state }), last)) !== null;
  ) {
    names.push(stored.name);
  }
  return names;
}

async function manifest(): Promise<Manifest> {
  return (await findManifest(objects))!.manifest;
}

const steps = (of: Manifest): number[] => checkpointsOf(of).map(({ step }) => step);

it('puts a checkpoint and the run’s files there, and then latest.json', async () => {
  const name = await run.save(5);
  expect(await all(mirror())).toEqual([name]);
  const found = await manifest();
  expect(found.latest).toMatchObject({ step: 5, name });
  expect(Object.keys(found.files).sort()).toEqual(['config.json', 'events.jsonl']);
  expect(objects.keys).toEqual([...keysOf(found), MANIFEST_KEY].sort());
  // The place was taken first, and the checkpoint named last.
  expect(objects.log[0]).toBe(MANIFEST_KEY);
  expect(objects.log.at(-1)).toBe(MANIFEST_KEY);
});

it('keeps as many as the directory does, and removes the others after they are named no more', async () => {
  const of = mirror();
  for (const step of [5, 10, 15]) {
    await run.save(step);
    await all(of, { step });
  }
  const found = await manifest();
  expect(steps(found)).toEqual([15, 10]);
  expect(objects.keys).toEqual([...keysOf(found), MANIFEST_KEY].sort());
  const removed = objects.log.findIndex((key) => key.startsWith('-checkpoints/step-00000005'));
  expect(objects.log.slice(0, removed).lastIndexOf(MANIFEST_KEY)).toBeGreaterThan(
    objects.log.findIndex((key) => key.startsWith('checkpoints/step-00000015')),
  );
});

it('sends the newest first, and of those before it only the best, the kept and the one to go back to', async () => {
  const kept = new SpecRun(10);
  try {
    for (const step of [5, 10, 15, 20, 25]) await kept.save(step, { best: step === 5 });
    const { directory, files } = kept;
    const of = mirror({ directory, files, keepLast: 1, keepEverySteps: 20 });
    const sent = await all(of, { step: 25, anchorStep: 10 });
    expect(sent.map((name) => Number(name.slice(5, 13)))).toEqual([25, 20, 10, 5]);
    const found = await manifest();
    expect(steps(found)).toEqual([25, 20, 10, 5]);
    expect(checkpointsOf(found).map(({ needed }) => needed)).toEqual([false, false, true, true]);
  } finally {
    kept.remove();
  }
});

it('sends a file’s new lines only, and all of it where it was written anew', async () => {
  const of = mirror();
  for (let line = 0; line < 50; line += 1) run.say(`line ${line}`);
  await run.save(5);
  await all(of);
  const [first] = (await manifest()).files['events.jsonl'];
  await run.save(10);
  await all(of, { step: 10 });
  const parts = (await manifest()).files['events.jsonl'];
  expect(parts).toHaveLength(2);
  expect(parts[0]).toEqual(first);
  writeFileSync(join(run.directory, 'events.jsonl'), '{"event":"anew"}\n{"event":"half a li');
  await run.save(15);
  writeFileSync(join(run.directory, 'events.jsonl'), '{"event":"anew"}\n{"event":"half a li');
  await all(of, { step: 15 });
  expect((await manifest()).files['events.jsonl']).toEqual([
    { from: 0, bytes: 17, sha256: expect.any(String) as string },
  ]);
});

it('puts weights and the last lines there at the end', async () => {
  const of = mirror();
  await run.save(5);
  run.writeWeights('weights');
  await all(of, { step: 5 });
  expect((await manifest()).weights).toBeNull();
  run.say('finished');
  expect(await all(of, { step: 5 }, { weights: true })).toEqual(['weights/final.safetensors']);
  expect((await manifest()).weights).toMatchObject({ bytes: 7 });
  const lines = (await manifest()).files['events.jsonl'];
  expect(lines.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
    '{"event":"begun"}\n{"event":"saved 5"}\n{"event":"finished"}\n'.length,
  );
});

it('drops what a run that went back has left, and stores the state anew that it went back to', async () => {
  const of = mirror();
  for (const step of [5, 10, 15]) {
    await run.save(step, { best: step === 5 });
    await all(of, { step, anchorStep: 5 });
  }
  expect(steps(await manifest())).toEqual([15, 10, 5]);
  await run.checkpoints.removeAfter(5);
  await run.save(5, { value: 55 });
  const back = { step: 5, anchorStep: 5, rollbacks: [{ toStep: 5 }] };
  await all(of, back);
  const found = await manifest();
  expect(steps(found)).toEqual([5]);
  expect(found.rollbacks).toBe(1);
  expect(objects.keys).toEqual([...keysOf(found), MANIFEST_KEY].sort());
});

it('does not name a checkpoint that the run went back behind while it was sent', async () => {
  const of = mirror();
  await run.save(5);
  await all(of, { step: 5 });
  await run.save(10);
  const state = { ...AT_START, step: 10 };
  objects.before = (key) => {
    if (key.startsWith('checkpoints/step-00000010')) Object.assign(state, { rollbacks: [{ toStep: 5 }] });
  };
  await expect(of.next(() => ({ ...state }), null)).rejects.toThrow('changed');
  expect(steps(await manifest())).toEqual([5]);
});

it('passes over a damaged file until it is saved again', async () => {
  await run.save(5);
  const name = await run.save(10);
  const of = mirror({ damaged: [name] });
  await all(of, { step: 5 });
  expect(steps(await manifest())).toEqual([5]);
  await run.save(10);
  of.saved(name);
  await all(of, { step: 10 });
  expect(steps(await manifest())).toEqual([10, 5]);
});

it('looks again where the file was removed before it was read', async () => {
  const of = mirror();
  const name = await run.save(5);
  objects.before = (key) => {
    if (key === MANIFEST_KEY) rmSync(join(run.directory, 'checkpoints', name));
  };
  // The list of names is read after the place is taken: nothing is missing then.
  expect(await of.next(() => AT_START, null)).toBeNull();
});

describe('two writers', () => {
  it('cannot both begin a run: the second is told', async () => {
    const [first, second] = [mirror({ found: null }), mirror({ found: null, run: randomUUID() })];
    await first.take(AT_START);
    await expect(second.take(AT_START)).rejects.toMatchObject({ code: 'STORE_TAKEN', exitCode: 1 });
  });

  it('cannot both go on: who had the place before is told at its next write, and nothing of it is named', async () => {
    const first = mirror();
    await run.save(5);
    await all(first, { step: 5 });
    const second = mirror();
    await second.take({ step: 5, rollbacks: [] });
    await run.save(10);
    await expect(first.next(() => ({ ...AT_START, step: 10 }), null)).rejects.toMatchObject({
      code: 'STORE_TAKEN',
    });
    expect(steps(await manifest())).toEqual([5]);
    await all(second, { step: 10 });
    expect(steps(await manifest())).toEqual([10, 5]);
  });

  it('of two runs the second is refused, and so is an older state of the same', async () => {
    await run.save(5);
    await all(mirror(), { step: 5 });
    await expect(mirror({ run: randomUUID() }).take(AT_START)).rejects.toMatchObject({
      code: 'STORE_HOLDS_RUN',
      exitCode: 2,
    });
    await expect(mirror().take(AT_START)).rejects.toMatchObject({ code: 'STORE_AHEAD', exitCode: 2 });
    // One that went back more often is further, with fewer steps.
    await mirror().take({ step: 2, rollbacks: [{ toStep: 2 }] });
  });
});

it('knows its own write again where the answer to it was lost', async () => {
  const of = mirror();
  await run.save(5);
  await all(of, { step: 5 });
  await run.save(10);
  const write = objects.write.bind(objects);
  let isLost = true;
  objects.write = async (key, bytes, condition) => {
    const etag = await write(key, bytes, condition);
    // As the second try sees it: the condition does not hold any more.
    if (key === MANIFEST_KEY && isLost) {
      isLost = false;
      return write(key, bytes, condition);
    }
    return etag;
  };
  await all(of, { step: 10 });
  expect(steps(await manifest())).toEqual([10, 5]);
});

it('clears away what a killed coordinator left, but nothing that is newer than its own latest.json', async () => {
  await run.save(5);
  await all(mirror(), { step: 5 });
  const left = checkpointKey({ name: 'step-00000010.safetensors', sha256: 'a'.repeat(64) });
  await objects.write(left, new Uint8Array(3), null);
  await objects.write('somebody/else', new Uint8Array(3), null);
  await mirror().take({ step: 5, rollbacks: [] });
  expect(objects.keys).not.toContain(left);
  expect(objects.keys).toContain('somebody/else');
  const newer = checkpointKey({ name: 'step-00000015.safetensors', sha256: 'b'.repeat(64) });
  // Whoever takes the place right after us sends this before we look at what is there.
  objects.abandonUploads = async () => void (await objects.write(newer, new Uint8Array(3), null));
  await mirror().take({ step: 5, rollbacks: [] });
  expect(objects.keys).toContain(newer);
});

it('says what is missing', async () => {
  const of = mirror();
  await run.save(5);
  await all(of, { step: 5 });
  const name = await run.save(10);
  objects.lost = true;
  const state = { ...AT_START, step: 10 };
  await expect(of.next(() => state, null)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect(await of.missing(state, { weights: true })).toEqual([
    name,
    'weights/final.safetensors',
    'the last lines of its logs',
  ]);
});
