import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeCorpus } from './corpus.js';
import { EmptyCorpusError, NotUtf8Error, UnknownSymbolsError } from './errors.js';
import { Vocabulary } from './vocabulary.js';

const quijote = process.env['ROCINANTE_QUIJOTE'];

describe('encodeCorpus', () => {
  const bytes = Buffer.from('\ufeffÁrbol\r\n\r\nárbol 😀', 'utf8');

  it('encodes with the characters that occur, by code point', () => {
    const corpus = encodeCorpus(bytes, { normalisation: 'none' });
    expect(corpus.vocabulary.symbols).toEqual(['\n', ' ', 'b', 'l', 'o', 'r', 'Á', 'á', '😀']);
    expect(corpus.vocabulary.decode(corpus.ids)).toBe('Árbol\n\nárbol 😀');
    expect(corpus.textSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(corpus.idsSha256).toBe(createHash('sha256').update(corpus.ids).digest('hex'));
  });

  it('encodes the normalised text', () => {
    const corpus = encodeCorpus(bytes, { normalisation: 'reference' });
    expect(corpus.vocabulary.decode(corpus.ids)).toBe('arbol\narbol 😀');
    expect(corpus.normalisation).toBe('reference');
  });

  it('encodes with a vocabulary that is given, in its order, used up or not', () => {
    const vocabulary = new Vocabulary(['x', '😀', 'l', 'o', ' ', 'b', 'r', '\n', 'a']);
    const corpus = encodeCorpus(bytes, { normalisation: 'reference', vocabulary });
    expect(corpus.vocabulary).toBe(vocabulary);
    expect([...corpus.ids]).toEqual([8, 6, 5, 3, 2, 7, 8, 6, 5, 3, 2, 4, 1]);
    const many = new Vocabulary(Array.from({ length: 257 }, (_, id) => String.fromCodePoint(10 + id)));
    const wide = encodeCorpus(Buffer.from('AB'), { normalisation: 'none', vocabulary: many });
    expect(wide.ids).toEqual(Uint16Array.of(55, 56));
  });

  it('gives the same ids for the vocabulary that it found itself', () => {
    const found = encodeCorpus(bytes, { normalisation: 'none' });
    const again = encodeCorpus(bytes, { normalisation: 'none', vocabulary: found.vocabulary });
    expect(again).toEqual(found);
  });

  it('refuses characters that the vocabulary given lacks, and names the text and them', () => {
    const vocabulary = new Vocabulary(['a', 'b', 'r']);
    const attempt = (): unknown =>
      encodeCorpus(bytes, { normalisation: 'reference', subject: 'b.txt', vocabulary });
    expect(attempt).toThrow(UnknownSymbolsError);
    expect(attempt).toThrow(
      'b.txt: expected only the vocabulary\'s 3 symbols, received "\\n", " ", "l", "o", "😀"; take another text, or one without them',
    );
  });

  it.each([300, 70_000])('holds %i symbols at their width', (size) => {
    const codes = Array.from({ length: size }, (_, i) => 0x10000 + i);
    const text = codes.map((code) => String.fromCodePoint(code)).join('');
    const corpus = encodeCorpus(Buffer.from(text), { normalisation: 'none' });
    expect(corpus.vocabulary.size).toBe(size);
    expect(corpus.ids.BYTES_PER_ELEMENT).toBe(size === 300 ? 2 : 4);
    expect(corpus.ids.every((id: number, index: number) => id === index)).toBe(true);
  });

  it.each(['', '\ufeff'])('refuses a text without characters: %j', (text) => {
    expect(() => encodeCorpus(Buffer.from(text), { normalisation: 'none', subject: 'b.txt' })).toThrow(
      EmptyCorpusError,
    );
  });

  it('refuses a text of which the normalisation leaves nothing', () => {
    expect(() => encodeCorpus(Buffer.from('\u00ad'), { normalisation: 'reference' })).toThrow(
      'corpus: expected a text, received no characters',
    );
  });

  it('names the subject of a text that is not UTF-8', () => {
    const attempt = (): unknown =>
      encodeCorpus(Uint8Array.of(0x41, 0xe9), { normalisation: 'none', subject: 'b.txt' });
    expect(attempt).toThrow(NotUtf8Error);
    expect(attempt).toThrow(/^b\.txt: expected UTF-8 text, received 0xE9 at byte 1;/);
  });
});

// The figures of the reference network's own preparation of the book: design anchors, not results of this code.
describe.skipIf(quijote === undefined)('Don Quijote (skipped where ROCINANTE_QUIJOTE is not set)', () => {
  it.each([
    ['don-quijote-chapters-1-10.txt', 109_563, 39],
    ['don-quijote-full.txt', 2_065_969, 49],
  ])('%s has %i characters and %i symbols, folded', (file, characters, symbols) => {
    const path = join(quijote!, file);
    expect(existsSync(path), `${path} is there`).toBe(true);
    const corpus = encodeCorpus(readFileSync(path), { normalisation: 'reference', subject: file });
    expect(corpus.ids.length).toBe(characters);
    expect(corpus.vocabulary.size).toBe(symbols);
  });
});
