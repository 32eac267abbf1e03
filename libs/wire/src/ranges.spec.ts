import { bytesOf } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { BLOCK_ELEMENTS, createLayout, RANGE_BLOCKS } from '@rocinante/parameters';
import { WireError } from './errors.js';
import { trainingService } from './proto.js';
import {
  decodeRange,
  encodeContributionRange,
  encodeParametersRange,
  rangeElements,
  parametersRoom,
} from './ranges.js';

/** Two ranges: 256 blocks of 1,024 elements, and the rest. */
const layout = createLayout([{ name: 'kernel', shape: [300, 1000] }]);
const [first, second] = layout.ranges;
const floats = Float32Array.from({ length: layout.length }, (_, i) => i / 7);
const ints = Int32Array.from({ length: layout.length }, (_, i) => (i - 1000) * 4099);

function parametersMessage(range = second): {
  range: number;
  values: Buffer;
  checksum: number;
  version: number;
} {
  return trainingService.Parameters.responseDeserialize(encodeParametersRange(9, floats, range));
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('ranges of parameters', () => {
  it('come back in their place, and only there', () => {
    const received = new Float32Array(layout.length);
    const message = parametersMessage();
    decodeRange(message, layout, received);
    expect(message.version).toBe(9);
    expect(received.subarray(second.start)).toEqual(floats.subarray(second.start));
    expect(received.subarray(0, second.start).every((value) => value === 0)).toBe(true);
  });

  it('hold what the vector held when they were encoded', () => {
    const vector = floats.slice();
    const bytes = encodeParametersRange(1, vector, first);
    vector.fill(0);
    const received = new Float32Array(layout.length);
    decodeRange(trainingService.Parameters.responseDeserialize(bytes), layout, received);
    expect(received[5]).toBe(floats[5]);
  });

  it('are refused with a byte flipped, cut short, or of no such range, and nothing is written', () => {
    const received = new Float32Array(layout.length);
    const flipped = parametersMessage();
    flipped.values = Buffer.from(flipped.values);
    flipped.values[3] ^= 1;
    expect(codeOf(() => decodeRange(flipped, layout, received))).toMatch(
      /^CHECKSUM_MISMATCH: range 1: expected CRC-32 [0-9a-f]{8}, received [0-9a-f]{8}$/,
    );
    const whole = parametersMessage();
    const cut = { ...whole, values: whole.values.subarray(4) };
    expect(codeOf(() => decodeRange(cut, layout, received))).toBe(
      `MALFORMED: range 1: expected ${whole.values.length} bytes, received ${whole.values.length - 4}`,
    );
    expect(codeOf(() => decodeRange({ ...whole, range: 2 }, layout, received))).toBe(
      'MALFORMED: range 2: expected 0 to 1',
    );
    expect(received.every((value) => value === 0)).toBe(true);
  });
});

describe('ranges of vectors in shared memory', () => {
  // The second begins between two words of 8 bytes.
  const odd = createLayout([
    { name: 'bias', shape: [RANGE_BLOCKS * BLOCK_ELEMENTS - 1023] },
    { name: 'kernel', shape: [3001] },
  ]);

  function shared<Vector extends Int32Array | Float32Array>(
    Vector: new (memory: SharedArrayBuffer) => Vector,
  ): Vector {
    return new Vector(new SharedArrayBuffer(odd.length * 4));
  }

  it('are encoded as those of other memory, and come back in their place', () => {
    expect(odd.ranges.map(({ start }) => start % 2)).toEqual([0, 1]);
    const vector = shared(Float32Array);
    vector.set(floats.subarray(0, odd.length));
    const [own, received] = [Float32Array.from(vector), shared(Float32Array)];
    for (const range of odd.ranges) {
      const bytes = encodeParametersRange(3, vector, range);
      expect(bytes.equals(encodeParametersRange(3, own, range))).toBe(true);
      decodeRange(trainingService.Parameters.responseDeserialize(bytes), odd, received);
    }
    expect(Buffer.compare(bytesOf(received), bytesOf(vector))).toBe(0);
  });

  it('come back at the beginning of a room, after one that was longer', () => {
    const vector = shared(Int32Array);
    vector.set(ints.subarray(0, odd.length));
    const room = new Int32Array(new SharedArrayBuffer(4 * RANGE_BLOCKS * BLOCK_ELEMENTS));
    for (const [index, range] of odd.ranges.entries()) {
      const bytes = encodeContributionRange('a-session', index, vector, range);
      const values = rangeElements(trainingService.Contribute.requestDeserialize(bytes), odd, room);
      expect(Buffer.compare(bytesOf(values), bytesOf(ints.subarray(range.start, range.end)))).toBe(0);
    }
  });

  it('are encoded in one room after another, as in memory of their own', () => {
    const vector = shared(Float32Array);
    vector.set(floats.subarray(0, odd.length));
    const room = parametersRoom(odd);
    for (const range of [...odd.ranges, odd.ranges[0]]) {
      const bytes = encodeParametersRange(3, vector, range, null, room);
      expect(bytes.buffer).toBe(room.buffer);
      expect(bytes.equals(encodeParametersRange(3, vector, range))).toBe(true);
    }
  });
});

describe('ranges of contributions', () => {
  it('come back as int32 of their own, with who sent them', () => {
    const session = 'a-session'.repeat(100);
    const bytes = encodeContributionRange(session, 12, ints, first);
    const message = trainingService.Contribute.requestDeserialize(bytes);
    expect(message).toMatchObject({ session, assignment: 12, range: 0 });
    const values = rangeElements(message, layout, new Int32Array(RANGE_BLOCKS * BLOCK_ELEMENTS));
    expect(values).toEqual(ints.subarray(first.start, first.end));
  });
});
