import { describe, expect, it } from 'vitest';
import { TOKEN_CHARACTERS_MAX, TOKEN_CHARACTERS_MIN } from './access-limits.js';
import { AccessError } from './errors.js';
import { file } from './spec-folder.js';
import { bookLine } from './token-book.js';
import { newToken, readToken } from './token.js';

describe('newToken', () => {
  it('has 256 bits in base64url behind its prefix, and others each time', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    for (const token of tokens) expect(token).toMatch(/^rcn_[\w-]{43}$/);
    expect(new Set(tokens).size).toBe(100);
  });
});

describe('readToken', () => {
  it.each(['\n', '', '\r\n', '\n\n', '  \n'])('takes a token that ends with %j', (end) => {
    const token = newToken();
    expect(readToken(file(token + end))).toBe(token);
  });

  it('takes tokens of another making, within limits', () => {
    for (const length of [TOKEN_CHARACTERS_MIN, TOKEN_CHARACTERS_MAX]) {
      const token = 'x'.repeat(length);
      expect(readToken(file(token))).toBe(token);
    }
  });

  it.each([
    [
      'nothing',
      '',
      /: expected a token on its first line, received nothing; rocinante certs token makes one$/,
    ],
    ['an empty line', '\n\n', /received nothing; /],
    ['two tokens', `${newToken()}\n${newToken()}\n`, /nothing after it, received more lines/],
    ['words', 'correct horse battery staple and some more of them', /received spaces/],
    ['other characters', 'ñ'.repeat(40), /not ASCII/],
    ['zeros', '\0'.repeat(40), /not ASCII/],
    ['what can be guessed', 'secret', /expected a token of 32 to 256 characters, received 6/],
    ['what is too long', 'x'.repeat(257), /expected a token of 32 to 256 characters, received 257/],
    ['a long file', 'x'.repeat(2000), /at most 1024 bytes/],
    ['a book', bookLine('worker', 'w', newToken()), /received a book of tokens; that one is for serve/],
    [
      'a book with a comment',
      `# tokens\n${bookLine('worker', 'w', newToken())}`,
      /received a book of tokens/,
    ],
  ])('refuses %s, and does not say what it holds', (_, contents, message) => {
    const path = file(contents);
    const read = (): string => readToken(path);
    expect(read).toThrow(AccessError);
    expect(read).toThrow(message);
    const words = contents.split(/\s+/).filter((word) => word.length > 20);
    for (const word of words) expect(read).not.toThrow(word);
  });
});
