import { describe, expect, it } from 'vitest';
import { BookFetchError } from './errors.js';
import { extractQuijote } from './gutenberg-text.js';

const START = '*** START OF THE PROJECT GUTENBERG EBOOK DON QUIJOTE ***';
const END = '*** END OF THE PROJECT GUTENBERG EBOOK DON QUIJOTE ***';
/** A text of the book's length that is not the book: the checks do not know its words. */
const BOOK = `Título\r\n\r\n${'Una línea de prueba, tan larga como las del libro.\r\n'.repeat(40_000)}Fin`;
const AS_LF = `${BOOK.replaceAll('\r\n', '\n')}\n`;

function extract(text: string): string {
  return extractQuijote(Buffer.from(text), 'http://host/book.txt');
}

function failureOf(text: string | Uint8Array): BookFetchError {
  try {
    extractQuijote(typeof text === 'string' ? Buffer.from(text) : text, 'http://host/book.txt');
  } catch (error) {
    if (error instanceof BookFetchError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('extractQuijote', () => {
  it('keeps what stands between the markers, with LF and one at the end', () => {
    const text = `\ufeffHeader\r\nTitle: Don Quijote\r\n\r\n${START}\r\n\r\n\r\n${BOOK}\r\n\r\n${END}\r\nLicence\r\n`;
    expect(extract(text) === AS_LF).toBe(true);
  });

  it('removes the credits and the closing line of older releases', () => {
    const start = '***START OF THIS PROJECT GUTENBERG EBOOK DON QUIJOTE***';
    const end = '***END OF THIS PROJECT GUTENBERG EBOOK DON QUIJOTE***';
    const credits = 'Produced by an anonymous volunteer\r\nand another';
    const closing = "End of Project Gutenberg's Don Quijote, by Miguel de Cervantes";
    const text = `Title: Don Quijote\r\n${start}\r\n\r\n${credits}\r\n\r\n\r\n${BOOK}\r\n\r\n${closing}\r\n\r\n${end}\r\n`;
    expect(extract(text) === AS_LF).toBe(true);
  });

  it.each([
    [
      'an error page',
      '<html>Not here</html>',
      /START line, received a text without it that begins "<html>Not here/,
    ],
    ['a text without its end', `Title: Don Quijote\n${START}\n${BOOK}`, /END line/],
    ['an end before the start', `Title: Don Quijote\n${END}\n${START}\n${BOOK}`, /END line/],
    ['another book', `Title: Moby Dick\n${START}\n${BOOK}\n${END}`, /“Quijote”, received Title: Moby Dick/],
    ['a text without a title', `${START}\nTitle: Don Quijote\n${BOOK}\n${END}`, /received no title/],
    [
      'a short text',
      `Title: Don Quijote\n${START}\nbreve\n${END}`,
      /1,900,000 to 2,400,000 characters, received 6/,
    ],
  ])('refuses %s', (_, text, message) => {
    const error = failureOf(text);
    expect(error).toMatchObject({ failure: 'wrong-text', exitCode: 1 });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^quijote, http:\/\/host\/book\.txt: /);
  });

  it('refuses what is not UTF-8', () => {
    expect(failureOf(Uint8Array.of(0x41, 0xed)).message).toContain('received 0xED at byte 1');
  });
});
