/** A cluster's tokens in its folder: the book that `serve` reads, and beside it a file with the token for each line. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AccessError } from './errors.js';
import { lockFolder } from './folder-lock.js';
import { checkLinks } from './root-path.js';
import { ROLES, type Role } from './roles.js';
import { readSmallFile } from './small-file.js';
import { BOOK_BYTES_MAX, BOOK_ENTRIES_MAX } from './access-limits.js';
import { bookLine, isTokenName, readBook } from './token-book.js';
import { newToken } from './token.js';
import { PUBLIC_MODE, SECRET_MODE, writeWhole } from './whole-file.js';

const BOOK_FILE = 'tokens';

const HEADER =
  '# Who may come in: role, name, SHA-256 of the token. Serve reads this file again by itself when it changes.\n' +
  '# To take a token back, take its line away. To add one: rocinante certs token\n';

/** A token with a file of its own. What it is, only the file says. */
export interface TokenFile {
  readonly role: Role;
  readonly name: string;
  readonly path: string;
}

export function bookPath(folder: string): string {
  return join(folder, BOOK_FILE);
}

/**
 * Checks what of tokens is there before anything is made.
 * @returns whether there is a book.
 * @throws {AccessError} the book is damaged; `ACCESS_FOLDER`: there is none, but a token of one.
 */
export function checkTokens(folder: string): boolean {
  const path = bookPath(folder);
  if (existsSync(path)) return readBook(path).length > 0;
  for (const role of ROLES) {
    const token = tokenPath(folder, role);
    // It is not taken into a new book: whoever took the book away may have had a reason to.
    if (existsSync(token)) {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${token}: expected the book ${path} beside it, received none; bring the book back, or remove the token for a new one`,
      );
    }
  }
  return false;
}

/** Makes the book, with a token for each role, called as the role. */
export function makeTokens(folder: string): TokenFile[] {
  const files: TokenFile[] = [];
  let book = HEADER;
  for (const role of ROLES) {
    const token = newToken();
    const path = tokenPath(folder, role);
    writeWhole(path, `${token}\n`, SECRET_MODE);
    book += `${bookLine(role, role, token)}\n`;
    files.push({ role, name: role, path });
  }
  // The book comes last: where it is, the tokens are.
  writeWhole(bookPath(folder), book, SECRET_MODE);
  return files;
}

/** The tokens of the book whose files are still in the folder. */
export function tokenFiles(folder: string): TokenFile[] {
  return readBook(bookPath(folder))
    .map(({ role, name }) => ({ role, name, path: tokenPath(folder, name) }))
    .filter(({ path }) => existsSync(path));
}

/**
 * Makes one more token: a file for its holder, and a line at the end of the book, which stays as it is otherwise. Several
 * processes that do so add their lines one after the other.
 * @throws {AccessError} there is no book, it is damaged or full, or there is a token or a file of this name.
 */
export function addToken(folder: string, role: Role, name: string): TokenFile {
  if (!isTokenName(name)) {
    throw new AccessError(
      'ACCESS_NAME',
      `name ${JSON.stringify(name.slice(0, 100))}: expected letters, digits, dots, dashes and underscores, at most 64`,
    );
  }
  const book = bookPath(folder);
  if (!existsSync(book)) {
    throw new AccessError(
      'ACCESS_FOLDER',
      `${book}: expected a book of tokens, received no such file; make it with: rocinante certs --out ${folder} --name <host>`,
    );
  }
  const giveBack = lockFolder(folder);
  try {
    return addLine(folder, role, name);
  } finally {
    giveBack();
  }
}

function addLine(folder: string, role: Role, name: string): TokenFile {
  checkLinks(folder);
  const book = bookPath(folder);
  const entries = readBook(book);
  const path = tokenPath(folder, name);
  const same = entries.find((entry) => entry.name === name);
  if (same) {
    throw new AccessError(
      'ACCESS_NAME',
      `name ${name}: expected a new one, received that of a ${same.role} in ${book}; take another, or its line out of the book first`,
    );
  }
  if (existsSync(path)) {
    throw new AccessError(
      'ACCESS_FOLDER',
      `${path}: expected no file of this name, received one whose line the book no longer has; remove it first`,
    );
  }
  if (entries.length >= BOOK_ENTRIES_MAX) {
    throw new AccessError(
      'ACCESS_TOKEN_BOOK',
      `${book}: expected room for one more token, received ${entries.length} of them`,
    );
  }
  const before = readSmallFile(book, {
    what: 'a book of tokens',
    bytesMax: BOOK_BYTES_MAX,
    keepFrom: 'writers',
  });
  const text = before.toString('utf8');
  const token = newToken();
  writeWhole(path, `${token}\n`, SECRET_MODE);
  const separator = text.endsWith('\n') ? '' : '\n';
  // Its hashes may be for everybody to read, where its owner has it so.
  writeWhole(book, `${text}${separator}${bookLine(role, name, token)}\n`, PUBLIC_MODE);
  return { role, name, path };
}

function tokenPath(folder: string, name: string): string {
  return join(folder, `${name}.token`);
}
