import { AssertionError } from '@rocinante/base';
import { encodingAdvice } from './encoding-advice.js';
import { CorpusTooLargeError, NotUtf8Error } from './errors.js';

/** 1 GiB. The text and its ids are held in memory at once, and offsets stay far below what typed arrays can index. */
export const CORPUS_BYTES_MAX = 2 ** 30;

/** A piece of decoded text: small beside V8's longest string (about 2^29 characters), long beside the cost of a call. */
const PIECE_BYTES = 2 ** 20;

/** Stateless between calls. `ignoreBOM` means that it hands U+FEFF on instead of dropping it. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;

/**
 * Decodes a text, strictly, in pieces of about 1 MiB, in order.
 *
 * A byte-order mark at the very beginning is dropped; elsewhere U+FEFF is a character. CRLF becomes LF, and so does a
 * lone CR, as in Python's text files. Pieces end after a line feed or a space where there is one, so that no word is
 * cut (the lower case of a Greek sigma depends on its word); never inside a character or between CR and LF.
 * @param subject what messages call the text, such as its file name.
 * @throws {NotUtf8Error} at the first piece that is not UTF-8. Surrogates and over-long forms are not UTF-8 either.
 * @throws {CorpusTooLargeError} the text has more than CORPUS_BYTES_MAX bytes.
 */
export function* textPieces(bytes: Uint8Array, subject: string): Generator<string, void, undefined> {
  if (bytes.length > CORPUS_BYTES_MAX) throw new CorpusTooLargeError(subject, bytes.length, CORPUS_BYTES_MAX);
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length) {
    const end = pieceEnd(bytes, start);
    yield withLineFeeds(decodePiece(bytes, start, end, subject));
    start = end;
  }
}

function decodePiece(bytes: Uint8Array, start: number, end: number, subject: string): string {
  const piece = bytes.subarray(start, end);
  try {
    return decoder.decode(piece);
  } catch {
    const offset = start + invalidOffset(piece);
    throw new NotUtf8Error(subject, offset, bytes[offset], encodingAdvice(bytes, offset));
  }
}

function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** Where the piece that begins at `start` ends. */
function pieceEnd(bytes: Uint8Array, start: number): number {
  const limit = start + PIECE_BYTES;
  if (limit >= bytes.length) return bytes.length;
  for (let end = limit; end > start; end--) {
    const last = bytes[end - 1];
    if (last === LINE_FEED || last === SPACE) return end;
  }
  let end = limit;
  while (end > limit - 4 && (bytes[end] & 0xc0) === 0x80) end--; // A continuation byte stays with its character.
  return bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}

/**
 * The offset of the first byte that begins no character, by the table of well-formed sequences in the Unicode Standard
 * (section 3.9, table 3-7). Called once the decoder has refused, since it does not say where.
 */
function invalidOffset(bytes: Uint8Array): number {
  let offset = 0;
  while (offset < bytes.length) {
    const length = sequenceLength(bytes, offset);
    if (length === 0) return offset;
    offset += length;
  }
  throw new AssertionError('the decoder refused what the table of well-formed sequences accepts');
}

/** Bytes of the well-formed sequence at an offset; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, offset: number): number {
  const lead = bytes[offset];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = bytes[offset + 1] ?? 0;
  const secondMin = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const secondMax = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < secondMin || second > secondMax) return 0;
  for (let next = offset + 2; next < offset + length; next++) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}
