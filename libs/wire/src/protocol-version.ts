import { WireError } from './errors.js';
import type { HelloMessage } from './messages.js';

/** The newest version of the protocol that this release speaks. CONTRIBUTING.md says when it is raised, and how. */
export const PROTOCOL_VERSION: number = 1;

/** The oldest: the one before, so that a cluster is upgraded machine by machine. */
export const PROTOCOL_VERSION_MIN = Math.max(1, PROTOCOL_VERSION - 1);

/**
 * The version that a session speaks, from Welcome to its end: the newest that both sides do. What a version brought is said
 * only in sessions that speak it or a newer one.
 * @throws {WireError} PROTOCOL_VERSION: they share none; says whose release is the older one.
 */
export function agreeOnProtocol({ name, protocolMin, protocolMax }: HelloMessage): number {
  const agreed = Math.min(protocolMax, PROTOCOL_VERSION);
  if (agreed >= Math.max(protocolMin, PROTOCOL_VERSION_MIN)) return agreed;
  throw new WireError(
    'PROTOCOL_VERSION',
    `worker ${name}: expected protocol ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}, ` +
      `received ${protocolMin} to ${protocolMax}; ${advice(protocolMin, protocolMax)}`,
  );
}

/**
 * Looks at the version that a coordinator welcomes to.
 * @param offered the range in the worker's own Hello.
 * @throws {WireError} PROTOCOL_VERSION: it is none that the worker speaks.
 */
export function checkWelcomedTo(protocol: number, [min, max]: readonly [number, number]): void {
  if (protocol >= min && protocol <= max) return;
  throw new WireError(
    'PROTOCOL_VERSION',
    `the coordinator: expected protocol ${min} to ${max}, received ${protocol}; use the same release on both sides`,
  );
}

function advice(protocolMin: number, protocolMax: number): string {
  if (protocolMin > protocolMax) return 'use the same release on both sides';
  return protocolMin > PROTOCOL_VERSION
    ? 'this coordinator is too old for it: upgrade release by release, workers first'
    : 'it is too old for this coordinator: upgrade it';
}
