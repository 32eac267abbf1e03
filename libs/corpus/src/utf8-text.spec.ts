import { describe, expect, it } from 'vitest';
import { CorpusTooLargeError, NotUtf8Error } from './errors.js';
import { CORPUS_BYTES_MAX, textPieces } from './utf8-text.js';

const MEBIBYTE = 2 ** 20;

function decode(bytes: Uint8Array): string {
  return [...textPieces(bytes, 'book')].join('');
}

function refusal(bytes: number[] | Uint8Array): NotUtf8Error {
  try {
    decode(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof NotUtf8Error) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('textPieces', () => {
  it('drops a byte-order mark at the beginning only', () => {
    expect(decode(Buffer.from('\ufeffab\ufeffc'))).toBe('ab\ufeffc');
    expect(decode(Buffer.from('\ufeff'))).toBe('');
  });

  it('makes LF of CRLF and of a lone CR', () => {
    expect(decode(Buffer.from('a\r\nb\rc\n\r\r\nd\r'))).toBe('a\nb\nc\n\n\nd\n');
  });

  it.each([
    ['Latin-1', [0x61, 0xe9, 0x62], 1, 0xe9],
    ['a lone continuation byte', [0x61, 0x62, 0x80], 2, 0x80],
    ['an over-long slash', [0xc0, 0xaf], 0, 0xc0],
    ['an over-long three-byte form', [0x61, 0xe0, 0x80, 0x80], 1, 0xe0],
    ['a surrogate', [0x61, 0xed, 0xa0, 0x80], 1, 0xed],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 0, 0xf4],
    ['a cut character', [0xc3, 0xa9, 0xe2, 0x82], 2, 0xe2],
    ['after a byte-order mark', [0xef, 0xbb, 0xbf, 0x61, 0xff], 4, 0xff],
  ])('refuses %s and says where', (_, bytes, offset, byte) => {
    const error = refusal(bytes);
    expect(error).toMatchObject({ offset, byte, exitCode: 2, subject: 'book' });
    expect(error.message).toContain(`at byte ${offset}`);
  });

  it('accepts every code point but the surrogates', () => {
    let text = '';
    for (let code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
      if ((code < 0xd800 || code > 0xdfff) && code !== 0x0d) text += String.fromCodePoint(code);
    }
    expect(decode(Buffer.from(`-${text}`)) === `-${text}`).toBe(true);
  });

  it('cuts long texts after a space, and counts the offset of an error from the beginning', () => {
    const text = `${'palabra ñ 😀 '.repeat(200_000)}`;
    const pieces = [...textPieces(Buffer.from(text), 'book')];
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.every((piece) => piece.endsWith(' '))).toBe(true);
    expect(pieces.join('') === text).toBe(true);

    const bytes = Buffer.from(text);
    const offset = bytes.indexOf('palabra', 2 * MEBIBYTE);
    bytes[offset] = 0xff;
    expect(refusal(bytes).offset).toBe(offset);
  });

  it.each(['é', '漢', '😀'])('cuts no %s where there is no space', (character) => {
    const text = `a${character.repeat(MEBIBYTE)}`;
    expect(decode(Buffer.from(text)) === text).toBe(true);
  });

  it('makes one LF of a CRLF that would be cut', () => {
    const text = `${'x'.repeat(MEBIBYTE - 1)}\r\ny`;
    expect(decode(Buffer.from(text)) === `${'x'.repeat(MEBIBYTE - 1)}\ny`).toBe(true);
  });

  it('refuses more than the limit before reading', () => {
    const large = new Uint8Array(CORPUS_BYTES_MAX + 1);
    expect(() => decode(large)).toThrow(CorpusTooLargeError);
    expect(() => decode(large)).toThrow(
      'book: expected at most 1,073,741,824 bytes (1 GiB), received 1,073,741,825',
    );
  });
});
