import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { BLOCK_ELEMENTS, createLayout, RANGE_BLOCKS } from './layout.js';

describe('createLayout', () => {
  it('places tensors in order without gaps, and begins blocks anew at each', () => {
    const layout = createLayout([
      { name: 'a', shape: [3, 500] },
      { name: 'b', shape: [7] },
      { name: 'c', shape: [2, BLOCK_ELEMENTS] },
    ]);
    expect(layout.tensors).toEqual([
      { name: 'a', shape: [3, 500], offset: 0, size: 1500, firstBlock: 0, blockCount: 2 },
      { name: 'b', shape: [7], offset: 1500, size: 7, firstBlock: 2, blockCount: 1 },
      { name: 'c', shape: [2, 1024], offset: 1507, size: 2048, firstBlock: 3, blockCount: 2 },
    ]);
    expect(layout.length).toBe(3555);
    expect([...layout.blockStarts]).toEqual([0, 1024, 1500, 1507, 2531, 3555]);
    expect(layout.blockCount).toBe(5);
  });

  it('cuts the blocks into ranges that cover the vector once and in order', () => {
    const layout = createLayout([
      { name: 'a', shape: [BLOCK_ELEMENTS * (RANGE_BLOCKS - 1) + 1] },
      { name: 'b', shape: [BLOCK_ELEMENTS * RANGE_BLOCKS + 5] },
    ]);
    expect(layout.ranges.map(({ blockCount }) => blockCount)).toEqual([RANGE_BLOCKS, RANGE_BLOCKS, 1]);
    let [block, element] = [0, 0];
    layout.ranges.forEach((range, index) => {
      expect(range).toMatchObject({ index, firstBlock: block, start: element });
      expect(range.end - range.start).toBeLessThanOrEqual(BLOCK_ELEMENTS * RANGE_BLOCKS);
      block += range.blockCount;
      element = range.end;
    });
    expect([block, element]).toEqual([layout.blockCount, layout.length]);
  });

  it('takes a scalar for one element, and no tensors for an empty vector', () => {
    expect(createLayout([{ name: 'a', shape: [] }])).toMatchObject({ length: 1, blockCount: 1 });
    expect(createLayout([])).toMatchObject({ length: 0, blockCount: 0, ranges: [] });
  });

  it('refuses a name that stands twice, and dimensions that are no positive integers', () => {
    const twice = [
      { name: 'a', shape: [1] },
      { name: 'a', shape: [2] },
    ];
    expect(() => createLayout(twice)).toThrow(AssertionError);
    for (const dimension of [0, -1, 1.5, NaN]) {
      expect(() => createLayout([{ name: 'a', shape: [dimension] }])).toThrow(AssertionError);
    }
  });
});
