/**
 * Goal: whatever bytes come, a reader of ours ends, takes what their length calls for, and says in one line what is wrong; a
 * server goes on for others.
 * Method: inputs of our own writers, edited at random from a seed, by edits that know the format and by others that do not;
 * each target in a process of its own with a small heap, and watched. So many inputs of each with seed 1 as targets/names.ts
 * says, the same on every machine; ROCINANTE_LONG=1 reads for an hour with ten seeds, ROCINANTE_FUZZ_MINUTES for another time.
 * ROCINANTE_FUZZ_SEED takes one seed alone, ROCINANTE_FUZZ_INPUT one input, or several as in 0-99; -t 'target 3' one target.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';
import { fuzz, type InputRange } from './fuzz-run.js';
import { KNOWN_TARGETS, type KnownTarget } from './targets/names.js';

const { ROCINANTE_LONG, ROCINANTE_FUZZ_MINUTES, ROCINANTE_FUZZ_SEED, ROCINANTE_FUZZ_INPUT } = process.env;
const isLong = ROCINANTE_LONG === '1';
const minutes = ROCINANTE_FUZZ_MINUTES ?? (isLong ? '60' : null);
const SEEDS = ROCINANTE_FUZZ_SEED
  ? [Number(ROCINANTE_FUZZ_SEED)]
  : isLong
    ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    : [1];

/** Where the number of inputs decides, the clock is there for a machine that stands still: no test fails for it. */
const SAFEGUARD_MS = 600_000;

/** Making a target, the last input, and looking for the least that does the same. */
const BESIDE_MS = 300_000;

function rangeOf({ inputs }: KnownTarget, seed: number): InputRange {
  if (ROCINANTE_FUZZ_INPUT) {
    const [first, last = first] = ROCINANTE_FUZZ_INPUT.split('-').map(Number);
    return { seed, first, end: last + 1, milliseconds: SAFEGUARD_MS };
  }
  if (minutes === null) return { seed, first: 0, end: inputs, milliseconds: SAFEGUARD_MS };
  const milliseconds = (Number(minutes) * 60_000) / KNOWN_TARGETS.length / SEEDS.length;
  return { seed, first: 0, end: Infinity, milliseconds };
}

describe.each(SEEDS)('readers of bytes from outside, by seed %d', (seed) => {
  it.each(KNOWN_TARGETS.map((target, number) => [number, target.name, target] as const))(
    'target %d, %s: end, and refuse in one line',
    { timeout: SAFEGUARD_MS + BESIDE_MS + Number(minutes ?? 0) * 60_000 },
    async (number, _name, target) => {
      const range = rangeOf(target, seed);
      const { taken, refused, end, report } = await fuzz(number, target.name, range);
      console.log(`${target.name}: ${taken} taken, ${refused} refused`);
      if (minutes === null && end < range.end) console.log(`only inputs to ${end}: the machine is too busy`);
      expect(report).toBeNull();
      if (ROCINANTE_FUZZ_INPUT) return;
      // Both sides were seen, or the edits are too wild or too tame to tell anything.
      expect(taken).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(taken / 1000);
    },
  );
});

it('are given the same inputs wherever they run', { timeout: BESIDE_MS }, () => {
  const script = join(projectRoot, 'test', 'dist', 'fuzz', 'inputs-child.js');
  const digests = (): unknown => JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' }));
  const first = digests();
  expect(Object.keys(first as object)).toEqual(KNOWN_TARGETS.map(({ name }) => name));
  expect(digests()).toEqual(first);
});
