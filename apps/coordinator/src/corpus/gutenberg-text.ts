import { textPieces } from '@rocinante/corpus';
import { BookFetchError } from './errors.js';

const START = /^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG EBOOK.*$/im;
const END = /^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG EBOOK.*$/im;
const TITLE = /^Title:.*Quijote/im;

/** Lines that Project Gutenberg adds inside of the markers in some releases. */
const CREDITS = /^\s*(?:e-text )?(?:produced|prepared) by [^]*?\n\n/i;
const TRAILER = /\n[ \t]*end of (?:the )?project gutenberg[^]*$/i;

/** Both parts of the book have some two million characters; releases differ by how lines break. */
const CHARACTERS_MIN = 1_900_000;
const CHARACTERS_MAX = 2_400_000;

/**
 * The book's text alone, with LF line ends and one at the end, out of Project Gutenberg's file: what stands outside of
 * its markers, and its credits and closing line inside of them, are removed.
 * @throws {BookFetchError} it is another text: not UTF-8, without the markers or the title, or of another length.
 */
export function extractQuijote(bytes: Uint8Array, address: string): string {
  const text = decode(bytes, address);
  const start = START.exec(text);
  if (start === null) throw wrongText(address, "Project Gutenberg's START line", 'a text without it', text);
  const bodyStart = start.index + start[0].length;
  const end = END.exec(text.slice(bodyStart));
  if (end === null) throw wrongText(address, "Project Gutenberg's END line", 'a text without it', '');
  const header = text.slice(0, start.index);
  if (!TITLE.test(header)) {
    const title = /^Title:.*$/im.exec(header)?.[0].trim() ?? 'no title';
    throw wrongText(address, 'a title with “Quijote”', title, '');
  }
  const body = text.slice(bodyStart, bodyStart + end.index);
  const book = `${body.trim().replace(CREDITS, '').replace(TRAILER, '').trim()}\n`;
  if (book.length < CHARACTERS_MIN || book.length > CHARACTERS_MAX) {
    const expected = `${CHARACTERS_MIN.toLocaleString('en-US')} to ${CHARACTERS_MAX.toLocaleString('en-US')} characters`;
    throw wrongText(address, expected, book.length.toLocaleString('en-US'), '');
  }
  return book;
}

function decode(bytes: Uint8Array, address: string): string {
  try {
    return [...textPieces(bytes, 'the text')].join('');
  } catch (error) {
    throw new BookFetchError('wrong-text', address, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Where the text's beginning tells what came instead (an error page, say), it is shown. */
function wrongText(address: string, expected: string, received: string, text: string): BookFetchError {
  const beginning = text.trim().slice(0, 60).replace(/\s+/g, ' ');
  const shown = beginning === '' ? received : `${received} that begins ${JSON.stringify(beginning)}`;
  return new BookFetchError('wrong-text', address, `expected ${expected}, received ${shown}`);
}
