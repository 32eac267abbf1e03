/**
 * Goal: whatever bytes come, a reader of ours ends, takes what their length calls for, and says in one line what is wrong.
 * Method: inputs of our own writers, edited at random from a seed, by edits that know the format and by others that do not;
 * each target in a process of its own with a small heap, and watched. A minute for all of them with seed 1;
 * ROCINANTE_LONG=1 takes an hour with ten seeds; ROCINANTE_FUZZ_MINUTES is another time for all. ROCINANTE_FUZZ_SEED takes one seed alone.
 */
import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz-run.js';
import { TARGET_NAMES } from './targets/names.js';

const isLong = process.env.ROCINANTE_LONG === '1';
const givenSeed = process.env.ROCINANTE_FUZZ_SEED;
const MINUTES = Number(process.env.ROCINANTE_FUZZ_MINUTES ?? (isLong ? 60 : 0.8));
const SEEDS = givenSeed !== undefined ? [Number(givenSeed)] : isLong ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1];
const INPUTS_MS = (MINUTES * 60_000) / TARGET_NAMES.length / SEEDS.length;

describe.each(SEEDS)('readers of bytes from outside, by seed %d', (seed) => {
  it.each([...TARGET_NAMES.entries()])(
    'target %d, %s: end, and refuse in one line',
    { timeout: INPUTS_MS + 120_000 },
    async (number, name) => {
      const { taken, refused, report } = await fuzz(number, name, seed, INPUTS_MS);
      console.log(`${name}: ${taken} taken, ${refused} refused`);
      expect(report).toBeNull();
      // Both sides were seen, or the edits are too wild or too tame to tell anything.
      expect(taken).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(taken / 1000);
    },
  );
});
