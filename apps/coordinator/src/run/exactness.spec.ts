import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exactnessOf, furtherOf, goingOnWith, NOT_PROVEN, type Exactness } from './exactness.js';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const setBy = {
  worker: 'sancho',
  engine: { tensorflow: '2.21.0', device: 'cpu', model: 'Zen 4', features: ['avx2'] },
};

let path: string;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-exactness-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each<Exactness>([
  NOT_PROVEN,
  { proof: A, setBy, notExactSince: null },
  { proof: A, setBy: { worker: 'sancho', engine: null }, notExactSince: 0 },
  { proof: A, setBy: null, notExactSince: 12 },
])('comes back from a checkpoint’s further data: %j', (exactness) => {
  expect(exactnessOf(exactness.proof, furtherOf(exactness))).toEqual(exactness);
});

it('says in words since when a run is not exact', () => {
  expect(furtherOf({ proof: A, setBy: null, notExactSince: 12 })).toEqual({
    exactness: 'not exact since step 12',
  });
});

it.each<Record<string, string>>([
  { exactness: 'perhaps' },
  { joiningProofSetBy: '{' },
  { joiningProofSetBy: '{"worker":1}' },
])('is refused as %j', (further) => {
  expect(() => exactnessOf(A, further)).toThrow(/what it says of its exactness/);
});

const entry = (sha256: string): string =>
  `${JSON.stringify({ time: 't', event: 'joining-proof', atStep: 0, sha256, ...setBy })}\n`;

it('goes on with the proof of the event log where the checkpoint is from before any worker came', async () => {
  writeFileSync(path, `{"event":"joining-proof", cut\n{"event":"notice"}\n${entry(A)}${entry(B)}`);
  expect(await goingOnWith(NOT_PROVEN, path)).toEqual({ proof: A, setBy, notExactSince: null });
  const checkpoint = { proof: B, setBy: null, notExactSince: 3 };
  expect(await goingOnWith(checkpoint, path)).toBe(checkpoint);
});

it('goes on without one where neither has one', async () => {
  expect(await goingOnWith(NOT_PROVEN, path)).toBe(NOT_PROVEN);
  writeFileSync(path, '{"event":"notice"}\n');
  expect(await goingOnWith(NOT_PROVEN, path)).toBe(NOT_PROVEN);
});
