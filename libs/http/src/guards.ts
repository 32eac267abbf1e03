import type { Holder } from '@rocinante/access';
import type { HttpRequest } from './routes.js';

/** Who a request comes from, by what it shows; null where that says nothing. */
export type Guard = (request: Pick<HttpRequest, 'header' | 'secure'>) => Holder | null;

/**
 * Knows who asks by a token, as `Authorization: Bearer <token>` has it.
 * @param holderOf whose token it is; null where it is nobody's.
 */
export function tokenGuard(holderOf: (token: string) => Holder | null): Guard {
  return ({ header }) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '') ?? [];
    return token === undefined ? null : holderOf(token);
  };
}

/** Whoever one of several guards knows; the first of them that does says who it is. */
export function anyGuard(guards: readonly Guard[]): Guard {
  return (request) => {
    for (const guard of guards) {
      const holder = guard(request);
      if (holder !== null) return holder;
    }
    return null;
  };
}
