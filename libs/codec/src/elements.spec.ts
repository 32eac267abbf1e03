import { expect, it } from 'vitest';
import { fromBfloat16, fromInt16, toBfloat16, toInt16 } from './elements.js';

/** Numbers by their bits. */
function float32(...bits: number[]): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

function rounded(from: Float32Array): number[] {
  const to = new Uint16Array(from.length);
  toBfloat16(from, to);
  return [...to];
}

it('rounds float32 to the nearest bfloat16, and a tie to the even one, of either sign', () => {
  expect(rounded(Float32Array.of(0, -0, 1, -2, 0.5))).toEqual([0, 0x8000, 0x3f80, 0xc000, 0x3f00]);
  expect(rounded(float32(0x3f807fff, 0x3f808000, 0x3f808001))).toEqual([0x3f80, 0x3f80, 0x3f81]);
  expect(rounded(float32(0x3f817fff, 0x3f818000, 0xbf818000))).toEqual([0x3f81, 0x3f82, 0xbf82]);
  // Up to the next power of two, and beyond the largest number.
  expect(rounded(float32(0x3fffffff, 0x7f7fffff, 0xff7fffff))).toEqual([0x4000, 0x7f80, 0xff80]);
  // Subnormal numbers too.
  expect(rounded(float32(1, 0x00018000, 0x80008001))).toEqual([0, 2, 0x8001]);
});

it('takes bfloat16 back to float32 as it is, so that rounding again changes nothing', () => {
  const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7f80) < 0x7f80,
  );
  const floats = new Float32Array(all.length);
  fromBfloat16(all, floats);
  expect(floats[all.indexOf(0x3f81)]).toBe(1 + 2 ** -7);
  expect(rounded(floats)).toEqual([...all]);
});

it('narrows every number that int16 has, and widens it to itself, in shared memory too', () => {
  const numbers = Int32Array.from({ length: 1 << 16 }, (_, i) => i - 32768);
  const narrow = new Int16Array(new SharedArrayBuffer(2 * numbers.length));
  toInt16(numbers, narrow);
  const wide = new Int32Array(new SharedArrayBuffer(4 * numbers.length));
  fromInt16(narrow, wide);
  expect([...wide]).toEqual([...numbers]);
});

it('asks for as many elements on both sides', () => {
  expect(() => toInt16(new Int32Array(3), new Int16Array(2))).toThrow('3 elements, room for 2');
  expect(() => toBfloat16(new Float32Array(3), new Uint16Array(4))).toThrow('3 elements, room for 4');
});
