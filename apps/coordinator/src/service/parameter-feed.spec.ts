import { bytesOf, crc32 } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import { rangeElements, trainingService, type ParametersRangeMessage } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { ParameterFeed } from './parameter-feed.js';

/** Two ranges. */
const layout = createLayout([{ name: 'kernel', shape: [300, 1024] }]);
const [first, second] = layout.ranges;
/** Between two neighbours of bfloat16, nearer to the lower one. */
const closed = new Float32Array(layout.length).fill(1.002);
const next = new Float32Array(layout.length).fill(-2.009);

/** A range's message, read. */
function sent(feed: ParameterFeed, version: number, range: number): ParametersRangeMessage {
  return trainingService.Parameters.responseDeserialize(Buffer.from(feed.encoded(version, range)));
}

function bfloat16Of(message: ParametersRangeMessage): Uint16Array {
  return rangeElements(message, layout, new Uint16Array(layout.longestRange));
}

describe('parameters that travel as bfloat16', () => {
  it('are rounded, and have the checksum of what travels', () => {
    const feed = new ParameterFeed(layout, 1, 'bfloat16');
    feed.publish(closed);
    const message = sent(feed, 1, 1);
    expect(message.values.byteLength).toBe(2 * (second.end - second.start));
    expect(bfloat16Of(message).every((bits) => bits === 0x3f80)).toBe(true);
  });

  it('are those of the version that is asked for, while the next is made, given up and made anew', () => {
    const feed = new ParameterFeed(layout, 1, 'bfloat16');
    feed.publish(closed);
    const float32Checksum = crc32(bytesOf(next.subarray(first.start, first.end)));
    feed.made(next, 0, float32Checksum);
    const given = feed.makingVersion!;
    expect(bfloat16Of(sent(feed, given, 0))[0]).toBe(0xc001);
    feed.discard();
    const anew = next.slice().fill(4);
    for (const { index } of layout.ranges) feed.made(anew, index, float32Checksum);
    const making = feed.makingVersion!;
    expect(making).not.toBe(given);
    expect(bfloat16Of(sent(feed, making, 0))[0]).toBe(0x4080);
    expect(bfloat16Of(sent(feed, 1, 0))[0]).toBe(0x3f80);
    feed.close();
    for (const { index } of layout.ranges) feed.made(closed, index, null);
    expect(bfloat16Of(sent(feed, feed.makingVersion!, 1))[0]).toBe(0x3f80);
    expect(bfloat16Of(sent(feed, feed.closedVersion, 1))[0]).toBe(0x4080);
  });
});

it('parameters that travel as float32 have the checksum that they had when they were made', () => {
  const feed = new ParameterFeed(layout, 1, 'float32');
  feed.publish(closed);
  feed.made(next, 0, 7);
  expect(sent(feed, feed.makingVersion!, 0).checksum).toBe(7);
});
