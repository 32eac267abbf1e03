import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.js';

// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
it.each([
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  [Buffer.from('123456789'), 0xe3069283],
])('is the published one of %j', (bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});

it('is masked as TensorFlow masks it', () => {
  const sum = 0xe3069283;
  const turned = ((sum >>> 15) | (sum << 17)) >>> 0;
  expect(maskedCrc32c(Buffer.from('123456789'))).toBe((turned + 0xa282ead8) % 2 ** 32);
});
