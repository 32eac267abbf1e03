import { writeFileSync } from 'node:fs';
import { goldenMessages } from './golden-messages.js';
import { protocolTypes } from './message-types.js';
import { protocolListing } from './protocol-listing.js';
import { brokenRecords, readRecord, recordPaths } from './protocol-record.js';
import { PROTOCOL_VERSION } from './protocol-version.js';

/**
 * Adds to the record of this release's protocol what the protos have anew: lines of its listing, and messages. Nothing that
 * was recorded goes; where the protos break it, nothing is written.
 */
const broken = brokenRecords();
for (const promise of broken) process.stderr.write(`${promise}\n`);
if (broken.length > 0) process.exit(1);

const types = protocolTypes();
const { listing, messages } = readRecord(PROTOCOL_VERSION);
const paths = recordPaths(PROTOCOL_VERSION);

const today = protocolListing(types);
const fresh = listing.length === 0 ? [] : today.filter((line) => !listing.includes(line));
for (const line of fresh) process.stdout.write(`new: ${line}\n`);
if (fresh.some((line) => line.includes(', one of '))) {
  process.stdout.write(
    `who does not know a new kind of message ends the session: where protocol ${PROTOCOL_VERSION} is released, raise PROTOCOL_VERSION\n`,
  );
}
writeFileSync(paths.listing, `${today.join('\n')}\n`);

const known = new Set(messages.map(({ message, hex }) => `${message} ${hex}`));
const added = goldenMessages(types).filter(({ message, hex }) => !known.has(`${message} ${hex}`));
const lines = [...messages, ...added].map((golden) => JSON.stringify(golden));
writeFileSync(paths.messages, `${lines.join('\n')}\n`);
process.stdout.write(`${paths.listing}\n${paths.messages}: ${added.length} messages more\n`);
