/**
 * Goal: one run after another is prepared in the same memory, and none sees what another left there. Method: the real engine, over
 * encoded texts that are in the cache; what a run answers is compared with what it answers to a preparation of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartRunMessage, TrainingClient } from '@rocinante/wire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EngineProxy } from './engine-proxy.js';
import { RunPreparation, type PreparedRun } from './run-preparation.js';
import { scriptedRun, type ScriptedRun } from './spec-scripted-coordinator.js';
import { firstAssignment } from './spec-run-config.js';

let engine: EngineProxy;
let cacheFolder: string;
beforeAll(async () => {
  cacheFolder = mkdtempSync(join(tmpdir(), 'rocinante-preparation-'));
  engine = new EngineProxy({ threads: 1 }, (error) => {
    throw error;
  });
  await engine.request({ type: 'describe' });
});
afterAll(async () => {
  await engine.stop();
  rmSync(cacheFolder, { recursive: true });
});

async function prepared(preparation: RunPreparation, { start, ids }: ScriptedRun): Promise<PreparedRun> {
  writeFileSync(join(cacheFolder, `${start.corpus!.sha256}.ids`), ids);
  const source = {
    client: null as unknown as TrainingClient,
    session: 's',
    cacheFolder,
    signal: new AbortController().signal,
    warn: () => undefined,
  };
  return (await preparation.prepare(start as StartRunMessage, source))!;
}

/** A step's sum, which shows that it was computed; its room is left full. */
async function trained({ opening, layout, sums }: PreparedRun): Promise<Int32Array> {
  const sum = sums.take();
  const vector = new Float32Array(new SharedArrayBuffer(4 * layout.length));
  vector.forEach((_, index) => (vector[index] = ((index % 5) - 2) / 100));
  const result = await engine.request({
    type: 'train',
    assignment: firstAssignment,
    parameters: { version: 1, vector },
    exponents: new Int8Array(layout.blockCount).fill(-10),
    sum,
    cancelled: new Int32Array(new SharedArrayBuffer(4)),
  });
  expect([sum.buffer === opening.memory?.buffer, result!.fits]).toEqual([true, true]);
  const copy = Int32Array.from(sum);
  sum.fill(-1);
  return copy;
}

it('hands its memory on to the next run where that fits, and the same is computed there', async () => {
  const shared = new RunPreparation(engine);
  const memories: unknown[] = [];
  // So many that the last ones find no room, if the others' is not taken back.
  for (const units of [32, 24, 40, 24, 40, 24, 200]) {
    const batch = { size: 4, microBatch: 2 };
    const run = scriptedRun(`of ${units}`, units, { version: 1, assignment: 1 }, { batch });
    const inShared = await prepared(shared, run);
    memories.push(inShared.opening.memory);
    const found = { proof: inShared.proof, sum: await trained(inShared) };
    const alone = await prepared(new RunPreparation(engine), run);
    expect(found).toEqual({ proof: alone.proof, sum: await trained(alone) });
  }
  expect(memories.map((memory) => memories.indexOf(memory))).toEqual([0, 0, 0, 0, 0, 0, 6]);
});
