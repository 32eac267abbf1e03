import { afterEach, expect, it, vi } from 'vitest';
import { SILENCE_MS, unsilently } from './long-work.js';

afterEach(() => vi.useRealTimers());

it('says now and then that something goes on, and nothing after it', async () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  let end!: (value: number) => void;
  const done = unsilently(
    'computing',
    (line) => lines.push(line),
    () => new Promise<number>((resolve) => (end = resolve)),
  );
  vi.advanceTimersByTime(2 * SILENCE_MS);
  expect(lines).toEqual(['still computing, for 1 min 00 s', 'still computing, for 2 min 00 s']);
  end(7);
  await expect(done).resolves.toBe(7);
  vi.advanceTimersByTime(SILENCE_MS);
  expect(lines).toHaveLength(2);
});
