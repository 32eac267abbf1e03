import { describe, expect, it } from 'vitest';
import { bytesOf, crc32 } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import type { ParametersRangeMessage } from '@rocinante/wire';
import { ParametersReceiver } from './parameters-receiver.js';

/** Two ranges. */
const layout = createLayout([{ name: 'kernel', shape: [300, 1024] }]);

function message(version: number, range: number, value: number): ParametersRangeMessage {
  const { start, end } = layout.ranges[range];
  const values = Buffer.from(bytesOf(new Float32Array(end - start).fill(value)));
  return { version, range, values, checksum: crc32(values) };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve(false)]);
}

describe('a receiver of parameters', () => {
  it('gives a version once all its ranges are there', async () => {
    const receiver = new ParametersReceiver(layout, 'float32');
    const wanted = receiver.whole(1);
    receiver.receive(message(1, 0, 5));
    expect(await isSettled(wanted)).toBe(false);
    receiver.receive(message(1, 1, 5));
    expect((await wanted)!.vector.every((value) => value === 5)).toBe(true);
  });

  it('keeps the whole version as it is while the next one arrives', async () => {
    const receiver = new ParametersReceiver(layout, 'float32');
    for (const range of [0, 1]) receiver.receive(message(1, range, 5));
    const { vector } = (await receiver.whole(1))!;
    receiver.receive(message(2, 0, 6));
    expect(vector.every((value) => value === 5)).toBe(true);
  });

  it('lets go of a version that another one ends', async () => {
    const receiver = new ParametersReceiver(layout, 'float32');
    const ended = receiver.whole(2);
    const later = receiver.whole(4);
    receiver.receive(message(2, 0, 6));
    for (const range of [0, 1]) receiver.receive(message(3, range, 7));
    expect(await ended).toBeNull();
    expect(await isSettled(later)).toBe(false);
    expect((await receiver.whole(3))!.vector.every((value) => value === 7)).toBe(true);
    expect(await receiver.whole(2)).toBeNull();
  });

  it('reads what travels as bfloat16, and refuses float32 then', async () => {
    const receiver = new ParametersReceiver(layout, 'bfloat16');
    for (const { index, start, end } of layout.ranges) {
      // −1.5 and 1.0078125 by turns.
      const values = Buffer.from(
        bytesOf(Uint16Array.from({ length: end - start }, (_, i) => (i % 2 ? 0x3f81 : 0xbfc0))),
      );
      receiver.receive({ version: 1, range: index, values, checksum: crc32(values) });
    }
    const { vector } = (await receiver.whole(1))!;
    expect(vector.every((value, i) => value === (i % 2 ? 1.0078125 : -1.5))).toBe(true);
    expect(() => receiver.receive(message(2, 0, 5))).toThrow('expected 524288 bytes, received 1048576');
  });

  it('refuses a range out of order', () => {
    const receiver = new ParametersReceiver(layout, 'float32');
    expect(() => receiver.receive(message(1, 1, 5))).toThrow('parameters 1: expected range 0, received 1');
  });
});
