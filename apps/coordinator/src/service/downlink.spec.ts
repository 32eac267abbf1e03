/** Parameters on their way to a worker: only what is made, only against credits, one range at a time, and the right version. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import { encodeParametersRange } from '@rocinante/wire';
import { Downlink } from './downlink.js';
import { LinkPace } from './link-pace.js';
import { ParameterFeed } from './parameter-feed.js';
import { READER_STALL_MS } from './stream-room.js';

/** Three ranges: a tensor has a block of its own, and a range 256 blocks. */
const layout = createLayout(Array.from({ length: 600 }, (_, i) => ({ name: `tensor_${i}`, shape: [2] })));
const closed = Float32Array.from({ length: layout.length }, (_, i) => i);
const next = Float32Array.from({ length: layout.length }, (_, i) => -i);

/** A worker's stream: copies what is written at once, as grpc-js's does, and takes it when it is told to. */
class SlowStream {
  readonly sent: Buffer[] = [];
  readonly end = vi.fn();
  readonly #out: ((error?: Error) => void)[] = [];

  write(bytes: Buffer, taken: (error?: Error) => void): void {
    this.sent.push(Buffer.from(bytes));
    this.#out.push(taken);
  }

  /** Takes what is out, and what is written upon that; without `all` what is out alone. */
  take({ all = true, error }: { all?: boolean; error?: Error } = {}): void {
    for (let taken = this.#out.shift(); taken; taken = all ? this.#out.shift() : undefined) taken(error);
  }
}

/** A link that takes whatever is under way at once. */
class QuickLink extends LinkPace {
  override hasRoom(): boolean {
    return true;
  }
}

let feed: ParameterFeed;
let downlink: Downlink;
let stream: SlowStream;

beforeEach(() => {
  feed = new ParameterFeed(layout, 1, 'float32');
  feed.publish(closed);
  stream = new SlowStream();
  downlink = new Downlink(undefined, new QuickLink());
  downlink.serve(feed);
  downlink.attach(stream as never);
});

function range(version: number, vector: Float32Array, index: number): Buffer {
  return encodeParametersRange(version, vector, layout.ranges[index]);
}

/** Ranges of the vector that is made next. */
function make(...ranges: readonly number[]): void {
  for (const index of ranges) feed.made(next, index, null);
  downlink.follow(feed.makingVersion!);
  stream.take();
}

function credit(ranges: number): void {
  downlink.addCredits(ranges);
  stream.take();
}

function need(version: number, received?: () => void): void {
  downlink.need(version, received);
  stream.take();
}

describe('a downlink', () => {
  it('sends nothing without a credit, and one range for each', () => {
    need(feed.closedVersion);
    expect(stream.sent).toHaveLength(0);
    credit(2);
    expect(stream.sent).toEqual([range(1, closed, 0), range(1, closed, 1)]);
    credit(1);
    expect(stream.sent).toHaveLength(3);
    credit(1);
    expect(stream.sent).toHaveLength(3);
  });

  it('sends a range once the one before has left', () => {
    downlink.addCredits(8);
    downlink.need(1);
    downlink.pump();
    expect(stream.sent).toEqual([range(1, closed, 0)]);
    stream.take({ all: false });
    expect(stream.sent).toEqual([range(1, closed, 0), range(1, closed, 1)]);
    stream.take({ all: false, error: new Error('the stream is gone') });
    expect(stream.sent).toHaveLength(2);
  });

  it('has one stream, also once that is gone', () => {
    const twice = /asked for its parameters twice in a session/;
    const other = new SlowStream();
    expect(() => downlink.attach(other as never)).toThrow(twice);
    downlink.detach();
    expect(() => downlink.attach(other as never)).toThrow(twice);
    credit(8);
    need(1);
    expect([stream.sent.length, other.sent.length]).toEqual([0, 0]);
  });

  it('sends the right ranges of two versions to workers that are apart', () => {
    const behind = new SlowStream();
    const other = new Downlink(undefined, new QuickLink());
    other.serve(feed);
    other.attach(behind as never);
    other.addCredits(8);
    credit(8);
    other.need(1);
    need(1);
    make(0, 1);
    behind.take({ all: false });
    make(2);
    behind.take();
    expect(stream.sent).toEqual(
      [1, 2].flatMap((v) => [0, 1, 2].map((r) => range(v, v === 1 ? closed : next, r))),
    );
    expect(behind.sent).toEqual([0, 1, 2].map((index) => range(1, closed, index)));
  });

  it('sends a version once, however often it is needed', () => {
    credit(8);
    need(1);
    need(1);
    expect(stream.sent).toHaveLength(3);
  });

  it('sends a range with the checksum that it had when it was made', () => {
    credit(8);
    need(1);
    feed.made(next, 0, 7);
    downlink.follow(feed.makingVersion!);
    expect(stream.sent[3]).toEqual(encodeParametersRange(2, next, layout.ranges[0], 7));
    expect(stream.sent[3]).not.toEqual(range(2, next, 0));
  });

  it('follows the version in the making, range by range', () => {
    credit(8);
    need(1);
    make(0);
    expect(stream.sent[3]).toEqual(range(2, next, 0));
    make(1, 2);
    expect(stream.sent).toHaveLength(6);
    feed.close();
    need(feed.closedVersion);
    expect(stream.sent).toHaveLength(6);
  });

  it('does not send again what the worker has, while the version in the making comes', () => {
    const received = vi.fn();
    credit(8);
    need(1);
    make(0);
    need(1, received);
    expect(received).toHaveBeenCalledOnce();
    make(1, 2);
    expect(stream.sent.slice(3)).toEqual([0, 1, 2].map((index) => range(2, next, index)));
    feed.close();
    feed.made(closed, 0, null);
    downlink.follow(feed.makingVersion!);
    need(2);
    feed.made(closed, 1, null);
    downlink.follow(feed.makingVersion!);
    stream.take();
    expect(stream.sent.slice(6)).toEqual([0, 1].map((index) => range(3, closed, index)));
  });

  it('does not leave a version that is still needed for one in the making', () => {
    credit(1);
    need(1);
    make(0);
    credit(2);
    expect(stream.sent).toEqual([0, 1, 2].map((index) => range(1, closed, index)));
  });

  it('begins anew after a step was issued again: the number of what was abandoned never comes back', () => {
    credit(8);
    need(1);
    make(0);
    feed.discard();
    make(0);
    expect(feed.makingVersion).toBe(3);
    expect(feed.isMade(2, 0)).toBe(false);
  });

  it('follows again where what it followed was abandoned, and sends nothing twice', () => {
    credit(8);
    need(1);
    make(0);
    feed.discard();
    need(1);
    make(0, 1);
    expect(stream.sent.slice(3)).toEqual([range(2, next, 0), range(3, next, 0), range(3, next, 1)]);
  });

  it('says once when the worker has a whole version: when the credit of each of its ranges is back', () => {
    let told = 0;
    credit(2);
    need(1, () => (told += 1));
    credit(1);
    credit(1);
    expect([stream.sent.length, told]).toEqual([3, 0]);
    credit(1);
    downlink.pump();
    expect(told).toBe(1);
    // It has been sent, and is there: who needs it again is told at once.
    need(1, () => (told += 1));
    expect(told).toBe(2);
  });

  it('keeps its credits from run to run, and nothing else', () => {
    credit(4);
    need(1);
    downlink.serve(null);
    downlink.pump();
    const later = new ParameterFeed(layout, 1000, 'float32');
    later.publish(next);
    downlink.serve(later);
    need(later.closedVersion);
    expect(stream.sent.slice(3)).toEqual([range(1000, next, 0)]);
  });

  it('refuses more credit than a worker may have outstanding', () => {
    expect(() => downlink.addCredits(9)).toThrow('credits: expected at most 8 outstanding, received 9');
  });
});

it('sends one range alone until it knows how long one takes, also to a worker with eight credits', () => {
  downlink = new Downlink();
  downlink.serve(feed);
  downlink.attach(stream as never);
  credit(8);
  need(1);
  expect(stream.sent).toHaveLength(1);
  credit(1);
  // The first was taken at once.
  expect(stream.sent).toHaveLength(3);
  const later = new ParameterFeed(layout, 1000, 'float32');
  later.publish(next);
  credit(2);
  downlink.serve(later);
  need(1000);
  expect(stream.sent).toHaveLength(4);
});

describe('a worker that takes nothing of what waits for it', () => {
  const onStall = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    onStall.mockClear();
    downlink = new Downlink(onStall, new QuickLink());
    downlink.attach(stream as never);
    downlink.serve(feed);
    vi.advanceTimersByTime(READER_STALL_MS);
  });

  it('is told of: it gives no credit', () => {
    need(1);
    credit(1);
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    credit(2);
    // All of it is taken, and the next is not made.
    vi.advanceTimersByTime(READER_STALL_MS);
    expect(stream.sent).toHaveLength(3);
    make(0);
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    expect(onStall).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onStall).toHaveBeenCalledOnce();
  });

  it('is told of: a range does not leave', () => {
    downlink.need(1);
    downlink.addCredits(8);
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    stream.take({ all: false });
    vi.advanceTimersByTime(READER_STALL_MS - 1);
    expect(onStall).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onStall).toHaveBeenCalledOnce();
  });

  it('is not told of once it is over', () => {
    need(1);
    downlink.end();
    vi.advanceTimersByTime(READER_STALL_MS);
    expect(onStall).not.toHaveBeenCalled();
  });
});
