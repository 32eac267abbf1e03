/** Parameters on their way to a worker: only what is made, only against credits, and the right version. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import { encodeParametersRange } from '@rocinante/wire';
import { Downlink } from './downlink.js';
import { ParameterFeed } from './parameter-feed.js';
import { READER_STALL_MS } from './stream-room.js';

/** Three ranges: a tensor has a block of its own, and a range 256 blocks. */
const layout = createLayout(Array.from({ length: 600 }, (_, i) => ({ name: `tensor_${i}`, shape: [2] })));
const closed = new Float32Array(layout.length).fill(1);
const next = new Float32Array(layout.length).fill(2);

let feed: ParameterFeed;
let downlink: Downlink;
let sent: Buffer[];
/** What the stream tells when it has taken what was written. */
let taken: (() => void)[];

beforeEach(() => {
  feed = new ParameterFeed(layout, 1);
  feed.publish(closed);
  sent = [];
  taken = [];
  downlink = new Downlink();
  downlink.serve(feed);
  downlink.attach(stream());
});

/** A stream that copies what is written, as grpc-js's does, and has taken it once `taken` is told. */
function stream(): never {
  return {
    write: (bytes: Buffer, then: () => void) => {
      sent.push(Buffer.from(bytes));
      taken.push(then);
    },
    end: () => undefined,
  } as never;
}

/** The stream takes all that it is given. */
function flow(): void {
  for (let next = taken.shift(); next; next = taken.shift()) next();
}

function range(version: number, vector: Float32Array, index: number): Buffer {
  return encodeParametersRange(version, vector, layout.ranges[index]);
}

describe('a downlink', () => {
  it('sends nothing without a credit, and one range for each', () => {
    downlink.need(feed.closedVersion);
    flow();
    expect(sent).toHaveLength(0);
    downlink.addCredits(2);
    flow();
    expect(sent).toEqual([range(1, closed, 0), range(1, closed, 1)]);
    downlink.addCredits(1);
    flow();
    expect(sent).toHaveLength(3);
    downlink.addCredits(1);
    flow();
    expect(sent).toHaveLength(3);
  });

  it('sends a version once, however often it is needed', () => {
    downlink.addCredits(8);
    flow();
    downlink.need(1);
    flow();
    downlink.need(1);
    flow();
    expect(sent).toHaveLength(3);
  });

  it('sends a range with the checksum that it had when it was made', () => {
    downlink.addCredits(8);
    flow();
    downlink.need(1);
    flow();
    feed.made(next, 0, 7);
    downlink.follow(feed.makingVersion!);
    flow();
    expect(sent[3]).toEqual(encodeParametersRange(2, next, layout.ranges[0], 7));
    expect(sent[3]).not.toEqual(range(2, next, 0));
  });

  it('follows the version in the making, range by range', () => {
    downlink.addCredits(8);
    flow();
    downlink.need(1);
    flow();
    feed.made(next, 0, null);
    downlink.follow(feed.makingVersion!);
    flow();
    expect(sent[3]).toEqual(range(2, next, 0));
    feed.made(next, 1, null);
    feed.made(next, 2, null);
    downlink.pump();
    flow();
    expect(sent).toHaveLength(6);
    feed.close();
    downlink.need(feed.closedVersion);
    flow();
    expect(sent).toHaveLength(6);
  });

  it('does not leave a version that is still needed for one in the making', () => {
    downlink.addCredits(1);
    flow();
    downlink.need(1);
    flow();
    feed.made(next, 0, null);
    downlink.follow(feed.makingVersion!);
    flow();
    downlink.addCredits(2);
    flow();
    expect(sent).toEqual([0, 1, 2].map((index) => range(1, closed, index)));
  });

  it('begins anew after a step was issued again: the number of what was abandoned never comes back', () => {
    downlink.addCredits(8);
    flow();
    downlink.need(1);
    flow();
    feed.made(next, 0, null);
    downlink.follow(feed.makingVersion!);
    flow();
    feed.discard();
    feed.made(next, 0, null);
    downlink.follow(feed.makingVersion!);
    flow();
    expect(feed.makingVersion).toBe(3);
    expect(feed.isMade(2, 0)).toBe(false);
  });

  it('says once when the worker has a whole version: when the credit of each of its ranges is back', () => {
    let told = 0;
    downlink.addCredits(2);
    flow();
    downlink.need(1, () => (told += 1));
    flow();
    downlink.addCredits(1);
    flow();
    downlink.addCredits(1);
    flow();
    expect([sent.length, told]).toEqual([3, 0]);
    downlink.addCredits(1);
    flow();
    downlink.pump();
    flow();
    expect(told).toBe(1);
    // It has been sent, and is there: who needs it again is told at once.
    downlink.need(1, () => (told += 1));
    flow();
    expect(told).toBe(2);
  });

  it('keeps its credits from run to run, and nothing else', () => {
    downlink.addCredits(4);
    flow();
    downlink.need(1);
    flow();
    downlink.serve(null);
    flow();
    downlink.pump();
    flow();
    const later = new ParameterFeed(layout, 1000);
    later.publish(next);
    downlink.serve(later);
    flow();
    downlink.need(later.closedVersion);
    flow();
    expect(sent.slice(3)).toEqual([range(1000, next, 0)]);
  });

  it('refuses more credit than a worker may have outstanding', () => {
    expect(() => downlink.addCredits(9)).toThrow('credits: expected at most 8 outstanding, received 9');
  });

  it('tells of a worker that takes nothing of what waits for it', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const onStall = vi.fn();
    const stalling = new Downlink(onStall);
    stalling.attach(stream());
    stalling.serve(feed);
    flow();
    vi.advanceTimersByTime(READER_STALL_MS);
    stalling.need(1);
    flow();
    stalling.addCredits(1);
    flow();
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    stalling.addCredits(2);
    flow();
    // All of it is taken, and the next is not made.
    vi.advanceTimersByTime(READER_STALL_MS);
    expect(sent).toHaveLength(3);
    feed.made(next, 0, null);
    stalling.follow(feed.makingVersion!);
    flow();
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    expect(onStall).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onStall).toHaveBeenCalledOnce();

    stalling.need(1);

    flow();
    stalling.end();
    vi.advanceTimersByTime(READER_STALL_MS);
    expect(onStall).toHaveBeenCalledOnce();
  });
});
