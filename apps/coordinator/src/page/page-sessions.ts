import { createHash, randomBytes } from 'node:crypto';
import { mayDo, type Holder } from '@rocinante/access';
import type { Guard, HttpRequest } from '@rocinante/http';
import { SESSION_AGE_MS, SESSIONS_MAX, SESSIONS_PER_HOLDER_MAX } from './page-limits.js';

/** Who holds a token; null for nobody. */
export type HolderOf = (token: string) => Holder | null;

interface PageSession {
  /** Of the holder who opened it. */
  readonly name: string;
  /** Asked at each request, so that a session ends when its token leaves the book, and has the role that the book gives. */
  readonly holder: () => Holder | null;
  readonly endsAt: number;
}

/** What a session's cookie is called: browsers do not tell ports of one machine apart. */
const COOKIE = 'rocinante-session';

/** With this a browser takes the cookie over TLS alone, from this host alone: none that another place gave it. */
const HOST_PREFIX = '__Host-';

const SESSION_ID = /^[\w-]{43}$/;

/**
 * Who is logged in at the page. A session is a random number of 256 bits in a cookie, of which only the digest is kept here.
 * The token that opened it is kept in memory alone, so that the book is asked again at each request. Sessions do not outlast
 * the process.
 */
export class PageSessions {
  readonly #holderOf: HolderOf;
  readonly #now: () => number;
  /** By the digest of the number; the oldest first. */
  readonly #sessions = new Map<string, PageSession>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(holderOf: HolderOf, now: () => number) {
    this.#holderOf = holderOf;
    this.#now = now;
  }

  /** Knows who asks by the cookie; null where there is none, or its session is over. */
  readonly guard: Guard = (request) => {
    const id = cookieOf(request);
    if (id === null) return null;
    const key = digest(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return null;
    const holder = session.endsAt > this.#now() ? session.holder() : null;
    if (holder === null) this.#sessions.delete(key);
    return holder;
  };

  /**
   * Opens a session.
   * @returns the `Set-Cookie` header; null for a token that is nobody's, or lets nobody read.
   */
  open(token: string, request: Pick<HttpRequest, 'host' | 'secure'>): string | null {
    const holder = this.#holderOf(token);
    if (holder === null || !mayDo(holder.role, 'reader')) return null;
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(digest(id), {
      name: holder.name,
      holder: () => this.#holderOf(token),
      endsAt: this.#now() + SESSION_AGE_MS,
    });
    const own = [...this.#sessions].filter(([, { name }]) => name === holder.name);
    if (own.length > SESSIONS_PER_HOLDER_MAX) this.#sessions.delete(own[0][0]);
    if (this.#sessions.size > SESSIONS_MAX) this.#sessions.delete(this.#sessions.keys().next().value!);
    return cookieHeader(request, id, SESSION_AGE_MS / 1000);
  }

  /** Ends the session that a request belongs to. @returns the `Set-Cookie` header that removes the cookie. */
  close(request: Pick<HttpRequest, 'header' | 'host' | 'secure'>): string {
    const id = cookieOf(request);
    if (id !== null) this.#sessions.delete(digest(id));
    return cookieHeader(request, '', 0);
  }

  /** How many are open, or were never closed. */
  get size(): number {
    return this.#sessions.size;
  }
}

function cookieHeader(
  { host, secure }: Pick<HttpRequest, 'host' | 'secure'>,
  value: string,
  ageSeconds: number,
): string {
  return (
    `${nameAt(host, secure)}=${value}; Max-Age=${ageSeconds}; Path=/; HttpOnly; SameSite=Strict` +
    (secure ? '; Secure' : '')
  );
}

/** The session's number that a request brings; null where it brings none that could be one. */
function cookieOf(request: Pick<HttpRequest, 'header' | 'secure'>): string | null {
  const name = nameAt(request.header('host'), request.secure);
  for (const pair of (request.header('cookie') ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2);
    if (key === name && SESSION_ID.test(value)) return value;
  }
  return null;
}

function nameAt(host: string | null, secure: boolean): string {
  const name = secure ? `${HOST_PREFIX}${COOKIE}` : COOKIE;
  const port = /:(\d{1,5})$/.exec(host ?? '')?.[1];
  return port === undefined ? name : `${name}-${port}`;
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
