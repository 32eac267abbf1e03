import { isIPv6, type Socket } from 'node:net';

/** The other end of a connection, as a socket and grpc-js name it. */
type OtherEnd = Partial<Pick<Socket, 'remoteAddress' | 'remotePort'>>;

/**
 * Connections on which nobody was let in yet, by the address that they come from: one address cannot take them all from the
 * others. Whoever is let in is counted no longer, so that many people behind one proxy are not in each other's way.
 */
export class UnknownConnections {
  readonly #most: number;
  /** Ports by address, and by the network where that is one machine's. */
  readonly #ports = new Map<string, Set<string>>();

  /** @param most of one address. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a connection until it is let in or ends. @returns false where its address has as many as it may. */
  admit(socket: Socket): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    // It is gone already.
    if (address === undefined || port === undefined) return true;
    const origin = originOf(address);
    const ports = this.#ports.get(origin) ?? new Set();
    if (ports.size >= this.#most) return false;
    this.#ports.set(origin, ports.add(`${address} ${port}`));
    socket.once('close', () => this.#forget(address, port));
    return true;
  }

  /** Somebody was let in on a connection, the one below TLS or the one above. */
  letIn({ remoteAddress, remotePort }: OtherEnd): void {
    if (remoteAddress !== undefined && remotePort !== undefined) this.#forget(remoteAddress, remotePort);
  }

  #forget(address: string, port: number): void {
    const origin = originOf(address);
    const ports = this.#ports.get(origin);
    ports?.delete(`${address} ${port}`);
    if (ports?.size === 0) this.#ports.delete(origin);
  }
}

/**
 * Where an address belongs: an IPv4 address is itself, also within IPv6 (`::ffff:10.0.0.5`); an IPv6 address stands for its network
 * of 64 bits, since one machine has as many addresses there as it likes.
 */
export function originOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [bare] = address.split('%');
  if (!isIPv6(bare)) return address;
  const [before, behind] = bare.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = behind === undefined ? 0 : 8 - before.length - behind.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...(behind ?? [])];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
