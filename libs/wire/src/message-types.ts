import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { protocolDefinition } from './proto.js';

/** A field as the protos declare it, its name as it is in JavaScript. */
export interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label: 'LABEL_OPTIONAL' | 'LABEL_REPEATED' | 'LABEL_REQUIRED';
  /** Such as `TYPE_UINT32`. */
  readonly type: string;
  /** The message or enum, of a field of `TYPE_MESSAGE` or `TYPE_ENUM`; else empty. */
  readonly typeName: string;
}

export interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly oneofDecl: readonly { readonly name: string }[];
  /** Numbers that no field may have any more; `end` is one of them, other than protoc has it. */
  readonly reservedRange: readonly { readonly start: number; readonly end: number }[];
}

export interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

/** A message of the protos: what it is declared as, and how it is written and read. */
export interface MessageType {
  readonly descriptor: MessageDescriptor;
  readonly encode: (fields: object) => Buffer;
  /** With all fields: those that are absent have their default. */
  readonly decode: (bytes: Buffer) => Record<string, unknown>;
}

export interface MethodType {
  readonly service: string;
  readonly name: string;
  /** Such as `stream WorkerMessage`. */
  readonly request: string;
  readonly response: string;
}

/** Everything that the protos declare, in their order, by names without the package. */
export interface ProtocolTypes {
  readonly messages: ReadonlyMap<string, MessageType>;
  readonly enums: ReadonlyMap<string, EnumDescriptor>;
  readonly methods: readonly MethodType[];
}

/** What the two protos declare. */
export function protocolTypes(): ProtocolTypes {
  const messages = new Map<string, MessageType>();
  const enums = new Map<string, EnumDescriptor>();
  const methods: MethodType[] = [];
  for (const [path, declared] of Object.entries(protocolDefinition)) {
    const name = path.split('.').at(-1)!;
    if (!('format' in declared)) {
      for (const [method, { requestStream, responseStream, requestType, responseType }] of Object.entries(
        declared,
      )) {
        const word = (streams: boolean, { type }: { readonly type: object }): string =>
          `${streams ? 'stream ' : ''}${(type as MessageDescriptor).name}`;
        const [request, response] = [word(requestStream, requestType), word(responseStream, responseType)];
        methods.push({ service: name, name: method, request, response });
      }
    } else if ('serialize' in declared) {
      const { type, serialize, deserialize } = declared as MessageTypeDefinition<object, object>;
      messages.set(name, {
        descriptor: type as MessageDescriptor,
        encode: serialize,
        decode: (bytes) => deserialize(bytes) as Record<string, unknown>,
      });
    } else {
      enums.set(name, declared.type as EnumDescriptor);
    }
  }
  return { messages, enums, methods };
}

/** The oneof that a field is of, such as `message`, or `_loss` of an `optional loss`; null for none. */
export function oneofOf({ descriptor, encode, decode }: MessageType, field: FieldDescriptor): string | null {
  // The descriptor says 0 for the first and for none; a message that has the field alone says which.
  if (descriptor.oneofDecl.length === 0 || field.label === 'LABEL_REPEATED') return null;
  const zero: Readonly<Record<string, unknown>> = {
    TYPE_STRING: '',
    TYPE_BYTES: Buffer.alloc(0),
    TYPE_BOOL: false,
    TYPE_MESSAGE: {},
  };
  const decoded = decode(encode({ [field.name]: zero[field.type] ?? 0 }));
  return descriptor.oneofDecl.find(({ name }) => decoded[name] === field.name)?.name ?? null;
}
