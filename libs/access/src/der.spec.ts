import { describe, expect, it } from 'vitest';
import { boolean, integer, namedBits, octets, oid, sequence, time, utf8 } from './der.js';

/** Against the examples of X.690, RFC 5280 and "A Layman's Guide to a Subset of ASN.1, BER, and DER". */
describe('DER', () => {
  const hex = (bytes: Buffer): string => bytes.toString('hex');

  it('writes whole numbers in the fewest bytes, with room for the sign', () => {
    expect([0n, 127n, 128n, 256n, 0xffffn].map((value) => hex(integer(value)))).toEqual([
      '020100',
      '02017f',
      '02020080',
      '02020100',
      '020300ffff',
    ]);
  });

  it('writes lengths short up to 127, and long from there on', () => {
    expect(hex(octets(Buffer.alloc(127))).slice(0, 4)).toBe('047f');
    expect(hex(octets(Buffer.alloc(128))).slice(0, 6)).toBe('048180');
    expect(hex(octets(Buffer.alloc(256))).slice(0, 8)).toBe('04820100');
    expect(hex(octets(Buffer.alloc(65_536))).slice(0, 10)).toBe('0483010000');
  });

  it('writes the names of objects', () => {
    expect(hex(oid('1.2.840.113549'))).toBe('06062a864886f70d');
    expect(hex(oid('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302');
    expect(hex(oid('2.5.29.17'))).toBe('0603551d11');
  });

  it('leaves the zeros after the last bit out', () => {
    expect(hex(namedBits(0))).toBe('03020780');
    expect(hex(namedBits(5, 6))).toBe('03020106');
    expect(hex(namedBits(8))).toBe('0303070080');
  });

  it('writes years until 2049 with two digits, and later ones with four', () => {
    expect(time(new Date('1991-05-06T23:45:40.999Z')).toString('latin1')).toBe('\x17\x0d910506234540Z');
    expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });

  it('nests', () => {
    expect(hex(sequence(boolean(true), utf8('ñ')))).toBe('30070101ff0c02c3b1');
    expect(hex(sequence())).toBe('3000');
  });
});
