import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GoldenMessage } from './golden-messages.js';
import { protocolTypes } from './message-types.js';
import { brokenPromises, protocolListing } from './protocol-listing.js';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from './protocol-version.js';

/** What is kept of a version of the protocol, for as long as there is a release that speaks it, and of its numbers for ever. */
export interface ProtocolRecord {
  readonly version: number;
  readonly listing: readonly string[];
  readonly messages: readonly GoldenMessage[];
}

/** Where a version's record lies: its listing, and its messages, one a line. */
export function recordPaths(version: number): { readonly listing: string; readonly messages: string } {
  const path = (extension: string): string =>
    fileURLToPath(new URL(`../fixtures/protocol-${version}.${extension}`, import.meta.url));
  return { listing: path('txt'), messages: path('jsonl') };
}

/** A version's record; an empty one where there is none. */
export function readRecord(version: number): ProtocolRecord {
  const { listing, messages } = recordPaths(version);
  const lines = (path: string): string[] =>
    existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  return {
    version,
    listing: lines(listing),
    messages: lines(messages).map((line) => JSON.parse(line) as GoldenMessage),
  };
}

/** The records of all versions, the first to this release's. */
export function allRecords(): ProtocolRecord[] {
  return Array.from({ length: PROTOCOL_VERSION }, (_, index) => readRecord(index + 1));
}

/** What today's protos break of any version's record, in sentences. */
export function brokenRecords(): string[] {
  const today = protocolListing(protocolTypes());
  return allRecords().flatMap(({ version, listing }) =>
    brokenPromises(listing, today, version >= PROTOCOL_VERSION_MIN).map(
      (promise) => `protocol ${version}: ${promise}`,
    ),
  );
}
