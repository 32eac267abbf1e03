import { createHash, randomBytes } from 'node:crypto';
import { TOKEN_CHARACTERS_MAX, TOKEN_CHARACTERS_MIN, TOKEN_FILE_BYTES_MAX } from './access-limits.js';
import { AccessError } from './errors.js';
import { readSmallFile } from './small-file.js';

/** What every token of ours begins with, so that a search for leaked secrets finds it. */
export const TOKEN_PREFIX = 'rcn_';

const TOKEN_BYTES = 32;

/** A new token: 256 random bits in base64url, behind the prefix. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The 32 bytes by which a book knows a token. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/**
 * A client's token, from a file that has it on its first line and nothing else.
 *
 * Tokens of another making are taken too, such as `openssl rand -hex 32`: {@link TOKEN_CHARACTERS_MIN} to
 * {@link TOKEN_CHARACTERS_MAX} visible ASCII characters.
 * @throws {AccessError} the file cannot be read, others can read it, or it holds no token. What it holds is not in the message.
 */
export function readToken(path: string): string {
  const what = 'a token on its first line';
  const text = readSmallFile(path, { what, bytesMax: TOKEN_FILE_BYTES_MAX, keepFrom: 'readers' }).toString(
    'utf8',
  );
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const token = first.trim();
  if (token === '') {
    throw new AccessError(
      'ACCESS_TOKEN',
      `${path}: expected ${what}, received nothing; rocinante certs token makes one`,
    );
  }
  if (/\ssha256:[\da-f]{64}$/i.test(token) || token.startsWith('#')) {
    throw new AccessError(
      'ACCESS_TOKEN',
      `${path}: expected ${what}, received a book of tokens; that one is for serve, and clients have a file with their own token`,
    );
  }
  if (rest.length > 0)
    throw new AccessError(
      'ACCESS_TOKEN',
      `${path}: expected ${what} and nothing after it, received more lines`,
    );
  const problem = tokenProblem(token);
  if (problem !== null) throw new AccessError('ACCESS_TOKEN', `${path}: ${problem}`);
  return token;
}

/**
 * What is wrong with a token that somebody gives by hand, as a message has it behind its subject. The token is not in it.
 * @returns null where nothing is.
 */
export function tokenProblem(token: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(token))
    return 'expected a token, received spaces or characters that are not ASCII';
  if (token.length >= TOKEN_CHARACTERS_MIN && token.length <= TOKEN_CHARACTERS_MAX) return null;
  const made = token.length < TOKEN_CHARACTERS_MIN ? '; rocinante certs token makes one' : '';
  return `expected a token of ${TOKEN_CHARACTERS_MIN} to ${TOKEN_CHARACTERS_MAX} characters, received ${token.length}${made}`;
}
