/** Edits of protocol buffers that know fields, lengths and nesting, and no schema. */
import { splice, type Edit } from './byte-edits.js';
import type { Draw } from './draw.js';

interface Field {
  /** Of the field in the bytes: [begin, end), and where what stands behind tag and length begins. */
  readonly begin: number;
  readonly body: number;
  readonly end: number;
  readonly number: number;
  readonly type: number;
}

const LENGTH_DELIMITED = 2;

/** The fields that stand one behind the other at the beginning of the bytes. */
function fieldsIn(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length && fields.length < 1000;) {
    const tag = readVarint(bytes, at);
    if (tag === null) break;
    const type = tag.value & 7;
    let body = tag.end;
    let end: number;
    if (type === 0) {
      end = readVarint(bytes, body)?.end ?? Infinity;
    } else if (type === 1) end = body + 8;
    else if (type === 5) end = body + 4;
    else if (type === LENGTH_DELIMITED) {
      const length = readVarint(bytes, body);
      if (length === null) break;
      body = length.end;
      end = body + length.value;
    } else break;
    if (end > bytes.length) break;
    fields.push({ begin: at, body, end, number: tag.value >>> 3, type });
    at = end;
  }
  return fields;
}

function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } | null {
  let value = 0;
  for (let index = 0; index < 10 && at + index < bytes.length; index++) {
    value += (bytes[at + index] & 0x7f) * 2 ** (7 * index);
    if (bytes[at + index] < 0x80) return { value, end: at + index + 1 };
  }
  return null;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(left)]);
}

function tag(number: number, type: number): Uint8Array {
  return varint(BigInt(number * 8 + type));
}

/** A field of a number and bytes, whose length is true. */
function delimited(number: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([tag(number, LENGTH_DELIMITED), varint(BigInt(body.length)), body]);
}

const VALUES = [
  0n,
  1n,
  127n,
  128n,
  255n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  -1n,
];

/** A field as nobody's schema foresees it. */
function strangeField(draw: Draw): Uint8Array {
  const number = draw.chance(0.9) ? 1 + draw.below(24) : draw.of([0, 19_000, 2 ** 28, 2 ** 29 - 1]);
  switch (draw.below(6)) {
    case 0:
    case 1:
      return Buffer.concat([tag(number, 0), varint(draw.of(VALUES))]);
    case 2:
      return Buffer.concat([
        tag(number, draw.of([1, 5])),
        draw.of([draw.bytes(8), new Uint8Array(8).fill(255)]),
      ]);
    case 3:
      return tag(number, draw.of([3, 4, 6, 7]));
    case 4:
      return delimited(number, draw.bytes(draw.below(40)));
    default:
      return delimited(number, draw.chance(0.5) ? new Uint8Array() : strangeField(draw));
  }
}

/** Very many fields without contents: each takes two bytes here, and an object there. */
function manyFields(draw: Draw): Uint8Array {
  const one = draw.of([delimited(1 + draw.below(24), new Uint8Array()), tag(1 + draw.below(24), 3)]);
  return Buffer.concat(Array<Uint8Array>(2 ** draw.below(draw.chance(0.1) ? 19 : 12)).fill(one));
}

/** Edits a field, or one within it; lengths stay true all the way up. */
export const editFields: Edit = (bytes, draw) => {
  const fields = fieldsIn(bytes);
  if (fields.length === 0) return strangeField(draw);
  const { begin, body, end, number, type } = draw.of(fields);
  const whole = bytes.subarray(begin, end);
  const isNested = type === LENGTH_DELIMITED;
  if (isNested && draw.chance(0.6)) {
    return splice(bytes, begin, whole.length, delimited(number, editFields(bytes.subarray(body, end), draw)));
  }
  switch (draw.below(8)) {
    case 0:
      return splice(bytes, begin, whole.length, new Uint8Array());
    case 1:
      return splice(bytes, end, 0, whole);
    case 2:
      return splice(bytes, begin, 0, strangeField(draw));
    case 3:
      return splice(
        bytes,
        begin,
        body - begin,
        isNested ? delimited(1 + draw.below(24), bytes.subarray(body, end)) : tag(1 + draw.below(24), type),
      );
    case 4:
      // A length or a number that is not true.
      return splice(
        bytes,
        begin,
        isNested ? body - begin : whole.length,
        Buffer.concat([tag(number, type), varint(draw.of(VALUES))]),
      );
    case 5:
      return draw.chance(0.1) ? splice(bytes, end, 0, manyFields(draw)) : bytes;
    default:
      return splice(bytes, body, end - body, type === 0 ? varint(draw.of(VALUES)) : draw.bytes(end - body));
  }
};
