import { isIP } from 'node:net';

/** Characters of what a client sent, in a line of ours. */
const SHOWN_LENGTH_MAX = 200;

/**
 * Why nothing is told without a token: the name by which the client asks is none of this server's. Whoever owns another name
 * can let it point here, and have a page of that name read in a person's browser what is served here ("DNS rebinding"). An
 * address in digits cannot be used so, nor can `localhost`.
 * @param host the Host header, `host` or `host:port`; null where it is none.
 * @param own `host:port`s that this server goes by.
 * @returns one line; null where it may be told.
 */
export function foreignHost(host: string | null, own: readonly string[]): string | null {
  const name = hostname(host ?? '');
  if (name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0) return null;
  if (own.some((address) => hostname(address) === name)) return null;
  const shown = host === null ? 'no host' : JSON.stringify(host.slice(0, SHOWN_LENGTH_MAX));
  return `without tokens: expected to be asked for by an address in digits, localhost, or a name that this server was told (serve --advertise), received ${shown}`;
}

/** The host of `host:port`, without the brackets of IPv6, in lower case. */
function hostname(address: string): string {
  return address
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}
