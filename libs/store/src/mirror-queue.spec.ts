/** Goal: what goes to a store goes one at a time, again where it failed, and ends in time. Method: a clock that a spec moves. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StoreError, type StoreErrorCode } from './errors.js';
import { FileChangedError } from './file-range.js';
import { MirrorQueue, type MirrorEnd } from './mirror-queue.js';
import type { Stored } from './run-mirror.js';

const END: MirrorEnd = { weights: true, waitMs: 600_000, lostWaitMs: 30_000 };
const stored: Stored = { step: 1, name: 'one', bytes: 1, seconds: 0 };

let answers: (Stored | null | Error)[];
let asked: number[];
let told: string[];
let aborted: number;
let queue: MirrorQueue;

beforeEach(() => {
  vi.useFakeTimers();
  [answers, asked, told, aborted] = [[], [], [], 0];
  queue = new MirrorQueue(
    {
      store: 's',
      next: () => {
        asked.push(Date.now());
        const answer = answers.shift() ?? null;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      abort: () => (aborted += 1),
    },
    {
      stored: ({ name }) => told.push(name),
      failed: () => told.push('failed'),
      lost: (reason, forGood) => told.push(forGood ? `never: ${reason}` : `lost: ${reason}`),
      back: () => told.push('back'),
    },
    {
      now: () => Date.now(),
      wait: (ms, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        }),
    },
    (error) => told.push(`fatal: ${(error as Error).message}`),
  );
});
afterEach(() => void vi.useRealTimers());

it('asks nothing before something was saved, and until nothing is missing then', async () => {
  await pass(10_000);
  expect(asked).toHaveLength(0);
  answers = [stored, { ...stored, name: 'two' }];
  queue.due();
  await pass(0);
  expect(told).toEqual(['one', 'two']);
  expect(asked).toHaveLength(3);
});

it('tries a lost store at growing intervals, tells of it once, and when it is back', async () => {
  answers = [...Array<Error>(9).fill(failure()), stored];
  const begun = Date.now();
  queue.due();
  // A save in between does not shorten the wait.
  for (let second = 0; second < 400; second += 1) {
    queue.due();
    await pass(1_000);
  }
  const waits = asked.map((time, index) => (time - (asked[index - 1] ?? begun)) / 1000);
  expect(waits.slice(0, 10)).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  const failed = Array<string>(8).fill('failed');
  expect(told).toEqual(['failed', 'lost: store s: it is lost', ...failed, 'back', 'one']);
});

it('looks again at a file that was replaced meanwhile, and tells nobody', async () => {
  answers = [new FileChangedError(), stored];
  queue.due();
  await pass(1_000);
  expect(told).toEqual(['one']);
});

it('tells of what changes each time, and tries it at growing intervals', async () => {
  answers = [...Array<Error>(6).fill(new FileChangedError('it is gone')), stored];
  const begun = Date.now();
  queue.due();
  await pass(60_000);
  const waits = asked.map((time, index) => (time - (asked[index - 1] ?? begun)) / 1000);
  expect(waits.slice(0, 7)).toEqual([0, 1, 1, 1, 2, 4, 8]);
  const lost = 'lost: store s: could not be brought up to date: it is gone';
  expect(told).toEqual(['failed', lost, 'failed', 'failed', 'failed', 'back', 'one']);
});

it('does not wait at the end for what changes each time', async () => {
  answers = Array<Error>(100).fill(new FileChangedError());
  const over = queue.finish(END);
  await pass(30_000);
  expect(await over).toMatchObject({ code: 'STORE_REFUSED' });
});

it('ends for good where another has the place', async () => {
  answers = [failure('STORE_TAKEN')];
  queue.due();
  await pass(0);
  queue.due();
  await pass(100_000);
  expect(asked).toHaveLength(1);
  expect(told).toEqual(['failed', 'never: store s: it is lost']);
  expect(await queue.finish(END)).toMatchObject({ code: 'STORE_TAKEN' });
});

it('finishes when everything is there', async () => {
  answers = [stored, stored];
  expect(await queue.finish(END)).toBeNull();
  expect(asked).toHaveLength(3);
});

it('tries a lost store at once at the end, and waits for it so long and no longer', async () => {
  answers = Array<Error>(100).fill(failure());
  queue.due();
  await pass(100_000);
  const before = asked.length;
  const begun = Date.now();
  const over = queue.finish(END);
  await pass(0);
  expect(asked).toHaveLength(before + 1);
  await pass(30_000);
  expect(await over).toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect(Date.now() - begun).toBeLessThanOrEqual(30_000);
});

it('gives up what hangs at the end, and sooner where it must hurry', async () => {
  let release!: (error: Error) => void;
  const hanging = new Promise<Stored>((_resolve, reject) => (release = reject));
  const { next } = { next: () => hanging };
  const hung = new MirrorQueue(
    { store: 's', next, abort: () => release(failure()) },
    { stored: () => {}, failed: () => {}, lost: () => {}, back: () => {} },
    { now: () => Date.now(), wait: () => new Promise(() => {}) },
    () => {},
  );
  const begun = Date.now();
  const over = hung.finish(END);
  await pass(60_000);
  hung.hurry(2_000);
  await pass(2_000);
  expect(await over).toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect(Date.now() - begun).toBe(62_000);
});

it('passes on what is no failure of a store', async () => {
  answers = [new Error('ours')];
  queue.due();
  await pass(0);
  expect(told).toEqual(['fatal: ours']);
});

function failure(code: StoreErrorCode = 'STORE_UNREACHABLE'): StoreError {
  return new StoreError(code, 's', 'it is lost');
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
