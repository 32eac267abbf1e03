import { describe, expect, it } from 'vitest';
import { bytesOf, crc32, sha256 } from './checksum.js';

const check = new TextEncoder().encode('123456789');

describe('bytesOf', () => {
  it('views the same memory, little-endian, within its own bounds', () => {
    const words = new Uint32Array([0, 0x04030201, 0]);
    const bytes = bytesOf(words.subarray(1, 2));
    expect([...bytes]).toEqual([1, 2, 3, 4]);
    bytes[0] = 9;
    expect(words[1]).toBe(0x04030209);
  });
});

describe('crc32', () => {
  it('gives the check value of CRC-32/ISO-HDLC, unsigned', () => {
    expect(crc32(check)).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('notices every single flipped bit', () => {
    const sums = new Set([crc32(check)]);
    for (let bit = 0; bit < check.length * 8; bit++) {
      const copy = check.slice();
      copy[bit >> 3] ^= 1 << (bit & 7);
      sums.add(crc32(copy));
    }
    expect(sums.size).toBe(1 + check.length * 8);
  });
});

describe('sha256', () => {
  it('gives the published digest of "abc" (FIPS 180-2, appendix B.1), also from shared memory', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set(new TextEncoder().encode('abc'));
    expect(sha256(new TextEncoder().encode('abc'))).toBe(expected);
    expect(sha256(shared)).toBe(expected);
  });
});
