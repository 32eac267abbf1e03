import { VectorMemory } from '@rocinante/parameters';
import { expect, it } from 'vitest';
import { SumRooms, SUMS_KEPT } from './contributions.js';

it('keeps so many sums, in the run’s memory, however many were held at once', () => {
  const memory = VectorMemory.create([{ count: 20, length: 100 }]);
  const rooms = new SumRooms(memory, 100);
  const isWithin = (sum: Int32Array): boolean => sum.buffer === memory.shared!.buffer;
  const first = Array.from({ length: SUMS_KEPT + 3 }, () => rooms.take());
  expect(first.map(isWithin)).toEqual(first.map((_, index) => index < SUMS_KEPT));
  expect(first.every(({ length }) => length === 100)).toBe(true);
  for (const sum of first.reverse()) rooms.giveBack(sum);
  const second = first.map(() => rooms.take());
  expect(new Set([...first, ...second]).size).toBe(SUMS_KEPT + 6);
  expect(second.map(isWithin)).toEqual(second.map((_, index) => index < SUMS_KEPT));
});
