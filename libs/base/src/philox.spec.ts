import { describe, expect, it } from 'vitest';
import { philox, type Words2, type Words4 } from './philox.js';

describe('philox', () => {
  // The known answers that the paper's authors publish with Random123 (kat_vectors, philox4x32 of 10 rounds).
  const knownAnswers: [name: string, key: Words2, counter: Words4, expected: Words4][] = [
    ['zeros', [0, 0], [0, 0, 0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      'ones',
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      'digits of pi',
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  it.each(knownAnswers)('gives the published answer for %s', (_name, key, counter, expected) => {
    expect(philox(key, counter)).toEqual(expected);
  });
});
