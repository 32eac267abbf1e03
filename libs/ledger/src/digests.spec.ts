import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { checksumsDigest, digestOf, stateHashes } from './digests.js';

const sha256 = (...parts: Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

it('takes 128 bits over checksums as little-endian uint32, in their order', () => {
  const bytes = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  expect(checksumsDigest([1, 0xffffffff])).toBe(sha256(bytes).slice(0, 32));
  expect(checksumsDigest([0xffffffff, 1])).not.toBe(checksumsDigest([1, 0xffffffff]));
  expect(digestOf(Int8Array.of(-3, 5))).toBe(sha256(Buffer.from([0xfd, 5])).slice(0, 32));
});

it('hashes parameters by themselves, and both moments, m first', () => {
  const [parameters, m, v] = [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)];
  const bytes = ({ buffer }: Float32Array): Buffer => Buffer.from(buffer);
  expect(stateHashes({ parameters, m, v })).toEqual({
    parameters: sha256(bytes(parameters)),
    moments: sha256(bytes(m), bytes(v)),
  });
});
