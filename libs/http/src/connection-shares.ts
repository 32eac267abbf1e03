import type { Socket } from 'node:net';
import { CONNECTIONS_MAX, CONNECTIONS_PER_HOLDER_MAX } from './http-limits.js';

/**
 * Who may keep connections: each holder his share, so that none takes them all from the others, and nobody the last ones, which
 * are for what is open to all. Of connections of nobody known there is a count by address.
 */
export class ConnectionShares {
  #open = 0;
  /** Those that came when there were CONNECTIONS_MAX, by the socket that requests come on. */
  readonly #late = new WeakSet<Socket>();
  readonly #byHolder = new Map<string, Set<Socket>>();
  /** Who asks on a connection: behind a proxy that keeps its own, many in turn. One listener waits for the end of each. */
  readonly #holders = new WeakMap<Socket, Set<string>>();

  /** Counts a connection: the one that requests come on, of TLS the one above. */
  opened(socket: Socket): void {
    if (this.#open >= CONNECTIONS_MAX) this.#late.add(socket);
    this.#open += 1;
    socket.once('close', () => (this.#open -= 1));
  }

  /** Whether a connection is one of the last, on which only what is open to all is answered. */
  isLate(socket: Socket): boolean {
    return this.#late.has(socket);
  }

  /** A holder asks on a connection. @returns false where he has CONNECTIONS_PER_HOLDER_MAX others. */
  admit(holder: string, socket: Socket): boolean {
    const own = this.#byHolder.get(holder) ?? new Set();
    if (own.has(socket)) return true;
    if (own.size >= CONNECTIONS_PER_HOLDER_MAX) return false;
    this.#byHolder.set(holder, own.add(socket));
    this.#holdersOf(socket).add(holder);
    return true;
  }

  #holdersOf(socket: Socket): Set<string> {
    const known = this.#holders.get(socket);
    if (known !== undefined) return known;
    const holders = new Set<string>();
    this.#holders.set(socket, holders);
    socket.once('close', () => {
      for (const holder of holders) this.#forget(holder, socket);
    });
    return holders;
  }

  #forget(holder: string, socket: Socket): void {
    const own = this.#byHolder.get(holder);
    own?.delete(socket);
    if (own?.size === 0) this.#byHolder.delete(holder);
  }
}
