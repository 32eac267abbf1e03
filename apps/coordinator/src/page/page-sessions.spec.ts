import { beforeEach, describe, expect, it } from 'vitest';
import type { Holder } from '@rocinante/access';
import type { HttpRequest } from '@rocinante/http';
import { SESSION_AGE_MS, SESSIONS_MAX, SESSIONS_PER_HOLDER_MAX } from './page-limits.js';
import { PageSessions } from './page-sessions.js';

const host = '127.0.0.1:7071';
let book: Map<string, Holder>;
let now: number;
let sessions: PageSessions;

beforeEach(() => {
  book = new Map([
    ['eye', { name: 'ana', role: 'reader' }],
    ['hand', { name: 'otto', role: 'operator' }],
    ['back', { name: 'card', role: 'worker' }],
  ]);
  now = 0;
  sessions = new PageSessions(
    (token) => book.get(token) ?? null,
    () => now,
  );
});

const opened = (token: string, secure = false): string | null => sessions.open(token, { host, secure });

/** A request that brings a cookie as a browser would after this `Set-Cookie`. */
function bringing(setCookie: string, at = host): Pick<HttpRequest, 'header' | 'host' | 'secure'> {
  const headers: Record<string, string> = { cookie: `other=1; ${setCookie.split(';')[0]}`, host: at };
  return { header: (name) => headers[name] ?? null, host: at, secure: false };
}

describe('a session', () => {
  it('is a cookie that only the browser’s own requests to this place bring', () => {
    expect(opened('eye')).toMatch(
      /^rocinante-session-7071=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(opened('eye', true)).toMatch(
      /^__Host-rocinante-session-7071=[^;]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(opened('eye')).not.toBe(opened('eye'));
  });

  it('over TLS is what only TLS brought', () => {
    const secure = { ...bringing(opened('eye', true)!), secure: true };
    expect(sessions.guard(secure)?.name).toBe('ana');
    expect(sessions.guard({ ...secure, secure: false })).toBeNull();
    expect(sessions.guard({ ...bringing(opened('eye')!), secure: true })).toBeNull();
  });

  it('is its token’s holder', () => {
    expect(sessions.guard(bringing(opened('hand')!))).toEqual({ name: 'otto', role: 'operator' });
    expect(sessions.guard(bringing(opened('eye')!))).toEqual({ name: 'ana', role: 'reader' });
  });

  it.each(['nobody', '', 'back'])('is not opened by %j', (token) => {
    expect(opened(token)).toBeNull();
    expect(sessions.size).toBe(0);
  });

  it.each([
    'rocinante-session-7071=',
    'rocinante-session-7071=short',
    `rocinante-session-7071=${'a'.repeat(43)}`,
    'rocinante-session-7071',
    'x',
  ])('is not what %j brings', (cookie) => {
    opened('eye');
    expect(sessions.guard(bringing(cookie))).toBeNull();
  });

  it('is not another coordinator’s on the same machine', () => {
    expect(sessions.guard(bringing(opened('eye')!, '127.0.0.1:8071'))).toBeNull();
  });

  it('has the role that the book gives now, and ends when its token leaves the book', () => {
    const request = bringing(opened('hand')!);
    book.set('hand', { name: 'otto', role: 'reader' });
    expect(sessions.guard(request)?.role).toBe('reader');
    book.delete('hand');
    expect(sessions.guard(request)).toBeNull();
    book.set('hand', { name: 'otto', role: 'operator' });
    expect(sessions.guard(request)).toBeNull();
  });

  it('ends in time, and on request', () => {
    const late = bringing(opened('eye')!);
    now = SESSION_AGE_MS - 1;
    expect(sessions.guard(late)).not.toBeNull();
    now = SESSION_AGE_MS;
    expect(sessions.guard(late)).toBeNull();
    const closed = bringing(opened('eye')!);
    expect(sessions.close(closed)).toBe(
      'rocinante-session-7071=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
    );
    expect(sessions.guard(closed)).toBeNull();
  });

  it('is the oldest that goes where there are too many', () => {
    const first = bringing(opened('eye')!);
    const second = bringing(opened('eye')!);
    for (let count = 0; count < SESSIONS_MAX - 1; count++) {
      book.set(`${count}`, { name: `reader-${count}`, role: 'reader' });
      opened(`${count}`);
    }
    expect(sessions.size).toBe(SESSIONS_MAX);
    expect(sessions.guard(first)).toBeNull();
    expect(sessions.guard(second)).not.toBeNull();
  });

  it('is the oldest of its own holder that goes where he has too many', () => {
    const other = bringing(opened('hand')!);
    const first = bringing(opened('eye')!);
    const second = bringing(opened('eye')!);
    for (let count = 0; count < SESSIONS_PER_HOLDER_MAX - 1; count++) opened('eye');
    expect(sessions.size).toBe(1 + SESSIONS_PER_HOLDER_MAX);
    expect(sessions.guard(first)).toBeNull();
    expect(sessions.guard(second)).not.toBeNull();
    expect(sessions.guard(other)).not.toBeNull();
  });
});
