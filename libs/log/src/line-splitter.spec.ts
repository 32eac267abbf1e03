import { expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

function linesOf(pieces: readonly string[], lengthMax?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), lengthMax);
  for (const piece of pieces) splitter.take(piece);
  splitter.end();
  return lines;
}

it('gives lines as they were, wherever the pieces were cut, and the last one without its end', () => {
  const text = 'one\ntwo\n\n \nthree';
  expect(linesOf([text])).toEqual(['one', 'two', 'three']);
  expect(linesOf([...text])).toEqual(['one', 'two', 'three']);
});

it('holds no more of a line than its limit', () => {
  expect(linesOf(['x'.repeat(50), 'x'.repeat(50), 'x\nabc\n'], 8)).toEqual(['xxxxxxxx', 'abc']);
  expect(linesOf(['x'.repeat(50)], 8)).toEqual(['xxxxxxxx']);
});
