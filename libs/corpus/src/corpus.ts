import { assert, sha256 } from '@rocinante/base';
import { EmptyCorpusError, UnknownSymbolsError } from './errors.js';
import { normalisePieces, type Normalisation } from './normalisation.js';
import { textPieces } from './utf8-text.js';
import { createIds, Vocabulary, type SymbolIds } from './vocabulary.js';

/** A text as the network sees it. Offsets and lengths are in symbols. */
export interface EncodedCorpus {
  readonly ids: SymbolIds;
  readonly vocabulary: Vocabulary;
  readonly normalisation: Normalisation;
  /** SHA-256 of the text's bytes as they were given, before decoding. */
  readonly textSha256: string;
  /** SHA-256 of the ids' little-endian bytes. */
  readonly idsSha256: string;
}

export interface EncodeOptions {
  readonly normalisation: Normalisation;
  /** What messages call the text; its file name, say. Default `corpus`. */
  readonly subject?: string;
  /** The symbols that the ids stand for, in this order; the text may use fewer. Default: those that occur in it. */
  readonly vocabulary?: Vocabulary | undefined;
}

const CODE_POINTS = 0x110000;

/**
 * Decodes, normalises and encodes a text. Its vocabulary is the characters that occur in it, by code point, or the one
 * given, all of it.
 *
 * The text is decoded twice, once to count and once to write, so memory is the bytes, the ids and about 15 MB.
 * @throws {NotUtf8Error} the bytes are not UTF-8; names the first wrong one.
 * @throws {EmptyCorpusError} no character is left.
 * @throws {CorpusTooLargeError} there are more than CORPUS_BYTES_MAX bytes.
 * @throws {UnknownSymbolsError} characters occur that the vocabulary given lacks; names the text.
 */
export function encodeCorpus(bytes: Uint8Array, options: EncodeOptions): EncodedCorpus {
  const { normalisation, subject = 'corpus' } = options;
  const pieces = (): Iterable<string> => normalisePieces(textPieces(bytes, subject), normalisation);
  const { present, symbolCount } = survey(pieces());
  if (symbolCount === 0) throw new EmptyCorpusError(subject);

  const occurring = charactersOf(present);
  const vocabulary = options.vocabulary ?? new Vocabulary(occurring);
  const idOf = idTable(vocabulary);
  const unknown = occurring.filter((symbol) => idOf[symbol.codePointAt(0)!] === NO_ID);
  if (unknown.length > 0) {
    const advice = 'take another text, or one without them';
    throw new UnknownSymbolsError(unknown, vocabulary.size, { subject, advice });
  }
  const ids = createIds(vocabulary.size, symbolCount);
  writeIds(pieces(), idOf, ids);
  return { ids, vocabulary, normalisation, textSha256: sha256(bytes), idsSha256: sha256(ids) };
}

/** What stands in a table of ids for a character without one. */
const NO_ID = 0xffffffff;

/** The id of each code point that is a symbol. */
function idTable({ symbols }: Vocabulary): Uint32Array {
  const idOf = new Uint32Array(CODE_POINTS).fill(NO_ID);
  for (const [id, symbol] of symbols.entries()) {
    const codePoint = symbol.codePointAt(0);
    assert(
      codePoint !== undefined && String.fromCodePoint(codePoint) === symbol,
      `${symbol} is one character`,
    );
    idOf[codePoint] = id;
  }
  return idOf;
}

/** The characters that were seen, in order of code point. */
function charactersOf(present: Uint8Array): string[] {
  const characters: string[] = [];
  for (let codePoint = 0; codePoint < CODE_POINTS; codePoint++) {
    if (present[codePoint] === 1) characters.push(String.fromCodePoint(codePoint));
  }
  return characters;
}

/** Which code points occur, and how many characters there are. */
function survey(pieces: Iterable<string>): { present: Uint8Array; symbolCount: number } {
  const present = new Uint8Array(CODE_POINTS);
  let symbolCount = 0;
  for (const piece of pieces) {
    for (let unit = 0; unit < piece.length; unit++) {
      const codePoint = piece.codePointAt(unit)!;
      if (codePoint > 0xffff) unit++;
      present[codePoint] = 1;
      symbolCount++;
    }
  }
  return { present, symbolCount };
}

function writeIds(pieces: Iterable<string>, idOf: Uint32Array, ids: SymbolIds): void {
  let written = 0;
  for (const piece of pieces) {
    for (let unit = 0; unit < piece.length; unit++) {
      const codePoint = piece.codePointAt(unit)!;
      if (codePoint > 0xffff) unit++;
      ids[written++] = idOf[codePoint]!;
    }
  }
  assert(written === ids.length, `wrote ${written} ids where ${ids.length} were counted`);
}
