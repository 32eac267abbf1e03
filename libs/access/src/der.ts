/** The few shapes of DER (X.690) that a certificate is written in. Written only: what comes from outside node:crypto reads. */

const SEQUENCE = 0x30;
const SET = 0x31;

/** A value with its tag and length. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(body.length), body]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = bigEndian(BigInt(length));
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

/** The fewest bytes of a number that is not negative. */
function bigEndian(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return tagged(SEQUENCE, ...items);
}

export function setOf(item: Uint8Array): Buffer {
  return tagged(SET, item);
}

/** A whole number of zero or more. Its first bit is the sign, so one that has it set gets a zero before it. */
export function integer(value: bigint): Buffer {
  const bytes = bigEndian(value);
  return bytes[0] >= 0x80 ? tagged(0x02, Uint8Array.of(0), bytes) : tagged(0x02, bytes);
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function octets(bytes: Uint8Array): Buffer {
  return tagged(0x04, bytes);
}

/** Bits that fill whole bytes. */
export function bitString(bytes: Uint8Array): Buffer {
  return tagged(0x03, Uint8Array.of(0), bytes);
}

/** Bits by their numbers, counted from the first; the zeros after the last are left out, as DER wants it. */
export function namedBits(...numbers: readonly number[]): Buffer {
  const last = Math.max(...numbers);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const number of numbers) bytes[Math.floor(number / 8)] |= 0x80 >> (number % 8);
  return tagged(0x03, Uint8Array.of(7 - (last % 8)), bytes);
}

export function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

/** An object's name, such as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Seven bits a byte, the first bit set in all but the last. */
function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    digits.unshift(0x80 | (left % 128));
  return digits;
}

/** A moment, to the second. RFC 5280 wants two digits of the year until 2049, and four from there on. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(digits, 'ascii'));
}
