import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventText, EventStream } from './event-stream.js';
import { HEARTBEAT_INTERVAL_MS, STREAM_WAITING_BYTES_MAX } from './page-limits.js';

/** Longer than a busy machine takes. */
const END_WAIT_MS = 20_000;

describe('an event', () => {
  it('is lines of text, and its data one line', () => {
    expect(eventText({ event: 'entry', data: { text: 'a\nb\r\u2028' }, id: 'r1:ab' })).toBe(
      'id: r1:ab\nevent: entry\ndata: {"text":"a\\nb\\r\u2028"}\n\n',
    );
    expect(eventText({ event: 'list', data: null })).toBe('event: list\ndata: null\n\n');
    expect(eventText({ event: 'opening', data: 1, id: '' })).toBe('id: \nevent: opening\ndata: 1\n\n');
  });
});

describe('a stream of events', () => {
  let ended: number;
  let cut: string[];
  let stream: EventStream;
  beforeEach(() => {
    vi.useFakeTimers();
    [ended, cut] = [0, []];
    stream = new EventStream(
      () => (ended += 1),
      (message) => cut.push(message),
    );
  });
  afterEach(() => vi.useRealTimers());

  const read = (): string => String((stream.body.read() as Buffer | null) ?? '');

  it('says how soon to come back, and then and now that it is there', () => {
    expect(read()).toBe('retry: 1000\n\n');
    vi.advanceTimersByTime(2 * HEARTBEAT_INTERVAL_MS);
    expect(read()).toBe(': still here\n\n: still here\n\n');
  });

  it('ends by itself and by the other side, and says nothing afterwards', async () => {
    stream.end();
    stream.send({ event: 'a', data: 1 });
    expect(read()).toBe('retry: 1000\n\n');
    stream.body.destroy();
    await vi.waitFor(() => expect(ended).toBe(1), END_WAIT_MS);
    expect(stream.isOver).toBe(true);
    vi.advanceTimersByTime(HEARTBEAT_INTERVAL_MS);
    expect(cut).toEqual([]);
  });

  it('is cut off where nobody reads, and holds no more than it may', async () => {
    const data = 'x'.repeat(64 << 10);
    expect(stream.isBusy).toBe(false);
    let sent = 0;
    for (; !stream.isOver && sent < 1_000; sent++) stream.send({ event: 'a', data });
    expect(sent * data.length).toBeLessThan(STREAM_WAITING_BYTES_MAX + 4 * data.length);
    expect(cut).toEqual([`a page: ${STREAM_WAITING_BYTES_MAX} bytes wait for it, and it does not read`]);
    await vi.waitFor(() => expect(ended).toBe(1), END_WAIT_MS);
  });

  it('is busy while its page reads slowly', () => {
    stream.send({ event: 'a', data: 'x'.repeat(128 << 10) });
    expect(stream.isBusy).toBe(true);
    read();
    expect(stream.isBusy).toBe(false);
  });
});
