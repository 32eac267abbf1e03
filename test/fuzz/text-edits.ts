/** Edits of UTF-8 text: characters, forms of them that are none, words and lines. */
import { splice, type Edit } from './byte-edits.js';

const encoder = new TextEncoder();

/** Characters on which programs differ, as bytes: some of them are no UTF-8. */
const PIECES: readonly Uint8Array[] = [
  '\u0000',
  '\r',
  '\r\n',
  '\n\n\n',
  '\u2028',
  '\ufeff',
  'ß',
  'İ',
  'Σ',
  'e\u0301\u0327',
  '\u{1f980}',
  '\u{10ffff}',
  '¿«»',
  '\t\v\u00a0',
  '\u202e',
  '"',
  '\\',
  "'",
].map((text) => encoder.encode(text));

const BROKEN: readonly Uint8Array[] = [
  [0x80],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0xa6],
  [0xc0, 0x80],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xff, 0xfe],
].map((bytes) => Uint8Array.from(bytes));

/** Puts in or over a character; one that is none in one of four times. */
const place: Edit = (bytes, draw) =>
  splice(bytes, draw.below(bytes.length + 1), draw.below(3), draw.of(draw.chance(0.25) ? BROKEN : PIECES));

/** A character very often: a text without spaces, without lines, or of nothing else. */
const run: Edit = (bytes, draw) => {
  const text = draw.of(['a', 'é', '\u{1f980}', ' ', '\n', '\r', "'", 'Σ', '«']).repeat(2 ** draw.below(17));
  return splice(bytes, draw.below(bytes.length + 1), 0, encoder.encode(text));
};

/** A line or word elsewhere or twice. */
const move: Edit = (bytes, draw) => {
  const [start, end] = [draw.below(bytes.length), draw.below(bytes.length)];
  const from = bytes.lastIndexOf(draw.of([10, 32]), start) + 1;
  const to = bytes.indexOf(draw.of([10, 32]), from);
  const piece = bytes.slice(from, to === -1 ? bytes.length : to + 1);
  const without = draw.chance(0.5) ? bytes : splice(bytes, from, piece.length, new Uint8Array());
  return splice(without, Math.min(end, without.length), 0, piece);
};

const EDITS: readonly Edit[] = [place, place, move, run];

/** One of the edits above. */
export const editText: Edit = (bytes, draw) => draw.of(EDITS)(bytes, draw);
