/**
 * Goal: no change of the protos breaks a release that is out unnoticed. Method: for each version there is a record in fixtures:
 * a line for each field, enum and method, and a message of each kind in bytes as a release wrote it. Today's protos must still
 * have every line, and today's code read and write every message as it was.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import { decodeGolden, encodeGolden, goldenMessages } from './golden-messages.js';
import { protocolTypes } from './message-types.js';
import { protocolListing } from './protocol-listing.js';
import { allRecords, brokenRecords, recordPaths } from './protocol-record.js';
import { trainingService } from './proto.js';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from './protocol-version.js';
import { decodeRange, encodeContributionRange, encodeParametersRange, rangeElements } from './ranges.js';

const types = protocolTypes();
const records = allRecords();
const served = records.filter(({ version }) => version >= PROTOCOL_VERSION_MIN);
const howTo = 'after a change of the protos or of PROTOCOL_VERSION: npm run protocol:record';

/** A field of a number that no message has, in each of the forms in which a value travels. */
const unknownFields = [
  ['a number', 'f8ff0f' + '9601'],
  ['eight bytes', 'f9ff0f' + '0102030405060708'],
  ['text', 'faff0f' + '0568656c6c6f'],
  ['four bytes', 'fdff0f' + '01020304'],
] as const;

describe('the protos', () => {
  it('have no number that was reused, retyped or taken away since it was recorded', () => {
    expect(brokenRecords()).toEqual([]);
  });

  it(`are recorded as they are (${howTo})`, () => {
    const current = records.at(-1)!;
    expect(current.version).toBe(PROTOCOL_VERSION);
    expect(current.listing).toEqual(protocolListing(types));
    const known = new Set(current.messages.map(({ message, hex }) => `${message} ${hex}`));
    const missing = goldenMessages(types).filter(({ message, hex }) => !known.has(`${message} ${hex}`));
    expect(missing).toEqual([]);
  });

  it('have a record for each version that there was', () => {
    for (const { version } of records) {
      const { listing, messages } = recordPaths(version);
      expect([version, existsSync(listing), existsSync(messages)]).toEqual([version, true, true]);
    }
  });
});

describe.each(served)('a message of protocol $version', ({ messages }) => {
  it('says what it said then', () => {
    for (const golden of messages)
      expect(decodeGolden(types, golden), golden.message).toMatchObject(golden.fields as object);
  });

  it('is written as it was then', () => {
    for (const golden of messages)
      expect([golden.message, encodeGolden(types, golden)]).toEqual([golden.message, golden.hex]);
  });

  it.each(unknownFields)('is read in spite of a field that is not known: %s', (_form, field) => {
    for (const { message, hex } of messages) {
      const more = { message, hex: hex + field, fields: null };
      expect(decodeGolden(types, more)).toEqual(decodeGolden(types, { ...more, hex }));
    }
  });

  it('is there for every kind that a session knows, Hello and Welcome among them', () => {
    const kinds = new Set(messages.map(({ message }) => message));
    expect([...types.messages.keys()].filter((name) => !kinds.has(name))).toEqual([]);
    for (const stream of ['WorkerMessage', 'CoordinatorMessage']) {
      const said = messages.filter(({ message }) => message === stream);
      const members = said.map(({ fields }) => Object.keys(fields as object)[0]);
      expect(members).toEqual(
        expect.arrayContaining(types.messages.get(stream)!.descriptor.field.map(({ name }) => name)),
      );
    }
  });
});

describe('a range of protocol 1', () => {
  const layout = createLayout([{ name: 'w', shape: [4] }]);
  const [range] = layout.ranges;
  const ints = Int32Array.of(1, -2, 2_147_483_647, -2_147_483_648);
  const floats = Float32Array.of(1, -0.5, 3e38, 1e-40);
  const contribution = '0a017310ac021800221001000000feffffffffffff7f000000802d1fbcdf9b';
  const parameters = '080710001a100000803f000000bfe6b1617fc216010025fc987f7e';

  it('of a contribution is written and read as it was', () => {
    expect(encodeContributionRange('s', 300, ints, range).toString('hex')).toBe(contribution);
    const message = trainingService.Contribute.requestDeserialize(Buffer.from(contribution, 'hex'));
    expect(message).toMatchObject({ session: 's', assignment: 300, range: 0 });
    expect(rangeElements(message, layout, new Int32Array(1024))).toEqual(ints);
  });

  it('of parameters is written and read as it was', () => {
    expect(encodeParametersRange(7, floats, range).toString('hex')).toBe(parameters);
    const message = trainingService.Parameters.responseDeserialize(Buffer.from(parameters, 'hex'));
    const received = new Float32Array(4);
    decodeRange(message, layout, received);
    expect([message.version, bytesOf(received)]).toEqual([7, bytesOf(floats)]);
  });
});
