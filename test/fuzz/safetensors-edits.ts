/** Edits of safetensors files that leave the length of the header true, so that the header is read. */
import { sha256 } from '@rocinante/base';
import { splice, type Edit } from './byte-edits.js';
import { doubleMember, editJson, jsonOf } from './json-edits.js';
import type { Draw } from './draw.js';

const PREFIX_BYTES = 8;

interface Parts {
  readonly header: string;
  readonly data: Uint8Array;
}

/** The header's text and the data section; null where the length is not true. */
function partsOf(bytes: Uint8Array): Parts | null {
  if (bytes.length < PREFIX_BYTES) return null;
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (PREFIX_BYTES + length > bytes.length) return null;
  const header = Buffer.from(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length)).toString('utf8');
  return { header, data: bytes.slice(PREFIX_BYTES + length) };
}

function fileOf({ header, data }: Parts): Uint8Array {
  const text = new TextEncoder().encode(header);
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(text.length), true);
  return splice(splice(data, 0, 0, text), 0, 0, prefix);
}

/** JSON's text after an edit of its value; metadata entries that are JSON are edited inside as often. */
function editedHeader(header: string, draw: Draw): string {
  if (draw.chance(0.05)) return doubleMember(header, draw);
  let value: unknown;
  try {
    value = JSON.parse(header);
  } catch {
    return header;
  }
  const metadata = (value as { __metadata__?: Record<string, unknown> } | null)?.__metadata__;
  if (draw.chance(0.6) && typeof metadata === 'object' && metadata !== null) {
    const name = draw.of(Object.keys(metadata));
    try {
      metadata[name] = jsonOf(editJson(JSON.parse(metadata[name] as string), draw)) ?? '';
    } catch {
      metadata[name] = draw.of([
        '',
        '0',
        '-1',
        '1e3',
        '9007199254740993',
        'null',
        '{}',
        '[]',
        'none',
        '\ud800',
      ]);
    }
    return jsonOf(value) ?? header;
  }
  return jsonOf(editJson(value, draw)) ?? header;
}

/** Edits the header as JSON. */
export const editHeader: Edit = (bytes, draw) => {
  const parts = partsOf(bytes);
  return parts === null ? bytes : fileOf({ ...parts, header: editedHeader(parts.header, draw) });
};

/** Edits the data section: its length, or a number that becomes another, or none. */
export const editData: Edit = (bytes, draw) => {
  const parts = partsOf(bytes);
  if (parts === null) return bytes;
  const data = draw.chance(0.3) ? parts.data.slice(0, draw.below(parts.data.length)) : parts.data;
  if (data.length >= 4) {
    const place = 4 * draw.below(Math.floor(data.length / 4));
    new DataView(data.buffer, data.byteOffset).setUint32(
      place,
      draw.of([0x7f800000, 0x7fc00000, 0, 1]),
      true,
    );
  }
  return fileOf({ ...parts, data });
};

const HASH_ENTRY = '{"__metadata__":{"contents_sha256":"';
const HASH_DIGITS = 64;

/** Gives a checkpoint the hash of what it has become, as whoever damages one on purpose would. */
export function withContentsHash(bytes: Uint8Array): Uint8Array {
  const begin = PREFIX_BYTES + HASH_ENTRY.length;
  const start = Buffer.from(bytes.subarray(PREFIX_BYTES, begin)).toString('latin1');
  if (start !== HASH_ENTRY || bytes.length < begin + HASH_DIGITS) return bytes;
  const hashed = bytes.slice();
  hashed.fill(0x30, begin, begin + HASH_DIGITS);
  hashed.set(new TextEncoder().encode(sha256(hashed)), begin);
  return hashed;
}
