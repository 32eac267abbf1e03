/** Where something listens. */
export interface Address {
  /** A name or an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
}

const PORT_MAX = 65_535;

/** The parts of `host:port`; null for anything else. */
export function parseAddress(text: string): Address | null {
  const [, host, digits] = /^(\[[\da-fA-F:.%]+\]|[\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host === undefined || port > PORT_MAX ? null : { host, port };
}

/** Whether only this machine can reach `host:port`. */
export function isLoopback(address: string): boolean {
  const host = parseAddress(address)?.host;
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host);
}
