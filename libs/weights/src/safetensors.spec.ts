/** Goal: what we write reads back, and no hostile header gets through. Method: a header of each kind that can lie. */
import { describe, expect, it } from 'vitest';
import { SafetensorsError, type SafetensorsErrorCode } from './errors.js';
import { encodeHeader, float32View, HEADER_BYTES_MAX, parseSafetensors } from './safetensors.js';

/** A file of any header text and data. */
function file(header: string | Uint8Array, data = new Uint8Array(0), length?: number | bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function expectRefused(bytes: Uint8Array, code: SafetensorsErrorCode, message: RegExp): void {
  let error: unknown;
  try {
    parseSafetensors(bytes);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SafetensorsError);
  expect(error).toMatchObject({ code, exitCode: 2 });
  expect((error as Error).message).toMatch(message);
}

const entry = (shape: number[], begin: number, end: number, dtype = 'F32'): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('encodeHeader', () => {
  it('writes what parseSafetensors reads: names, shapes, order, metadata, data', () => {
    const header = encodeHeader(
      [
        { name: 'b', dtype: 'F32', shape: [2, 1] },
        { name: '7', dtype: 'I32', shape: [] },
        { name: 'ä "quoted"', dtype: 'F64', shape: [1] },
      ],
      { vocabulary: '["a","\\""]', version: '1' },
    );
    expect(header.length % 8).toBe(0);
    const bytes = new Uint8Array([...header, ...new Uint8Array(20).keys()]);
    const parsed = parseSafetensors(bytes);
    expect(parsed.tensors).toEqual([
      { name: 'b', dtype: 'F32', shape: [2, 1], begin: 0, end: 8 },
      { name: '7', dtype: 'I32', shape: [], begin: 8, end: 12 },
      { name: 'ä "quoted"', dtype: 'F64', shape: [1], begin: 12, end: 20 },
    ]);
    expect({ ...parsed.metadata }).toEqual({ vocabulary: '["a","\\""]', version: '1' });
    expect([parsed.dataStart, parsed.fileBytes]).toEqual([header.length, bytes.length]);
    expect([...parsed.data]).toEqual([...new Uint8Array(20).keys()]);
  });

  it('writes these bytes', () => {
    const header = encodeHeader([{ name: 'x', dtype: 'F32', shape: [2] }], { format: 'test' });
    expect(new TextDecoder().decode(header.subarray(8))).toBe(
      '{"__metadata__":{"format":"test"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}         '.slice(
        0,
        88,
      ),
    );
    expect([...header.subarray(0, 8)]).toEqual([88, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('refuses to write a header that no reader would take', () => {
    expect(() => encodeHeader([], { long: 'x'.repeat(HEADER_BYTES_MAX) })).toThrow(SafetensorsError);
  });
});

describe('parseSafetensors', () => {
  it('reads tensors of other programs: any order of entries, no metadata, no padding, empty tensors', () => {
    const header = `{"b":${entry([1], 4, 8)},"empty":${entry([0, 5], 4, 4)},"a":${entry([1], 0, 4)}}`;
    const parsed = parseSafetensors(file(header, new Uint8Array(8)));
    expect(parsed.tensors.map(({ name }) => name)).toEqual(['a', 'empty', 'b']);
    expect({ ...parsed.metadata }).toEqual({});
  });

  it('refuses a cut file, wherever it is cut', () => {
    const whole = file(`{"a":${entry([2], 0, 8)}}`, new Uint8Array(8));
    for (let length = 0; length < whole.length; length++) {
      expectRefused(whole.subarray(0, length), 'SAFETENSORS_CUT', /expected .*received/);
    }
    expect(parseSafetensors(whole).tensors).toHaveLength(1);
  });

  it.each<[string, Uint8Array, SafetensorsErrorCode, RegExp]>([
    [
      'a length beyond the limit',
      file('{}', undefined, HEADER_BYTES_MAX + 1),
      'SAFETENSORS_HEADER',
      /at most 33554432/,
    ],
    [
      'the largest length',
      file('{}', undefined, 2n ** 64n - 1n),
      'SAFETENSORS_HEADER',
      /no safetensors file/,
    ],
    ['text that is no JSON', file('{"a":'), 'SAFETENSORS_HEADER', /expected JSON/],
    [
      'bytes that are no UTF-8',
      file(new Uint8Array([0x7b, 0xff, 0x7d])),
      'SAFETENSORS_HEADER',
      /expected UTF-8/,
    ],
    ['an empty header', file(''), 'SAFETENSORS_HEADER', /expected JSON/],
    ['an array', file('[]'), 'SAFETENSORS_HEADER', /one JSON object/],
    ['null', file('null'), 'SAFETENSORS_HEADER', /one JSON object/],
    ['a header that begins with a space', file(' {}'), 'SAFETENSORS_HEADER', /begins at once/],
    ['endless nesting', file('{"a":' + '['.repeat(1e6)), 'SAFETENSORS_HEADER', /at most 3 levels/],
    ['metadata that is no object', file('{"__metadata__":"x"}'), 'SAFETENSORS_HEADER', /object of strings/],
    ['metadata of a number', file('{"__metadata__":{"step":1}}'), 'SAFETENSORS_HEADER', /object of strings/],
    ['a tensor that is no object', file('{"a":5}'), 'SAFETENSORS_TENSOR', /"a": expected an object/],
    ['an unknown dtype', file(`{"a":${entry([0], 0, 0, 'F31')}}`), 'SAFETENSORS_TENSOR', /received "F31"/],
    [
      'a dtype of Object itself',
      file(`{"a":${entry([0], 0, 0, 'toString')}}`),
      'SAFETENSORS_TENSOR',
      /toString/,
    ],
    ['no dtype', file('{"a":{"shape":[],"data_offsets":[0,4]}}'), 'SAFETENSORS_TENSOR', /received nothing/],
    [
      'a shape that is no array',
      file('{"a":{"dtype":"F32","shape":4,"data_offsets":[0,4]}}'),
      'SAFETENSORS_TENSOR',
      /shape/,
    ],
    [
      'a negative dimension',
      file(`{"a":${entry([-1, -1], 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_TENSOR',
      /shape/,
    ],
    ['a fraction', file(`{"a":${entry([0.5], 0, 2)}}`, new Uint8Array(2)), 'SAFETENSORS_TENSOR', /shape/],
    [
      'a product beyond any file',
      file(`{"a":${entry([2 ** 30, 2 ** 30], 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_TENSOR',
      /expected more bytes than a file has for F32 \[1073741824,1073741824\], received 4$/,
    ],
    [
      'dimensions without end',
      file(`{"a":${entry(Array<number>(5_000).fill(12), 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_TENSOR',
      /"a": expected at most 64 dimensions, received 5000$/,
    ],
    [
      'as many dimensions as there may be, of other bytes',
      file(`{"a":${entry(Array<number>(64).fill(123), 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_TENSOR',
      /"a": expected more bytes than a file has for F32 \[123,123,[\d,]{60,70}\.\.\., received 4$/,
    ],
    [
      'a shape of fewer bytes',
      file(`{"a":${entry([1], 0, 8)}}`, new Uint8Array(8)),
      'SAFETENSORS_TENSOR',
      /expected 4 bytes.*received 8/,
    ],
    [
      'offsets in reverse',
      file(`{"a":${entry([1], 4, 0)}}`, new Uint8Array(4)),
      'SAFETENSORS_OFFSETS',
      /data_offsets/,
    ],
    [
      'three offsets',
      file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}'),
      'SAFETENSORS_OFFSETS',
      /data_offsets/,
    ],
    [
      'a negative offset',
      file(`{"a":${entry([1], -4, 0)}}`, new Uint8Array(4)),
      'SAFETENSORS_OFFSETS',
      /data_offsets/,
    ],
    [
      'tensors that overlap',
      file(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, new Uint8Array(8)),
      'SAFETENSORS_OFFSETS',
      /"b": expected to begin at byte 8, received 4: tensors overlap/,
    ],
    [
      'a gap at the start',
      file(`{"a":${entry([1], 4, 8)}}`, new Uint8Array(8)),
      'SAFETENSORS_OFFSETS',
      /leave a gap/,
    ],
    [
      'a gap',
      file(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, new Uint8Array(12)),
      'SAFETENSORS_OFFSETS',
      /"b": .*leave a gap/,
    ],
    [
      'bytes behind the last tensor',
      file(`{"a":${entry([1], 0, 4)}}`, new Uint8Array(5)),
      'SAFETENSORS_OFFSETS',
      /belong to no tensor/,
    ],
    [
      'a tensor beyond the file',
      file(`{"a":${entry([2], 0, 8)}}`, new Uint8Array(7)),
      'SAFETENSORS_CUT',
      /expected 8 bytes, received 7/,
    ],
    [
      'a tensor that stands twice',
      file(`{"a":${entry([1], 0, 4)},"a":${entry([1], 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_HEADER',
      /"a" stands twice/,
    ],
    [
      'one name in two spellings',
      file(`{"a":${entry([1], 0, 4)},"\\u0061":${entry([1], 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_HEADER',
      /stands twice/,
    ],
    [
      'a shape that stands twice',
      file('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4)),
      'SAFETENSORS_HEADER',
      /"shape" stands twice/,
    ],
    [
      'one name twice, each far from its colon',
      file(
        `{"a"${' '.repeat(40)}:${entry([1], 0, 4)},"a"${'\n'.repeat(40)}:${entry([1], 0, 4)}}`,
        new Uint8Array(4),
      ),
      'SAFETENSORS_HEADER',
      /"a" stands twice/,
    ],
    [
      'an infinite product',
      file(`{"a":${entry(Array(60).fill(2 ** 40) as number[], 0, 4)}}`, new Uint8Array(4)),
      'SAFETENSORS_TENSOR',
      /expected more bytes than a file has/,
    ],
    [
      'an infinite product times nothing',
      file(`{"a":${entry([...(Array(60).fill(2 ** 40) as number[]), 0], 0, 0)}}`),
      'SAFETENSORS_TENSOR',
      /expected more bytes than a file has/,
    ],
    [
      'an offset beyond whole numbers',
      file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e300]}}', new Uint8Array(4)),
      'SAFETENSORS_OFFSETS',
      /received \[0,1e\+300\]/,
    ],
    [
      'NaN',
      file('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}'),
      'SAFETENSORS_HEADER',
      /expected JSON/,
    ],
    [
      'metadata that stands twice',
      file('{"__metadata__":{"a":"1" , "a" :"2"}}'),
      'SAFETENSORS_HEADER',
      /"a" stands twice/,
    ],
  ])('refuses %s', (_name, bytes, code, message) => {
    expectRefused(bytes, code, message);
  });

  it('takes no key for more than a name', () => {
    const header = `{"__metadata__":{"__proto__":"x","a":"\\"a\\":"},"__proto__":${entry([1], 0, 4)}}`;
    const parsed = parseSafetensors(file(header, new Uint8Array(4)));
    expect(parsed.tensors.map(({ name }) => name)).toEqual(['__proto__']);
    expect(Object.entries(parsed.metadata)).toEqual([
      ['__proto__', 'x'],
      ['a', '"a":'],
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('survives any single byte changed: it reads it, or refuses it as one of its own errors', () => {
    const whole = file(`{"__metadata__":{"k":"v"},"a":${entry([2], 0, 8)}}`, new Uint8Array(8));
    for (let index = 0; index < whole.length; index++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const bytes = whole.slice();
        bytes[index] ^= flip;
        try {
          expect(parseSafetensors(bytes).data.length).toBeLessThanOrEqual(whole.length);
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError);
        }
      }
    }
  });
});

describe('float32View', () => {
  it('is a view of aligned memory and a copy of other, with the same values', () => {
    const header = encodeHeader([{ name: 'a', dtype: 'F32', shape: [2] }]);
    const whole = new Uint8Array([...header, ...new Uint8Array(Float32Array.of(1.5, -2).buffer)]);
    const aligned = parseSafetensors(whole);
    const shifted = parseSafetensors(new Uint8Array([0, ...whole]).subarray(1));
    expect([...float32View(aligned, 0, 8)]).toEqual([1.5, -2]);
    expect(float32View(aligned, 4, 8).buffer).toBe(whole.buffer);
    expect([...float32View(shifted, 0, 8)]).toEqual([1.5, -2]);
    expect([...float32View(shifted, 4, 8)]).toEqual([-2]);
  });
});
