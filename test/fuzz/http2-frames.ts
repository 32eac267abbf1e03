/** HTTP/2 as bytes: frames, header blocks without tables or Huffman's code, and what gRPC puts into them (RFC 9113, RFC 7541). */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const [END_STREAM, END_HEADERS] = [1, 4];
/** Of SETTINGS and PING. */
export const ACK = 1;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Bytes of a frame's payload that everybody takes. */
export const PAYLOAD_BYTES_MAX = 16_384;

const HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

export function encodeFrame({ type, flags, stream, payload }: Frame): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The frames behind the preface, as far as they are whole, and what follows them. */
export function decodeFrames(bytes: Uint8Array): { readonly frames: Frame[]; readonly rest: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  let at = PREFACE.length;
  while (at + HEAD_BYTES <= buffer.length) {
    const end = at + HEAD_BYTES + buffer.readUIntBE(at, 3);
    if (end > buffer.length) break;
    frames.push({
      type: buffer[at + 3],
      flags: buffer[at + 4],
      stream: buffer.readUInt32BE(at + 5),
      payload: bytes.subarray(at + HEAD_BYTES, end),
    });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

export type Headers = readonly (readonly [name: string, value: string])[];

/** A header block of literals that enter no table. */
export function encodeHeaders(headers: Headers): Uint8Array {
  return Buffer.concat(headers.flatMap(([name, value]) => [Uint8Array.of(0), text(name), text(value)]));
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
  const length = [127];
  let left = bytes.length - 127;
  for (; left > 127; left >>= 7) length.push((left & 127) | 128);
  return Buffer.concat([Uint8Array.from([...length, left]), bytes]);
}

/** A message of gRPC: not compressed, its length, its bytes. */
export function encodeMessage(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A call: its headers, and its messages in frames of DATA, the last of which ends it. */
export function callFrames(stream: number, headers: Headers, messages: readonly Uint8Array[]): Frame[] {
  const bytes = Buffer.concat(messages.map(encodeMessage));
  const pieces = Math.max(1, Math.ceil(bytes.length / PAYLOAD_BYTES_MAX));
  return [
    { type: FRAME.headers, flags: END_HEADERS, stream, payload: encodeHeaders(headers) },
    ...Array.from({ length: pieces }, (_, piece) => ({
      type: FRAME.data,
      flags: piece === pieces - 1 ? END_STREAM : 0,
      stream,
      payload: bytes.subarray(piece * PAYLOAD_BYTES_MAX, (piece + 1) * PAYLOAD_BYTES_MAX),
    })),
  ];
}

/** A connection from its first byte. */
export function connectionBytes(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat([PREFACE, ...frames.map(encodeFrame)]);
}

/** What is answered, in this order, once all before it was read; and how that answer is told. */
export const LAST_PING = encodeFrame({
  type: FRAME.ping,
  flags: 0,
  stream: 0,
  payload: Buffer.from('last one'),
});

export function answersLastPing(answer: Buffer): boolean {
  return answer.includes('last one');
}
