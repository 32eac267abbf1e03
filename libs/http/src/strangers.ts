import type { Socket } from 'node:net';
import { STRANGERS_PER_ADDRESS_MAX } from './http-limits.js';

/**
 * Connections on which nobody was let in yet, by the address that they come from: one address cannot take them all from the
 * others. Whoever is let in is counted no longer, so that many people behind one proxy are not in each other's way.
 */
export class Strangers {
  /** Ports by address. */
  readonly #ports = new Map<string, Set<number>>();

  /** Counts a connection until it is let in or ends. @returns false where its address has STRANGERS_PER_ADDRESS_MAX. */
  admit(socket: Socket): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    // It is gone already.
    if (address === undefined || port === undefined) return true;
    const ports = this.#ports.get(address) ?? new Set();
    if (ports.size >= STRANGERS_PER_ADDRESS_MAX) return false;
    this.#ports.set(address, ports.add(port));
    socket.once('close', () => this.#forget(address, port));
    return true;
  }

  /** Somebody was let in on a connection, the one below TLS or the one above. */
  letIn({ remoteAddress, remotePort }: Socket): void {
    if (remoteAddress !== undefined && remotePort !== undefined) this.#forget(remoteAddress, remotePort);
  }

  #forget(address: string, port: number): void {
    const ports = this.#ports.get(address);
    ports?.delete(port);
    if (ports?.size === 0) this.#ports.delete(address);
  }
}
