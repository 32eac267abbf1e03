import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOK_ENTRIES_MAX } from './access-limits.js';
import { AccessError } from './errors.js';
import type { Role } from './roles.js';
import { file } from './spec-folder.js';
import { bookLine, isTokenName, TokenBook } from './token-book.js';
import { newToken } from './token.js';

const tokens = { worker: newToken(), operator: newToken(), reader: newToken() };
const lines = (['worker', 'operator', 'reader'] as const).map((role) =>
  bookLine(role, `${role}-1`, tokens[role]),
);
const line = (role: Role, name: string): string => bookLine(role, name, newToken());

describe('TokenBook', () => {
  it('knows whose token it is, and nobody else’s', () => {
    const book = TokenBook.read(file(lines.join('\n')));
    expect(book.holderOf(tokens.worker)).toEqual({ role: 'worker', name: 'worker-1' });
    expect(book.holderOf(tokens.operator)).toEqual({ role: 'operator', name: 'operator-1' });
    expect(book.holderOf(tokens.reader)).toEqual({ role: 'reader', name: 'reader-1' });
    const strangers = [
      newToken(),
      '',
      ' ',
      `${tokens.worker} `,
      tokens.worker.slice(0, -1),
      tokens.worker.toUpperCase(),
      // A hash is not a token: the book gives nobody entrance.
      lines[0].split('sha256:')[1],
      'ñ'.repeat(40),
    ];
    for (const token of strangers) expect(book.holderOf(token)).toBeNull();
  });

  it('lets nobody in whose token is too short or too long, whatever the book says', () => {
    const holder = (token: string): unknown =>
      TokenBook.read(file(`worker w sha256:${createHash('sha256').update(token).digest('hex')}`)).holderOf(
        token,
      );
    for (const length of [1, 31, 257]) expect(holder('x'.repeat(length))).toBeNull();
    for (const length of [32, 256]) expect(holder('x'.repeat(length))).not.toBeNull();
  });

  it('lists roles and names in order, over comments, blanks and ends of lines of any kind', () => {
    const text = `# who may come\r\n\r\n  ${lines[0]}  \r\n#${lines[1]}\n\t\n${lines[2].replaceAll(' ', '\t ')}`;
    expect(TokenBook.read(file(text)).entries).toEqual([
      { role: 'worker', name: 'worker-1' },
      { role: 'reader', name: 'reader-1' },
    ]);
  });

  it('takes hashes of either case, as tools print them', () => {
    const hash = createHash('sha256').update(tokens.worker).digest('hex').toUpperCase();
    expect(TokenBook.read(file(`worker w sha256:${hash}`)).holderOf(tokens.worker)).toEqual({
      role: 'worker',
      name: 'w',
    });
  });

  it('reads again: a line taken out is a token taken back', () => {
    const path = file(lines.join('\n'));
    const book = TokenBook.read(path);
    writeFileSync(path, lines.slice(1).join('\n'));
    expect(book.holderOf(tokens.worker)).not.toBeNull();
    book.reload();
    expect(book.holderOf(tokens.worker)).toBeNull();
    expect(book.holderOf(tokens.reader)).not.toBeNull();
  });

  it('keeps what it knew where what it reads again is bad', () => {
    const path = file(lines.join('\n'));
    const book = TokenBook.read(path);
    writeFileSync(path, 'nonsense');
    expect(() => book.reload()).toThrow(AccessError);
    expect(book.entries).toHaveLength(3);
    expect(book.holderOf(tokens.worker)).not.toBeNull();
  });

  it.each([
    [
      'an unknown role',
      `${lines[0]}\nadmin a sha256:${'0'.repeat(64)}`,
      /, line 2: expected a role, one of worker, operator, reader/,
    ],
    [
      'a token in place of its hash',
      `worker w ${tokens.worker}`,
      /, line 1: .*64 hexadecimal digits .*\(not the token\)/,
    ],
    ['a short hash', `\n\nworker w sha256:abc`, /, line 3: .*64 hexadecimal digits/],
    ['another hash', `worker w sha512:${'0'.repeat(64)}`, /, line 1: .*sha256:/],
    ['a word too few', 'worker w', /, line 1: expected role, name and sha256:<hash>, received 2 words/],
    ['a word too many', `${lines[0]} x`, /, line 1: .* received 4 words/],
    ['a name with a slash', `worker ../w sha256:${'0'.repeat(64)}`, /, line 1: expected a name of letters/],
    [
      'a long name',
      `worker ${'w'.repeat(65)} sha256:${'0'.repeat(64)}`,
      /, line 1: expected a name .* at most 64/,
    ],
    [
      'a name twice',
      `${line('worker', 'a')}\n# x\n${line('reader', 'a')}`,
      /, line 3: expected a name of its own, received that of line 1/,
    ],
    [
      'a token twice',
      `${lines[0]}\n${lines[0].replace('worker-1', 'b')}`,
      /, line 2: expected a token of its own, received that of line 1/,
    ],
    ['an empty book', '', /at least one token, received none; rocinante certs makes one/],
    ['comments alone', '# nobody\n\n', /at least one token, received none/],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 1]), /, line 1: expected role/],
  ])('refuses %s, and names the line', (_, text, message) => {
    const path = file(text);
    const read = (): TokenBook => TokenBook.read(path);
    expect(read).toThrow(AccessError);
    expect(read).toThrow(message);
    expect(read).toThrow(path);
    expect(read).not.toThrow(tokens.worker);
  });

  it('has limits', () => {
    const many = Array.from({ length: BOOK_ENTRIES_MAX + 1 }, (_, index) => line('worker', `w${index}`));
    expect(TokenBook.read(file(many.slice(1).join('\n'))).entries).toHaveLength(BOOK_ENTRIES_MAX);
    expect(() => TokenBook.read(file(many.join('\n')))).toThrow(/, line 1025: expected at most 1024 tokens/);
    expect(() => TokenBook.read(file(`#${'x'.repeat(256 * 1024)}\n${lines[0]}`))).toThrow(
      /at most 262144 bytes/,
    );
    expect(() => TokenBook.read(file(lines[0], 0o666))).toThrow(
      /not everybody can write, received mode 0666/,
    );
  });
});

describe('isTokenName', () => {
  it('takes letters, digits, dots, dashes and underscores', () => {
    for (const name of ['a', 'gpu-7.lan_x', 'x'.repeat(64)]) expect(isTokenName(name)).toBe(true);
    for (const name of ['', 'a b', 'a/b', 'ñ', 'a\n', 'x'.repeat(65)]) expect(isTokenName(name)).toBe(false);
  });
});
