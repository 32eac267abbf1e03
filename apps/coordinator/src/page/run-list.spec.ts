import { expect, it } from 'vitest';
import type { RunJson } from '@rocinante/run-json';
import { changeOf, pictureOf } from './run-list.js';

const run = (id: string, step: number): RunJson => ({ id, step }) as RunJson;
const picture = (runs: readonly RunJson[], leftOut = 0): ReturnType<typeof pictureOf> =>
  pictureOf({ runs, leftOut });

it('a page is told all runs at first, and then those that have changed', () => {
  const first = picture([run('r2', 1), run('r1', 9)]);
  expect(changeOf(null, first)).toEqual({
    order: ['r2', 'r1'],
    runs: [run('r2', 1), run('r1', 9)],
    leftOut: 0,
  });
  expect(changeOf(first, picture([run('r2', 1), run('r1', 9)]))).toBeNull();
  expect(changeOf(first, picture([run('r2', 2), run('r1', 9)]))).toEqual({
    order: ['r2', 'r1'],
    runs: [run('r2', 2)],
    leftOut: 0,
  });
});

it('a page is told of another order, of runs that are gone, and of none', () => {
  const first = picture([run('r2', 1), run('r1', 9)]);
  expect(changeOf(first, picture([run('r1', 9), run('r2', 1)]))).toMatchObject({
    order: ['r1', 'r2'],
    runs: [],
  });
  expect(changeOf(first, picture([run('r1', 9)]))).toMatchObject({ order: ['r1'], runs: [] });
  expect(changeOf(first, picture([run('r2', 1), run('r1', 9)], 3))).toMatchObject({ runs: [], leftOut: 3 });
  expect(changeOf(null, picture([]))).toEqual({ order: [], runs: [], leftOut: 0 });
});
