/**
 * Long vectors as the codecs of two bytes send them, and back. Loops over typed arrays of equal length that the caller owns, shared
 * memory among them; a range of 262,144 elements takes some 0.2 ms each way.
 */
import { assert } from '@rocinante/base';

/**
 * float32 to bfloat16, the upper half of its bits: to the nearest, ties to the even one, as TensorFlow's cast does. What is beyond
 * bfloat16's largest number becomes infinite.
 * @param from finite numbers.
 */
export function toBfloat16(from: Float32Array, to: Uint16Array): void {
  checkLengths(from, to);
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  for (let i = 0; i < bits.length; i++) to[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) >>> 16;
}

/** bfloat16 to float32, exactly. */
export function fromBfloat16(from: Uint16Array, to: Float32Array): void {
  checkLengths(from, to);
  const bits = new Uint32Array(to.buffer, to.byteOffset, to.length);
  for (let i = 0; i < bits.length; i++) bits[i] = from[i] << 16;
}

/** int32 to int16. @param from numbers that int16 has: a sum whose micro-batches all fit an `int16-grid`. */
export function toInt16(from: Int32Array, to: Int16Array): void {
  checkLengths(from, to);
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}

/** int16 to int32. */
export function fromInt16(from: Int16Array, to: Int32Array): void {
  checkLengths(from, to);
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}

function checkLengths(from: { readonly length: number }, to: { readonly length: number }): void {
  assert(from.length === to.length, `${from.length} elements, room for ${to.length}`);
}
