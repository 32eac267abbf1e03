// Goal: the folding is Unidecode's in the blocks that it covers. Method: checksums of Unidecode's results, row by row, which
// reference/unidecode_golden.py wrote; `--show ROW` there prints the row that a failure names.
import { readFileSync } from 'node:fs';
import { crc32 } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { foldLatin } from './latin-folding.js';

interface Golden {
  readonly unidecode: string;
  readonly rows: Readonly<Record<string, number>>;
}

const golden = JSON.parse(
  readFileSync(new URL('../reference/unidecode.json', import.meta.url), 'utf8'),
) as Golden;

describe('foldLatin', () => {
  it('agrees with Unidecode on every row of 16 characters', () => {
    const checksums = Object.keys(golden.rows).map((row): [string, number] => {
      const first = Number.parseInt(row, 16);
      const results = Array.from({ length: 16 }, (_, i) =>
        foldLatin(String.fromCodePoint(first + i).toLowerCase()),
      );
      return [row, crc32(new TextEncoder().encode(results.map((result) => `${result}\0`).join('')))];
    });
    expect(checksums).toHaveLength(52);
    expect(Object.fromEntries(checksums)).toEqual(golden.rows);
  });

  it('folds punctuation, ligatures and signs', () => {
    expect(foldLatin('¿qué? «así» — “œuvre” … ßæø ¡no!')).toBe('?que? <<asi>> -- "oeuvre" ... ssaeo !no!');
  });

  it('folds Latin letters outside of the blocks where they decompose to ASCII', () => {
    expect(foldLatin('ﬁn ｄｏｎ ⅳ')).toBe('fin don iv');
  });

  it('drops combining marks that stand on a Latin letter only', () => {
    expect(foldLatin('n\u0303andu\u0301\u0308')).toBe('nandu');
    expect(foldLatin('\u0438\u0306')).toBe('\u0438\u0306');
    expect(foldLatin('\u03b1\u0301')).toBe('\u03b1\u0301');
  });

  it('keeps other scripts and Latin letters without an ASCII form', () => {
    const text = 'ёжик ὁ λόγος 道可道。 שלום 😀 ɮ';
    expect(foldLatin(text)).toBe(text);
  });
});
