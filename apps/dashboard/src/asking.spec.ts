import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Asking } from './asking.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('asks one question at a time, and none after it was stopped', async () => {
  const answers: (() => void)[] = [];
  const asking = new Asking(() => new Promise((resolve) => answers.push(resolve)));
  asking.start();
  asking.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toHaveLength(1);
  answers[0]();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(answers).toHaveLength(2);
  asking.stop();
  answers[1]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toHaveLength(2);
  asking.start();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(answers).toHaveLength(3);
});
