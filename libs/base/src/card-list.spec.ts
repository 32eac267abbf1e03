import { describe, expect, it } from 'vitest';
import { parseCardList } from './card-list.js';

describe('a list of cards', () => {
  it.each([
    ['all', 'all'],
    ['0', ['0']],
    ['2, 0', ['2', '0']],
    ['GPU-1111,3', ['GPU-1111', '3']],
    ['MIG-5c1e', ['MIG-5c1e']],
  ])('%j is one', (value, list) => {
    expect(parseCardList(value)).toEqual(list);
  });

  const tooMany = Array.from({ length: 65 }, (_, index) => index).join();
  it.each(['', ',', '0,', '0,0', '-1', '0.5', 'any', 'GPU-', 'GPU-1;rm', '0123456', tooMany])(
    '%j is none',
    (value) => {
      expect(parseCardList(value)).toBeNull();
    },
  );
});
