import { oneofOf, type FieldDescriptor, type ProtocolTypes } from './message-types.js';

/** A message as it once travelled, and what it says. Bytes among its fields are `{ bytes: hexadecimal }`, as JSON has none. */
export interface GoldenMessage {
  readonly message: string;
  readonly hex: string;
  readonly fields: unknown;
}

/**
 * A message of each kind with every field, and one for each member of a oneof, with values that follow from the fields'
 * numbers, as this release's code writes them.
 */
export function goldenMessages(types: ProtocolTypes): GoldenMessage[] {
  return [...types.messages.keys()].flatMap((message) =>
    variantsOf(types, message).map((fields) => ({
      message,
      hex: encodeGolden(types, { message, fields }),
      fields,
    })),
  );
}

/** A golden message's fields as today's code writes them, in hexadecimal. */
export function encodeGolden(
  types: ProtocolTypes,
  golden: Pick<GoldenMessage, 'message' | 'fields'>,
): string {
  const encode = types.messages.get(golden.message)!.encode;
  return encode(fromJson(golden.fields) as object).toString('hex');
}

/** A golden message's bytes as today's code reads them, in JSON. */
export function decodeGolden(types: ProtocolTypes, { message, hex }: GoldenMessage): unknown {
  return toJson(types.messages.get(message)!.decode(Buffer.from(hex, 'hex')));
}

/** One sample; where a oneof has several members, one for each. */
function variantsOf(types: ProtocolTypes, message: string): Record<string, unknown>[] {
  const type = types.messages.get(message)!;
  const groups = new Map<string, FieldDescriptor[]>();
  const always: Record<string, unknown> = {};
  for (const field of type.descriptor.field) {
    const oneof = oneofOf(type, field);
    if (oneof === null || oneof.startsWith('_')) always[field.name] = sampleOf(types, field);
    else groups.set(oneof, [...(groups.get(oneof) ?? []), field]);
  }
  const members = [...groups.values()].flat();
  if (members.length === 0) return [always];
  return members.map((field) => ({ ...always, [field.name]: sampleOf(types, field) }));
}

function sampleOf(types: ProtocolTypes, field: FieldDescriptor): unknown {
  if (field.label !== 'LABEL_REPEATED') return valueOf(types, field, 0);
  return [0, 1].map((index) => valueOf(types, field, index));
}

/** Values that need more than one byte, that no field beside has, and that differ from the default. */
function valueOf(
  types: ProtocolTypes,
  { name, number, type, typeName }: FieldDescriptor,
  index: number,
): unknown {
  switch (type) {
    case 'TYPE_STRING':
      return `${name} ñ ${index}`;
    case 'TYPE_BYTES':
      return { bytes: Buffer.of(number, 0, 255, index).toString('hex') };
    case 'TYPE_BOOL':
      return true;
    case 'TYPE_DOUBLE':
      return number + index + 0.1;
    case 'TYPE_SINT32':
      return -1000 * number - index;
    case 'TYPE_UINT32':
      return 1000 * number + index;
    case 'TYPE_FIXED32':
      return 0xffff_ff00 + number + index;
    case 'TYPE_UINT64':
      return Number.MAX_SAFE_INTEGER - number - index;
    case 'TYPE_ENUM':
      return types.enums.get(typeName)!.value.at(-1 - index)!.name;
    case 'TYPE_MESSAGE':
      return variantsOf(types, typeName)[0];
    default:
      throw new Error(`${name}: no sample for a field of ${type}: add one here`);
  }
}

function toJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { bytes: value.toString('hex') };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJson(one)]));
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value && typeof value.bytes === 'string') return Buffer.from(value.bytes, 'hex');
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fromJson(one)]));
}
