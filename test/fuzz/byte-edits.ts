/** Edits of bytes that know nothing of what the bytes are. */
import type { Draw } from './draw.js';

/** An edit: the bytes as they are afterwards. What it is given stays as it is. */
export type Edit = (bytes: Uint8Array, draw: Draw) => Uint8Array;

/** Bytes of an input at most: edits make nothing longer. */
export const INPUT_BYTES_MAX = 2 << 20;

/** Where counts and lengths go wrong: at zero, at the ends of their types, and just beside them. */
const CRITICAL = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

const flipBit: Edit = (bytes, draw) => {
  const edited = bytes.slice();
  if (edited.length > 0) edited[draw.below(edited.length)] ^= 1 << draw.below(8);
  return edited;
};

const setByte: Edit = (bytes, draw) => {
  const edited = bytes.slice();
  if (edited.length > 0) edited[draw.below(edited.length)] = draw.of([0, 0x7f, 0x80, 0xff, draw.below(256)]);
  return edited;
};

const cut: Edit = (bytes, draw) => bytes.slice(0, draw.below(bytes.length));

const remove: Edit = (bytes, draw) => {
  const start = draw.below(bytes.length);
  return splice(bytes, start, draw.length(bytes.length - start), new Uint8Array());
};

const insert: Edit = (bytes, draw) =>
  splice(bytes, draw.below(bytes.length + 1), 0, draw.bytes(draw.length(4096)));

/** A stretch a second time, or very often. */
const repeat: Edit = (bytes, draw) => {
  const start = draw.below(bytes.length);
  const stretch = bytes.subarray(start, start + 1 + draw.length(bytes.length - start));
  const times = draw.chance(0.05) ? 2 ** draw.below(16) : 1 + draw.below(3);
  const most = Math.min(times, Math.floor((INPUT_BYTES_MAX - bytes.length) / Math.max(1, stretch.length)));
  if (most < 1) return bytes;
  const all = new Uint8Array(stretch.length * most);
  for (let time = 0; time < most; time++) all.set(stretch, time * stretch.length);
  return splice(bytes, start, 0, all);
};

/** A stretch over another one. */
const copy: Edit = (bytes, draw) => {
  const edited = bytes.slice();
  const from = draw.below(bytes.length);
  edited.copyWithin(draw.below(bytes.length), from, from + draw.length(bytes.length - from));
  return edited;
};

/** A field of 1 to 8 bytes, as lengths, counts and offsets are. */
const setNumber: Edit = (bytes, draw) => {
  const edited = bytes.slice();
  const width = draw.of([1, 2, 4, 8]);
  if (edited.length < width) return edited;
  const view = new DataView(
    edited.buffer,
    draw.chance(0.3) ? 0 : draw.below(edited.length - width + 1),
    width,
  );
  const value = draw.chance(0.5) ? draw.of(CRITICAL) : draw.below(2 * bytes.length);
  const isLittle = draw.chance(0.7);
  if (width === 1) view.setUint8(0, value);
  else if (width === 2) view.setUint16(0, value, isLittle);
  else if (width === 4) view.setUint32(0, value, isLittle);
  else view.setBigUint64(0, BigInt(value) << BigInt(draw.of([0, 0, 8, 32])), isLittle);
  return edited;
};

const EDITS: readonly Edit[] = [
  flipBit,
  flipBit,
  setByte,
  cut,
  remove,
  insert,
  repeat,
  copy,
  setNumber,
  setNumber,
];

/** One of the edits above. */
export const editBytes: Edit = (bytes, draw) => draw.of(EDITS)(bytes, draw);

/** An edit of what stands behind the first byte, which says what the rest is. */
export const behindFirst =
  (edit: Edit): Edit =>
  (bytes, draw) =>
    splice(edit(bytes.subarray(1), draw), 0, 0, bytes.subarray(0, 1));

/** Bytes with others in place of a stretch. */
export function splice(bytes: Uint8Array, start: number, removed: number, inserted: Uint8Array): Uint8Array {
  const end = Math.min(bytes.length, start + removed);
  const result = new Uint8Array(bytes.length - (end - start) + inserted.length);
  result.set(bytes.subarray(0, start));
  result.set(inserted, start);
  result.set(bytes.subarray(end), start + inserted.length);
  return result;
}

/** The head of one input and the tail of another. */
export function cross(one: Uint8Array, other: Uint8Array, draw: Draw): Uint8Array {
  const head = one.subarray(0, draw.below(one.length + 1));
  return splice(head, head.length, 0, other.subarray(draw.below(other.length + 1)));
}
