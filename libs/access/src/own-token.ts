import { timingSafeEqual } from 'node:crypto';
import type { Holder } from './roles.js';
import { newToken, tokenDigest } from './token.js';

/** A token that a process makes for those that it starts itself. It stands in no book, and ends with the process. */
export interface OwnToken {
  readonly token: string;
  /** Whose token one is: the holder's, or null where it is nobody's. The time it takes tells nothing. */
  readonly holderOf: (token: string) => Holder | null;
}

export function ownToken(holder: Holder): OwnToken {
  const token = newToken();
  const digest = tokenDigest(token);
  return { token, holderOf: (shown) => (timingSafeEqual(digest, tokenDigest(shown)) ? holder : null) };
}
