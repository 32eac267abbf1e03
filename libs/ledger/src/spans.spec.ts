import { expect, it } from 'vitest';
import { numbersOf, spansOf } from './spans.js';

it.each([
  { numbers: [], spans: '' },
  { numbers: [5], spans: '5' },
  { numbers: [3, 1, 0, 2, 7], spans: '0-3,7' },
  { numbers: [0, 2, 4, 5], spans: '0,2,4-5' },
])('writes $numbers as $spans, and reads it back', ({ numbers, spans }) => {
  expect(spansOf(numbers)).toBe(spans);
  if (spans !== '') expect(numbersOf(spans, 8)).toEqual([...numbers].sort());
});

it.each(['', '0-8', '8', '3-1', '1-1', '0,1', '2,0', '0-2,2', '01', '-1', '0-', 'a', '0-999999999', '1.5'])(
  'refuses %j of numbers below 8',
  (spans) => expect(numbersOf(spans, 8)).toBeNull(),
);

it('refuses spans that come again at the second, whatever a line has room for', () => {
  const began = process.cpuUsage();
  expect(numbersOf(Array(100_000).fill('0-1023').join(','), 1024)).toBeNull();
  // All of them would be 102 million numbers. Processor time: a busy machine takes longer.
  expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
});
