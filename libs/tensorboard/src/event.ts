/**
 * The few messages of TensorFlow's event.proto and summary.proto that are written here, as protocol-buffer bytes.
 *
 * Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5, session_log = 7.
 * Summary: value = 1, repeated. Summary.Value: tag = 1 (string), simple_value = 2 (float). SessionLog: status = 1 (START is 1).
 */

/** How a field's bytes are told apart: the wire types of the encoding. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

const SESSION_START = 1;

/** A number of a name: `loss/train`. */
export type Scalar = readonly [tag: string, value: number];

/** What the first event of a file says. */
export function versionEvent(wallSeconds: number): Uint8Array {
  return event(wallSeconds, 0, field(3, BYTES, text('brain.Event:2')));
}

/** Numbers of one step. */
export function scalarEvent(wallSeconds: number, step: number, scalars: readonly Scalar[]): Uint8Array {
  const values = scalars.map(([tag, value]) =>
    field(1, BYTES, delimited(Buffer.concat([field(1, BYTES, text(tag)), field(2, FIXED_32, float(value))]))),
  );
  return event(wallSeconds, step, field(5, BYTES, delimited(Buffer.concat(values))));
}

/** From this step on, what was said before does not count any more. */
export function startEvent(wallSeconds: number, step: number): Uint8Array {
  return event(wallSeconds, step, field(7, BYTES, delimited(field(1, VARINT, varint(SESSION_START)))));
}

function event(wallSeconds: number, step: number, what: Uint8Array): Uint8Array {
  return Buffer.concat([field(1, FIXED_64, double(wallSeconds)), field(2, VARINT, varint(step)), what]);
}

function field(number: number, wireType: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + wireType), content]);
}

/** @param value a whole number from 0 to the largest that a number holds exactly. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function delimited(content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(content.length), content]);
}

function text(value: string): Uint8Array {
  return delimited(Buffer.from(value, 'utf8'));
}

function float(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function double(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
