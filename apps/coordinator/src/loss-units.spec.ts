import { expect, it } from 'vitest';
import { bitsOrNull, bitsPerCharacter, heldOutShown, perplexityOf } from './loss-units.js';

it('says of 27 characters that are equally likely what is known of them', () => {
  const nats = Math.log(27);
  expect(bitsPerCharacter(nats)).toBeCloseTo(Math.log2(27), 12);
  expect(perplexityOf(nats)).toBeCloseTo(27, 12);
  expect(heldOutShown(nats)).toBe('3.2958 (4.75 bits a character)');
});

it('has a bit for ln 2 nats, and nothing of nothing', () => {
  expect(bitsPerCharacter(Math.LN2)).toBe(1);
  expect([bitsOrNull(0), bitsOrNull(null)]).toEqual([0, null]);
});
