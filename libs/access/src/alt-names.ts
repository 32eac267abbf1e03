import { isIP } from 'node:net';
import { ALT_NAMES_MAX, HOST_LABEL_CHARACTERS_MAX, HOST_NAME_CHARACTERS_MAX } from './access-limits.js';
import { AccessError } from './errors.js';

/** What a certificate speaks for: a host's name, which may begin with `*.`, or an address. In one spelling only. */
export interface AltName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** Whether a certificate can speak for it: a host's name, with `*.` before it or not, or an address. */
export function isHost(name: string): boolean {
  return parseAltName(name) !== null;
}

/** Names by which a machine reaches itself. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/**
 * Names as a certificate has them: lower case, IPv6 addresses in their short form, each once.
 * @throws {AccessError} `ACCESS_NAME`: one is no host and no address, or they are too many.
 */
export function parseAltNames(names: readonly string[]): AltName[] {
  const parsed = new Map<string, AltName>();
  for (const name of names) {
    const alt = parseAltName(name);
    if (alt === null) {
      throw new AccessError(
        'ACCESS_NAME',
        `name ${JSON.stringify(name.slice(0, HOST_NAME_CHARACTERS_MAX))}: expected a host such as trainer.example.org or an ` +
          `address such as 10.0.0.7 or fd00::7, ${hint(name)}`,
      );
    }
    parsed.set(alt.value, alt);
  }
  if (parsed.size > ALT_NAMES_MAX) {
    throw new AccessError('ACCESS_NAME', `names: expected at most ${ALT_NAMES_MAX}, received ${parsed.size}`);
  }
  return [...parsed.values()];
}

/** Null for what is no host and no address. */
function parseAltName(name: string): AltName | null {
  if (isIP(name) !== 0) return name.includes('%') ? null : { type: 'ip', value: shortAddress(name) };
  const host = name.toLowerCase();
  const labels = host.replace(/^\*\./, '').split('.');
  const isHost =
    host.length <= HOST_NAME_CHARACTERS_MAX &&
    labels.every(
      (label) => label.length <= HOST_LABEL_CHARACTERS_MAX && /^[a-z\d_]([\w-]*[a-z\d_])?$/.test(label),
    ) &&
    // What ends in a number is read as an address everywhere, and 10.0.0.300 is none.
    !/^\d+$/.test(labels.at(-1)!);
  // A star for a whole domain, such as *.org, is believed by nobody.
  const isWide = host.startsWith('*.') && labels.length < 2;
  return isHost && !isWide ? { type: 'dns', value: host } : null;
}

/** An address in one spelling: fd00:0:0:0:0:0:0:7 and FD00::7 are fd00::7. */
export function shortAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function hint(name: string): string {
  if (name.includes('://')) return 'without a protocol';
  if (/^\[.*\]/.test(name)) return 'without brackets and port';
  if (/:\d+$/.test(name)) return 'without a port';
  return 'received something else';
}
