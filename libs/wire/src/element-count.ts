/**
 * What a message's bytes hold, counted before they are decoded: an element of a list may take two bytes on the wire and two
 * hundred in memory, so a limit on bytes bounds neither memory nor time.
 */
import { assert } from '@rocinante/base';
import { WireError } from './errors.js';
import { ELEMENTS_MAX } from './limits.js';

/** How a field's value lies in the bytes. */
type Kind = 'message' | 'bytes' | 'varint32' | 'varint64' | 'fixed32' | 'fixed64';

interface FieldShape {
  readonly kind: Kind;
  readonly isRepeated: boolean;
  /** Of the message that it holds. */
  readonly shape: MessageShape | null;
}

/** What must be known of a message's type to count: its fields by their numbers. */
interface MessageShape {
  readonly name: string;
  readonly fields: readonly (FieldShape | undefined)[];
}

/** A message's type as proto-loader describes it; the names are those of descriptor.proto. */
export interface TypeDescription {
  readonly name: string;
  readonly field: readonly {
    readonly number: number;
    readonly label: string;
    readonly type: string;
    readonly typeName: string;
  }[];
}

/** By type of descriptor.proto. A type that is not here stands in none of our messages. */
const KINDS: Readonly<Record<string, Kind>> = {
  TYPE_MESSAGE: 'message',
  TYPE_STRING: 'bytes',
  TYPE_BYTES: 'bytes',
  TYPE_BOOL: 'varint32',
  TYPE_ENUM: 'varint32',
  TYPE_UINT32: 'varint32',
  TYPE_SINT32: 'varint32',
  TYPE_UINT64: 'varint64',
  TYPE_FIXED32: 'fixed32',
  TYPE_DOUBLE: 'fixed64',
};

/** Bytes of a number at most. protobufjs reads a longer one in its own way, so none is let through. */
const VARINT32_BYTES_MAX = 5;
const VARINT64_BYTES_MAX = 10;

const [VARINT, FIXED64, DELIMITED, FIXED32] = [0, 1, 2, 5];

/**
 * A check of a type's messages before they are decoded; null for a type without lists and without messages in it, whose
 * memory its bytes bound.
 * @param types all types by their names.
 */
export function elementCheck(
  name: string,
  types: ReadonlyMap<string, TypeDescription>,
): ((bytes: Uint8Array) => void) | null {
  const shape = shapeOf(name, types);
  if (!shape.fields.some((field) => field && (field.isRepeated || field.shape !== null))) return null;
  return (bytes) => new Count(bytes, name).message(shape, bytes.length);
}

function shapeOf(name: string, types: ReadonlyMap<string, TypeDescription>): MessageShape {
  const type = types.get(name);
  assert(type !== undefined, `the protos have no message ${name}`);
  const fields: (FieldShape | undefined)[] = [];
  for (const { number, label, type: kindName, typeName } of type.field) {
    const kind = KINDS[kindName];
    assert(kind !== undefined, `${name} has a field of ${kindName}, which nobody counts yet`);
    fields[number] = {
      kind,
      isRepeated: label === 'LABEL_REPEATED',
      shape: kind === 'message' ? shapeOf(typeName, types) : null,
    };
  }
  return { name, fields };
}

/**
 * One message's count. It walks as the decoder does, which goes by a known field's type whatever the bytes say of it, and
 * refuses where the two could part.
 */
class Count {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;
  #elements = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /** @throws {WireError} MESSAGE_TOO_LARGE; MALFORMED: these are no fields one behind the other. */
  message({ fields }: MessageShape, end: number): void {
    while (this.#at < end) {
      const tag = this.#varint32(end);
      const field = fields[tag >>> 3];
      if (field === undefined) this.#skip(unknownKind(tag & 7), end);
      else if (field.shape !== null) {
        this.#add(1);
        this.message(field.shape, this.#endOf(end));
      } else if (field.isRepeated && field.kind !== 'bytes' && (tag & 7) === DELIMITED) {
        this.#packed(field.kind, this.#endOf(end));
      } else {
        if (field.isRepeated) this.#add(1);
        this.#skip(field.kind, end);
      }
    }
  }

  /** Numbers one behind the other. */
  #packed(kind: Kind, end: number): void {
    while (this.#at < end) {
      this.#add(1);
      this.#skip(kind, end);
    }
  }

  #add(elements: number): void {
    this.#elements += elements;
    if (this.#elements > ELEMENTS_MAX) {
      throw new WireError(
        'MESSAGE_TOO_LARGE',
        `${this.#name}: expected at most ${ELEMENTS_MAX} elements of lists and messages in it, received more`,
      );
    }
  }

  #skip(kind: Kind | null, end: number): void {
    switch (kind) {
      case 'varint32':
        return void this.#varint32(end);
      case 'varint64':
        return this.#varint64(end);
      case 'fixed32':
        return this.#forward(4, end);
      case 'fixed64':
        return this.#forward(8, end);
      case 'bytes':
        this.#at = this.#endOf(end);
        return;
      case 'message':
      case null:
        throw this.#malformed();
    }
  }

  /** Where what has its length before it ends. */
  #endOf(end: number): number {
    const inner = this.#varint32(end) + this.#at;
    if (inner > end) throw this.#malformed();
    return inner;
  }

  #forward(bytes: number, end: number): void {
    this.#at += bytes;
    if (this.#at > end) throw this.#malformed();
  }

  #varint32(end: number): number {
    let value = 0;
    for (let place = 0; place < VARINT32_BYTES_MAX && this.#at < end; place++) {
      const byte = this.#bytes[this.#at++];
      value |= (byte & 0x7f) << (7 * place);
      if (byte < 0x80) return value >>> 0;
    }
    throw this.#malformed();
  }

  #varint64(end: number): void {
    const most = Math.min(end, this.#at + VARINT64_BYTES_MAX);
    while (this.#at < most) if (this.#bytes[this.#at++] < 0x80) return;
    throw this.#malformed();
  }

  #malformed(): WireError {
    return new WireError('MALFORMED', `${this.#name}: expected fields, received other bytes at ${this.#at}`);
  }
}

/** Of a field that a later release has. Groups are not in the protocol's language. */
function unknownKind(type: number): Kind | null {
  if (type === VARINT) return 'varint64';
  if (type === FIXED64) return 'fixed64';
  if (type === DELIMITED) return 'bytes';
  return type === FIXED32 ? 'fixed32' : null;
}
