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

const STEP = '{"time":"t","event":"step","step":1}\n';
const ofLog: Exactness = { proof: B, setBy, notExactSince: null };
const ofCheckpoint: Exactness = { proof: A, setBy: null, notExactSince: 3 };

it.each([
  ['whose first step is closed', true],
  ['that goes back', false],
])('a run %s goes on with the proof that its log told of last before that', async (_what, isAtFirstStep) => {
  writeFileSync(path, `{"event":"joining-proof", cut\n{"event":"notice"}\n${entry(A)}${entry(B)}${STEP}`);
  expect(await goingOnWith(NOT_PROVEN, path, isAtFirstStep)).toEqual(ofLog);
  expect(await goingOnWith(ofCheckpoint, path, isAtFirstStep)).toBe(ofCheckpoint);
});

it('a run of no step is bound by no proof: who set it may be gone for good', async () => {
  writeFileSync(path, `{"event":"notice"}\n${entry(A)}`);
  expect(await goingOnWith(NOT_PROVEN, path, true)).toBe(NOT_PROVEN);
  expect(await goingOnWith({ ...ofCheckpoint, notExactSince: 0 }, path, true)).toBe(NOT_PROVEN);
  // One that went back to its first step has had others.
  expect(await goingOnWith(ofCheckpoint, path, false)).toBe(ofCheckpoint);
});

it('goes on without a proof where neither has one, and with the checkpoint’s where there is no log', async () => {
  for (const isAtFirstStep of [true, false]) {
    expect(await goingOnWith(NOT_PROVEN, path, isAtFirstStep)).toBe(NOT_PROVEN);
    expect(await goingOnWith(ofCheckpoint, path, isAtFirstStep)).toBe(ofCheckpoint);
  }
  writeFileSync(path, '{"event":"notice"}\n');
  expect(await goingOnWith(NOT_PROVEN, path, false)).toBe(NOT_PROVEN);
});
