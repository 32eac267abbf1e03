import { oneLine } from '@rocinante/base';

const LENGTH_MAX = 64;

/**
 * What a client calls itself, as it may be written down: one line, short. It is the client's own word: it tells one cause of a
 * refusal from another, and decides nothing.
 * @param agent of a `User-Agent` header, or a part of one.
 * @returns null where it says nothing.
 */
export function clientName(agent: string | null): string | null {
  const name = oneLine(agent?.trim() ?? '', LENGTH_MAX);
  return name === '' ? null : name;
}
