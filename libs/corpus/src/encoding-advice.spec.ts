import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { encodingAdvice } from './encoding-advice.js';
import { NotUtf8Error } from './errors.js';
import { textPieces } from './utf8-text.js';

/** What bytes are refused with, by what stands behind the last semicolon. */
function adviceFor(bytes: Uint8Array): string {
  try {
    return [...textPieces(bytes, 'book')].join('');
  } catch (error) {
    if (error instanceof NotUtf8Error)
      return error.message.replace(/^book: expected UTF-8 text, received 0x\w\w at byte \d+; /, '');
    throw error;
  }
}

const text = 'Dijo: “¿qué?” — y calló.';
const [utf16, utf16Big] = ['\ufeff', '\ufeff'].map((mark) => Buffer.from(mark + text, 'utf16le'));
utf16Big.swap16();
// What Windows-1252 calls the quotes, the dash and the letters.
const windows1252 = Buffer.from(
  text.replace('“', '\x93').replace('”', '\x94').replace('—', '\x97'),
  'latin1',
);
const latin1 = Buffer.from(text.replace(/[“”—]/g, '"'), 'latin1');

it.each([
  ['gzip', gzipSync(text), 'it is compressed by gzip: `gunzip` it first'],
  ['UTF-16', utf16, 'convert it, for example with `iconv -f UTF-16 -t UTF-8`'],
  ['UTF-16, the high byte first', utf16Big, 'convert it, for example with `iconv -f UTF-16 -t UTF-8`'],
  ['UTF-32', [0xff, 0xfe, 0, 0, 0x61, 0, 0, 0], 'convert it, for example with `iconv -f UTF-32 -t UTF-8`'],
  ['Windows-1252', windows1252, 'convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`'],
  ['ISO-8859-1', latin1, 'convert it, for example with `iconv -f ISO-8859-1 -t UTF-8`'],
  [
    'a PDF',
    [...Buffer.from('%PDF-1.7\n%'), 0xe2, 0xe3],
    'it is a PDF: take the text out of it first, as with `pdftotext`',
  ],
  [
    'a file of UTF-8 that was cut',
    Buffer.from(text.repeat(9)).subarray(0, -2),
    'most of it is UTF-8: leave out what is not, for example with `iconv -c -f UTF-8 -t UTF-8`',
  ],
])('says what makes a text of %s', (_what, bytes, advice) => {
  expect(adviceFor(Uint8Array.from(bytes))).toBe(advice);
});

it('is right: what iconv makes of the bytes is the text', ({ skip }) => {
  const converted = (bytes: Uint8Array): string => {
    const [, ...words] = /`(\w+) (-f) (\S+) (-t) (\S+)`/.exec(encodingAdvice(bytes, firstWrong(bytes)))!;
    const [command, ...options] = words;
    return execFileSync(command, options, { input: bytes, encoding: 'utf8' });
  };
  try {
    execFileSync('iconv', ['--version'], { stdio: 'ignore' });
  } catch {
    skip('needs iconv');
  }
  for (const bytes of [utf16, utf16Big, windows1252]) expect(converted(bytes)).toBe(text);
  expect(converted(latin1)).toBe(text.replace(/[“”—]/g, '"'));
});

function firstWrong(bytes: Uint8Array): number {
  return bytes.findIndex((byte) => byte >= 0x80);
}
