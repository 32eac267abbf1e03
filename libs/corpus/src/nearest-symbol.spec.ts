import { expect, it } from 'vitest';
import { nearestSymbol } from './nearest-symbol.js';

it.each([
  ["'", ['a', '’'], '’'],
  ['“', ['"', '„'], '"'],
  ['-', ['—', 'a'], '—'],
  ['\u00a0', [' '], ' '],
  ['é', ['e', 'E'], 'e'],
  ['É', ['e'], 'e'],
  ['Q', ['q'], 'q'],
  ['q', ['Q'], 'Q'],
  ['Ａ', ['A'], 'A'],
  ['ñ', ['a', '\n'], undefined],
  ['漢', ['a'], undefined],
])('by %j of %j %j may be meant', (symbol, symbols, nearest) => {
  expect(nearestSymbol(symbol, symbols)).toBe(nearest);
});
