import { encodeCorpus } from '@rocinante/corpus';
import { expect, it } from 'vitest';
import { controlSymbolsLine } from './control-symbols.js';

function lineOf(bytes: Uint8Array): string | null {
  return controlSymbolsLine(
    'corpus a.txt',
    encodeCorpus(bytes, { normalisation: 'none' }).vocabulary.symbols,
  );
}

it('says what a text with symbols that no text has was rather made of', () => {
  expect(lineOf(Buffer.from('call me', 'utf16le'))).toMatch(
    /^corpus a\.txt has symbols that are no text's \(U\+0000\): perhaps it is binary, or UTF-16 .*UTF-16LE/,
  );
  // As ISO-8859-1 makes it of Windows-1252.
  expect(lineOf(Buffer.from('\x93Call me Ishmael\x85\x94 he said \x96 \x97'))).toMatch(
    /^corpus a\.txt .* \(U\+0085, U\+0093, U\+0094, U\+0096 and 1 more\): perhaps it was Windows-1252, /,
  );
  expect(lineOf(Buffer.from('ni\ufffdo'))).toMatch(/\(U\+FFFD\): perhaps characters were lost/);
});

it('says nothing of other symbols', () => {
  expect(lineOf(Buffer.from('¿Qué? “So.”\t\f\n\u00a0—\u200b漢'))).toBeNull();
});
