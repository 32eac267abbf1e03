/**
 * The book of tokens: who may come in, and as what. It holds hashes, so that whoever reads it learns no token.
 *
 *     # role name sha256:<the token's SHA-256>
 *     worker   gpu-machines  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *
 * A token has 256 random bits, so a fast hash without salt is enough: there is nothing to guess. A line that somebody writes
 * for a token of less than TOKEN_CHARACTERS_MIN characters lets nobody in.
 */
import { timingSafeEqual } from 'node:crypto';
import { assert } from '@rocinante/base';
import {
  BOOK_BYTES_MAX,
  BOOK_ENTRIES_MAX,
  TOKEN_CHARACTERS_MAX,
  TOKEN_CHARACTERS_MIN,
  TOKEN_NAME_CHARACTERS_MAX,
} from './access-limits.js';
import { AccessError } from './errors.js';
import { ROLES, type Holder, type Role } from './roles.js';
import { readSmallFile } from './small-file.js';
import { tokenDigest } from './token.js';

/** A line of the book. */
export interface BookEntry {
  readonly role: Role;
  readonly name: string;
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

/** Whether a token may be called so: letters, digits, dot, dash and underscore, at most 64. */
export function isTokenName(name: string): boolean {
  return /^[\w.-]+$/.test(name) && name.length <= TOKEN_NAME_CHARACTERS_MAX;
}

/** The line by which a book knows a token. The token is not in it. */
export function bookLine(role: Role, name: string, token: string): string {
  assert(isTokenName(name), `a token's name, received ${JSON.stringify(name)}`);
  return `${role} ${name} sha256:${tokenDigest(token).toString('hex')}`;
}

/** Who holds which token, as a file says it. Reading it again takes effect for whoever comes next. */
export class TokenBook {
  readonly #path: string;
  #entries: readonly BookEntry[];

  private constructor(path: string, entries: readonly BookEntry[]) {
    this.#path = path;
    this.#entries = entries;
  }

  /** @throws {AccessError} the file cannot be read, anyone can write it, or a line is wrong; names file and line. */
  static read(path: string): TokenBook {
    return new TokenBook(path, readBook(path));
  }

  /** Roles and names, in the file's order. */
  get entries(): readonly Pick<BookEntry, 'role' | 'name'>[] {
    return this.#entries.map(({ role, name }) => ({ role, name }));
  }

  /**
   * Whose token it is; null where it is nobody's.
   *
   * The time it takes tells nothing of the tokens in the book: hashes are compared, each in constant time, and all of them.
   */
  holderOf(token: string): Holder | null {
    if (token.length < TOKEN_CHARACTERS_MIN || token.length > TOKEN_CHARACTERS_MAX) return null;
    const presented = tokenDigest(token);
    let holder: Holder | null = null;
    for (const { role, name, digest } of this.#entries) {
      if (timingSafeEqual(digest, presented)) holder = { role, name };
    }
    return holder;
  }

  /**
   * Reads the file again.
   * @throws {AccessError} as `read` does; the entries that were read before stay.
   */
  reload(): void {
    this.#entries = readBook(this.#path);
  }
}

/** @throws {AccessError} as {@link TokenBook.read}. */
export function readBook(path: string): BookEntry[] {
  const what = 'a book of tokens';
  const bytes = readSmallFile(path, { what, bytesMax: BOOK_BYTES_MAX, keepFrom: 'writers' });
  return parseBook(bytes.toString('utf8'), path);
}

/**
 * The entries of a book's text.
 * @param path for the message.
 * @throws {AccessError} `ACCESS_TOKEN_BOOK`. Of a wrong line the message says the number, and not what it holds.
 */
function parseBook(text: string, path: string): BookEntry[] {
  const entries: BookEntry[] = [];
  const lineOfName = new Map<string, number>();
  const lineOfDigest = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const number = index + 1;
    const refuse = (problem: string): never => {
      throw new AccessError('ACCESS_TOKEN_BOOK', `${path}, line ${number}: ${problem}`);
    };
    const entry = parseLine(content, refuse);
    const hex = entry.digest.toString('hex');
    const sameName = lineOfName.get(entry.name);
    if (sameName !== undefined) refuse(`expected a name of its own, received that of line ${sameName}`);
    const sameDigest = lineOfDigest.get(hex);
    if (sameDigest !== undefined) refuse(`expected a token of its own, received that of line ${sameDigest}`);
    if (entries.length === BOOK_ENTRIES_MAX)
      refuse(`expected at most ${BOOK_ENTRIES_MAX} tokens, received more`);
    lineOfName.set(entry.name, number);
    lineOfDigest.set(hex, number);
    entries.push(entry);
  }
  if (entries.length === 0) {
    throw new AccessError(
      'ACCESS_TOKEN_BOOK',
      `${path}: expected a book with at least one token, received none; rocinante certs makes one`,
    );
  }
  return entries;
}

function parseLine(content: string, refuse: (problem: string) => never): BookEntry {
  const fields = content.split(/\s+/);
  const [role, name, hash] = fields;
  if (fields.length === 1)
    return refuse(
      'expected role, name and sha256:<hash>, received one word; a book is what serve reads (certs/tokens), a token is for who calls it',
    );
  if (fields.length !== 3)
    return refuse(`expected role, name and sha256:<hash>, received ${fields.length} words`);
  if (!isRole(role)) return refuse(`expected a role, one of ${ROLES.join(', ')}, received another word`);
  if (!isTokenName(name)) {
    return refuse(
      `expected a name of letters, digits, dots, dashes and underscores, at most ${TOKEN_NAME_CHARACTERS_MAX}, received another`,
    );
  }
  const [, hex] = /^sha256:([\da-fA-F]{64})$/.exec(hash) ?? [];
  if (hex === undefined) {
    return refuse(
      'expected sha256: and 64 hexadecimal digits of the token’s hash (not the token), received another word',
    );
  }
  return { role, name, digest: Buffer.from(hex, 'hex') };
}

function isRole(word: string): word is Role {
  return (ROLES as readonly string[]).includes(word);
}
