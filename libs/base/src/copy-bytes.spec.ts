import { expect, it } from 'vitest';
import { copyBytes } from './copy-bytes.js';

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

/** Memory with so many bytes before, and others after. */
const places = [
  ['memory of its own', (size: number) => new ArrayBuffer(size)],
  ['shared memory', (size: number) => new SharedArrayBuffer(size)],
] as const;

it.each(places.flatMap(([from, a]) => places.map(([to, b]) => [from, to, a, b] as const)))(
  'from %s to %s, whatever the alignment, and nothing beside',
  (_from, _to, from, to) => {
    for (const [before, after] of [
      [0, 0],
      [3, 0],
      [0, 5],
      [1, 7],
    ]) {
      const source = new Uint8Array(from(1010), before, 1000);
      source.set(bytes);
      const target = new Uint8Array(to(1010)).fill(255);
      copyBytes(source, target.subarray(after, after + 1000));
      expect([...target]).toEqual([
        ...new Array<number>(after).fill(255),
        ...bytes,
        ...new Array<number>(10 - after).fill(255),
      ]);
    }
  },
);

it('of none, and never of another number', () => {
  const target = Uint8Array.of(7);
  copyBytes(bytes.subarray(0, 0), target.subarray(0, 0));
  expect(target[0]).toBe(7);
  expect(() => copyBytes(bytes.subarray(0, 3), new Uint8Array(8))).toThrow('3 bytes are copied to 8');
  expect(() => copyBytes(bytes.subarray(0, 3), new Uint8Array(0))).toThrow('3 bytes are copied to 0');
});
