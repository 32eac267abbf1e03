/** Edits of a connection's bytes that know frames, headers and gRPC's messages. */
import { splice, type Edit } from './byte-edits.js';
import type { Draw } from './draw.js';
import {
  ACK,
  connectionBytes,
  decodeFrames,
  encodeHeaders,
  encodeMessage,
  END_HEADERS,
  END_STREAM,
  FRAME,
  PAYLOAD_BYTES_MAX,
  type Frame,
} from './http2-frames.js';
import { editFields } from './wire-edits.js';

const FLAGS = [0, END_STREAM, END_HEADERS, END_STREAM | END_HEADERS, 8, 32, 0xff];

/** Headers as no client of gRPC sends them. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['te', 'gzip'],
  ['content-type', 'text/plain'],
  ['content-type', 'application/grpc+json'],
  ['grpc-timeout', '1n'],
  ['grpc-timeout', '99999999H'],
  ['grpc-timeout', '-1S'],
  ['grpc-encoding', 'gzip'],
  ['grpc-encoding', 'nothing'],
  ['grpc-accept-encoding', ',,,'],
  ['authorization', ''],
  ['authorization', `Bearer ${'x'.repeat(5_000)}`],
  ['authorization', 'Bearer \u00ff\u009b'],
  ['a-bin', '***'],
  ['a-bin', 'AAAA'],
  ['connection', 'close'],
  ['host', 'a'],
  [':path', '/'],
  [':path', ''],
  [':path', '/grpc.health.v1.Health/Check'],
  [':path', '/rocinante.training.v1.Training/Nothing'],
  [':path', `/${'a/'.repeat(4_000)}`],
  [':path', '/%ff\u009b2J'],
  [':method', 'GET'],
  [':method', 'CONNECT'],
  [':status', '200'],
  [':protocol', 'websocket'],
  ['Upper', 'case'],
  ['a b', 'c'],
  ['', ''],
  ['user-agent', '\u0000\r\n'],
  ['content-length', '-1'],
  ['grpc-previous-rpc-attempts', '4294967296'],
  ['__proto__', 'a'],
];

/** A frame as it may stand between others. */
function strangeFrame(draw: Draw): Frame {
  const stream = draw.of([0, 1, 1, 3, 2, 0x7fffffff, 0x80000001]);
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const number = word(draw.of([0, 1, 8, 0x7fffffff, 0xffffffff]));
  switch (draw.below(9)) {
    case 0:
      return { type: FRAME.ping, flags: draw.of([0, ACK]), stream: 0, payload: draw.bytes(8) };
    case 1: {
      const setting = Buffer.concat([Uint8Array.of(0, 1 + draw.below(8)), number]);
      return {
        type: FRAME.settings,
        flags: draw.of([0, 0, ACK]),
        stream: 0,
        payload: draw.of([setting, setting, new Uint8Array()]),
      };
    }
    case 2:
      return { type: FRAME.reset, flags: 0, stream, payload: number };
    case 3:
      return { type: FRAME.windowUpdate, flags: 0, stream, payload: number };
    case 4:
      return { type: FRAME.goAway, flags: 0, stream: 0, payload: Buffer.concat([word(stream), number]) };
    case 5:
      return { type: FRAME.priority, flags: 0, stream, payload: Buffer.concat([number, Uint8Array.of(1)]) };
    case 6:
      return {
        type: FRAME.continuation,
        flags: draw.of(FLAGS),
        stream,
        payload: encodeHeaders([draw.of(HEADERS)]),
      };
    case 7:
      return { type: FRAME.data, flags: draw.of(FLAGS), stream, payload: draw.bytes(draw.below(40)) };
    default:
      return {
        type: draw.below(256),
        flags: draw.below(256),
        stream,
        payload: draw.bytes(draw.length(PAYLOAD_BYTES_MAX)),
      };
  }
}

/** A message edited within its frame, whose lengths stay true; where it has none, a frame that is all of one. */
function withMessage(frame: Frame, draw: Draw): Frame {
  const message = editFields(frame.payload.subarray(5), draw);
  const payload = encodeMessage(message.subarray(0, PAYLOAD_BYTES_MAX - 5));
  // Compressed, which it is not; or with another length.
  if (draw.chance(0.1)) payload[0] = draw.of([1, 2, 255]);
  if (draw.chance(0.1)) payload[draw.of([1, 4])] ^= 1 << draw.below(8);
  return { ...frame, payload };
}

function withHeader(frame: Frame, draw: Draw): Frame {
  const header = encodeHeaders([draw.of(HEADERS)]);
  const block = Buffer.from(frame.payload);
  // A block of literals: each begins with a zero that no name has.
  const at = draw.chance(0.5) ? block.length : Math.max(0, block.indexOf(0, draw.below(block.length)));
  return { ...frame, payload: splice(frame.payload, at, 0, header) };
}

/** Edits a frame, or the order of frames. */
export const editConnection: Edit = (bytes, draw) => {
  const { frames, rest } = decodeFrames(bytes);
  if (frames.length === 0) return bytes;
  const at = draw.below(frames.length);
  const frame = frames[at];
  switch (draw.below(9)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1: {
      // Often enough, a flood.
      const times = draw.chance(0.1) ? 2 ** draw.below(12) : 1;
      frames.splice(at, 0, ...Array<Frame>(times).fill(draw.chance(0.5) ? frame : strangeFrame(draw)));
      break;
    }
    case 2:
      frames[at] = { ...frame, flags: draw.of(FLAGS) };
      break;
    case 3:
      frames[at] = { ...frame, stream: draw.of([0, 1, 2, 3, 5, frame.stream + 2, 0x7fffffff]) };
      break;
    case 4:
      frames.splice(draw.below(frames.length + 1), 0, strangeFrame(draw));
      break;
    case 5: {
      // In two pieces, the second of which may be of another kind.
      const cut = draw.below(frame.payload.length + 1);
      const type = frame.type === FRAME.headers ? FRAME.continuation : frame.type;
      const first = { ...frame, flags: 0, payload: frame.payload.subarray(0, cut) };
      frames.splice(at, 1, first, { ...frame, type, payload: frame.payload.subarray(cut) });
      break;
    }
    default: {
      const places = [...frames.keys()];
      const data = places.filter((place) => frames[place].type === FRAME.data);
      const headers = places.filter((place) => frames[place].type === FRAME.headers);
      if (data.length > 0 && draw.chance(0.6)) {
        const place = draw.of(data);
        frames[place] = withMessage(frames[place], draw);
      } else if (headers.length > 0) {
        const place = draw.of(headers);
        frames[place] = withHeader(frames[place], draw);
      }
    }
  }
  return Buffer.concat([connectionBytes(frames), rest]);
};
