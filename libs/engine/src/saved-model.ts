import { assert } from '@rocinante/base';
import { AttributeType, DataType, type Attribute } from './binding.js';
import type { Argument, GraphNode, Recording } from './recording.js';

// A recording as TensorFlow's SavedModel file, the one form in which the binding takes a graph. Protocol buffers by hand: a dozen
// messages, whose field numbers stand below (tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, config.proto,
// rewriter_config.proto; tensorflow/core/framework/graph.proto, function.proto, op_def.proto, node_def.proto, attr_value.proto,
// tensor.proto).

/** The tag by which the file's one graph is asked for. */
export const GRAPH_TAG = 'rocinante';

/** GraphDef's version. TensorFlow reads files of old ones by old rules; 1,000 is of the year 2022. */
const PRODUCER = 1_000;

/** The op that calls the function: its outputs are those of the recording. */
export const CALL = 'call';
const FUNCTION = 'recording';

/**
 * saved_model.pb: the arguments, and a call of a function with the recording's ops.
 *
 * A function, since a call can say that TensorFlow's optimiser is to leave it alone, and a session's graph cannot. That takes 0.2 ms a
 * node at the first run, orders sums by names, and makes of a long sum one in the order in which its parts become ready.
 */
export function savedModelOf(recording: Recording, args: readonly Argument[]): Buffer {
  const graph = [
    ...args.map(({ name, dtype, shape }) =>
      message(1, [
        ...header(name, 'Placeholder', []),
        entry('dtype', varint(6, dtype)),
        entry('shape', message(7, shapeOf(shape))),
      ]),
    ),
    message(1, callOf(recording, args)),
    message(2, [message(1, functionOf(recording, args))]),
    message(4, [varint(1, PRODUCER)]),
  ];
  const meta = [message(1, [text(4, GRAPH_TAG)]), message(2, graph)];
  return Buffer.concat([varint(1, 1), message(2, meta)]);
}

function callOf({ outputs }: Recording, args: readonly Argument[]): Buffer[] {
  const types = (of: readonly { readonly dtype: number }[]): Buffer =>
    message(1, [
      message(
        6,
        of.map(({ dtype }) => digits(dtype)),
      ),
    ]);
  // ConfigProto.graph_options.rewrite_options.disable_meta_optimizer
  const config = message(10, [message(10, [varint(19, 1)])]);
  return [
    ...header(
      CALL,
      'StatefulPartitionedCall',
      args.map(({ name }) => name),
    ),
    entry('Tin', types(args)),
    entry('Tout', types(outputs)),
    entry('f', message(10, [text(1, FUNCTION)])),
    entry('config_proto', bytes(2, config)),
  ];
}

function functionOf({ nodes, outputs }: Recording, args: readonly Argument[]): Buffer[] {
  const signature = [
    text(1, FUNCTION),
    ...args.map(({ name, dtype }) => message(2, [text(1, name), varint(3, dtype)])),
    ...outputs.map(({ dtype }, index) => message(3, [text(1, `r${index}`), varint(3, dtype)])),
  ];
  return [
    message(1, signature),
    // It stays a function, and the optimiser of the graph around it passes it over too.
    ...['_noinline', '_tf_data_function'].map((name) => entry(name, varint(5, 1))),
    ...nodes.map((node) => message(3, nodeOf(node))),
    ...outputs.map(({ reference }, index) => message(4, [text(1, `r${index}`), text(2, reference)])),
  ];
}

const header = (name: string, operation: string, inputs: readonly string[]): Buffer[] => [
  text(1, name),
  text(2, operation),
  ...inputs.map((input) => text(3, input)),
];

function nodeOf({ name, operation, inputs, attributes, value }: GraphNode): Buffer[] {
  return [
    ...header(name, operation, inputs),
    ...attributes.map((attribute) => entry(attribute.name, attributeOf(attribute))),
    ...(value === undefined ? [] : [entry('value', message(8, tensorOf(value)))]),
  ];
}

/** An entry of a map of attributes, of a node or of a function. */
const entry = (name: string, value: Buffer): Buffer => message(5, [text(1, name), message(2, [value])]);

function attributeOf({ name, type, value }: Attribute): Buffer {
  switch (type) {
    case AttributeType.string:
      return text(2, String(value));
    case AttributeType.int:
      return varint(3, Number(value));
    case AttributeType.bool:
      return varint(5, Number(value));
    case AttributeType.type:
      return varint(6, Number(value));
    default:
      throw new Error(`attribute ${name}: a graph's file has no attributes of kind ${type}`);
  }
}

function tensorOf({ shape, values }: NonNullable<GraphNode['value']>): Buffer[] {
  const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return [varint(1, DataType.int32), message(2, shapeOf(shape)), bytes(4, content)];
}

const shapeOf = (shape: readonly number[]): Buffer[] => shape.map((size) => message(2, [varint(1, size)]));

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

const message = (field: number, parts: readonly Buffer[]): Buffer => bytes(field, Buffer.concat(parts));

const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([digits((field << 3) | 2), digits(value.length), value]);

const varint = (field: number, value: number): Buffer => Buffer.concat([digits(field << 3), digits(value)]);

/** A whole number of protocol buffers, in base 128, the lowest digit first. Those here are not negative, or −1 (as 64 bits). */
function digits(value: number): Buffer {
  assert(Number.isSafeInteger(value) && value >= -1, `a graph's file has no place for the number ${value}`);
  if (value === -1) return Buffer.from([...new Array<number>(9).fill(0xff), 1]);
  const made: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) made.push((rest % 128) + 128);
  return Buffer.from([...made, rest]);
}
