/**
 * Goal: the hash is its formula, whatever the order, and finds what it says. Method: the formula in arbitrary precision;
 * every bit of every element flipped; a permutation, an exchange, and a whole block moved. Kernels give the same.
 */
import { AssertionError, RandomStream } from '@rocinante/base';
import { createLayout, kernelsOf, VectorMemory } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import { QuantaHash } from './quanta-hash.js';

const layout = createLayout([
  { name: 'a', shape: [2 * 1024 + 7] },
  { name: 'b', shape: [1] },
  { name: 'c', shape: [1026] },
]);
const memory = VectorMemory.create([{ count: 1, length: 2 ** 12 }]);
const room = memory.int32(layout.length);
const plain = new QuantaHash(layout);
const inMemory = new QuantaHash(layout, memory);
/** Of both, which must agree. */
const hash = {
  elementWeights: plain.elementWeights,
  blockWeights: plain.blockWeights,
  of(quanta: Int32Array): number {
    const found = plain.of(quanta);
    room.set(quanta);
    expect(inMemory.of(room)).toBe(found);
    return found;
  },
};
const random = new RandomStream(1, 'simulation');
/** Of all sizes that an int32 has. */
const quanta = Int32Array.from({ length: layout.length }, () => {
  return (random.integer(2 ** 16) * 2 ** 16 + random.integer(2 ** 16)) >> random.integer(32);
});

/** The element changed, the hash taken, and the element put back. */
function hashWith(changes: readonly (readonly [index: number, value: number])[]): number {
  const changed = quanta.slice();
  for (const [index, value] of changes) changed[index] = value;
  return hash.of(changed);
}

it('is the sum of q·u·v modulo 2^32', () => {
  let sum = 0n;
  for (let block = 0; block < layout.blockCount; block++) {
    const [start, end] = [layout.blockStarts[block], layout.blockStarts[block + 1]];
    for (let i = start; i < end; i++) {
      sum += BigInt(quanta[i]) * BigInt(hash.elementWeights[i - start]) * BigInt(hash.blockWeights[block]);
    }
  }
  expect(BigInt(hash.of(quanta))).toBe(BigInt.asUintN(32, sum));
});

it('has odd weights that do not change from release to release, each its own', () => {
  const all = [...hash.elementWeights, ...hash.blockWeights];
  expect(all.every((weight) => weight % 2 !== 0)).toBe(true);
  expect(new Set(all).size).toBe(all.length);
  expect([hash.elementWeights[0], hash.elementWeights[1023], hash.blockWeights[0]]).toEqual([
    -858633639, 1341458689, 1819404867,
  ]);
});

it('is computed by kernels where the quanta lie in its memory', () => {
  expect(kernelsOf(room, inMemory.elementWeights)).not.toBeNull();
  expect(kernelsOf(room, plain.elementWeights)).toBeNull();
});

it('is 0 for zeros, and takes the extremes of int32', () => {
  expect(hash.of(new Int32Array(layout.length))).toBe(0);
  const lowest = new Int32Array(layout.length);
  lowest[5] = -(2 ** 31);
  expect(hash.of(lowest)).toBe(2 ** 31);
  expect(() => hash.of(new Int32Array(3))).toThrow(AssertionError);
});

describe('what differs is found', () => {
  const sound = hash.of(quanta);

  it('in any bit of any element', () => {
    for (let index = 0; index < layout.length; index += 13) {
      for (let bit = 0; bit < 32; bit++) {
        if (hashWith([[index, quanta[index] ^ (1 << bit)]]) === sound) expect.fail(`${index}, bit ${bit}`);
      }
    }
  });

  it('where elements changed places, within a block or between blocks', () => {
    for (let round = 0; round < 2000; round++) {
      const [one, other] = [random.integer(layout.length), random.integer(layout.length)];
      if (quanta[one] === quanta[other]) continue;
      const exchanged = hashWith([
        [one, quanta[other]],
        [other, quanta[one]],
      ]);
      if (exchanged === sound) expect.fail(`${one} and ${other}`);
    }
  });

  it('where lowest bits differ throughout', () => {
    const seen = new Set<number>([sound]);
    for (let round = 0; round < 2000; round++) {
      seen.add(hash.of(quanta.map((q) => (q === 0 ? q : q + random.integer(3) - 1))));
    }
    expect(seen.size).toBe(2001);
  });

  it('where two blocks changed places', () => {
    const moved = quanta.slice();
    moved.set(quanta.subarray(1024, 2048), 0);
    moved.set(quanta.subarray(0, 1024), 1024);
    expect(hash.of(moved)).not.toBe(sound);
  });
});
