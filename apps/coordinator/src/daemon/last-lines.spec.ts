import { expect, it } from 'vitest';
import { LAST_CHARACTERS_MAX, lastLines } from './last-lines.js';

async function* numbered(count: number, length = 0): AsyncGenerator<string> {
  for (let number = 1; number <= count; number++) yield String(number).padEnd(length, '.');
  await Promise.resolve();
}

it.each([
  [0, 3, 0, []],
  [2, 3, 0, ['1', '2']],
  [3, 3, 0, ['1', '2', '3']],
  [4, 1, 3, ['4']],
  [10, 3, 7, ['8', '9', '10']],
  [11, 3, 8, ['9', '10', '11']],
])('of %i lines the last %i stand behind %i', async (count, wanted, skipped, last) => {
  expect(await lastLines(numbered(count), wanted)).toEqual({ last, skipped });
});

it('are fewer where lines are long', async () => {
  const length = LAST_CHARACTERS_MAX / 4;
  const { last, skipped } = await lastLines(numbered(23, length), 10);
  expect(last.map((line) => Number.parseInt(line, 10))).toEqual([20, 21, 22, 23]);
  expect(skipped).toBe(19);
});
