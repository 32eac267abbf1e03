import { createLayout } from '@rocinante/parameters';
import { expect, it } from 'vitest';
import { giveBackRunMemory, takeRunMemory } from './run-memory.js';

const layoutOf = (units: number) => createLayout([{ name: 'a', shape: [units, 1024] }]);

it('a run’s memory serves the next run that it is large enough for, as zeros', () => {
  const first = takeRunMemory(layoutOf(300));
  const vector = first.float32(300 * 1024).fill(3);
  giveBackRunMemory(first);
  const second = takeRunMemory(layoutOf(400));
  expect(second).toBe(first);
  const again = second.float32(300 * 1024);
  expect(again.byteOffset).toBe(vector.byteOffset);
  expect(again.every((value) => value === 0)).toBe(true);
});

it('a run’s memory is its own as long as it is not given back, and a larger run has another', () => {
  const first = takeRunMemory(layoutOf(10));
  expect(takeRunMemory(layoutOf(10))).not.toBe(first);
  giveBackRunMemory(first);
  const larger = takeRunMemory(layoutOf(60_000));
  expect(larger).not.toBe(first);
  expect(takeRunMemory(layoutOf(10))).toBe(first);
});

it('two memories are kept at most', () => {
  const memories = [1, 2, 3].map(() => takeRunMemory(layoutOf(5)));
  for (const memory of memories) giveBackRunMemory(memory);
  expect([takeRunMemory(layoutOf(5)), takeRunMemory(layoutOf(5))]).toEqual(memories.slice(1));
  expect(memories).not.toContain(takeRunMemory(layoutOf(5)));
});
