/** The thread itself: what it makes is what StepArithmetic makes here, in order, and what it takes it gives back. */
import { afterEach, describe, expect, it } from 'vitest';
import { crc32, RandomStream } from '@rocinante/base';
import { createLayout, VectorMemory } from '@rocinante/parameters';
import type { RangeMade } from './arithmetic-messages.js';
import { ArithmeticThread } from './arithmetic-thread.js';
import { StepArithmetic, type IssueTerms, type SharedState } from './step-arithmetic.js';

/** Of two ranges. */
const layout = createLayout([{ name: 'a', shape: [300, 1024] }]);
const { length } = layout;
const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.1, clipNorm: 0.1 };
const terms: IssueTerms = {
  closed: 0,
  exponents: new Int8Array(layout.blockCount).fill(-20),
  windows: 3,
  powers: { beta1Power: 0.9, beta2Power: 0.999 },
  learningRate: 0.01,
};

/** Room for four tests' halves and sums; and 17 ranges: what lies beside it is computed to the same bits. */
const memory = VectorMemory.create([
  { count: 48, length },
  { count: 17, length: 256 * 1024 },
]);

/** Where kernels reach them, or not. */
function halves(inMemory = true): [SharedState, SharedState] {
  const stream = new RandomStream(1, 'simulation');
  const of = inMemory ? memory : VectorMemory.of(null);
  const zero = (): SharedState => {
    return { parameters: of.float32(length), m: of.float32(length), v: of.float32(length) };
  };
  const parameters = of.copyOf(Float32Array.from({ length }, () => stream.uniform() - 0.5));
  return [{ ...zero(), parameters }, zero()];
}

/** The contribution of one worker to a range. */
function values(range: number, worker: number): Int32Array {
  const { start, end } = layout.ranges[range];
  const stream = new RandomStream(10 * range + worker, 'simulation', 1);
  return Int32Array.from({ length: end - start }, () => stream.integer(2001) - 1000);
}

let thread: ArithmeticThread | null = null;
afterEach(() => thread?.stop());

function zeros(): SharedState {
  const [, zero] = halves(false);
  return zero;
}

function started(of: [SharedState, SharedState], snapshot = zeros()): ArithmeticThread {
  const setting = { layout, optimizer, halves: of, memory, snapshot, checksummed: true };
  thread = new ArithmeticThread(setting, (error) => {
    throw error;
  });
  return thread;
}

function add(to: ArithmeticThread, range: number, worker: number): void {
  const room = to.takeRoom();
  room.set(values(range, worker));
  to.add(range, room);
}

/** What the thread makes, until it has made so many ranges. */
function made(by: ArithmeticThread, count: number): Promise<RangeMade[]> {
  const ranges: RangeMade[] = [];
  return new Promise((resolve) => {
    by.onMade = ({ step, issue, range, finite, clipping, checksums }) => {
      ranges.push({ step, issue, range, finite, clipping, checksums });
      if (ranges.length === count) resolve(ranges);
    };
  });
}

describe('the arithmetic’s thread', () => {
  it('makes the same bits as the arithmetic in this thread, and nothing of an issue that was given up', async () => {
    const [here, there] = [halves(false), halves()];
    const plain = new StepArithmetic(layout, optimizer, here);
    plain.begin(terms);
    for (const range of [0, 1]) for (const worker of [1, 2]) plain.add(range, values(range, worker));
    expect([0, 1].map((range) => plain.apply(range))).toEqual([true, true]);

    const beside = started(there);
    beside.begin(terms);
    for (const range of [0, 1]) add(beside, range, 3);
    beside.apply(7, 1, [1]);
    beside.begin(terms);
    for (const range of [1, 0]) for (const worker of [2, 1]) add(beside, range, worker);
    beside.apply(7, 2, [0, 1]);
    const { clipping } = plain;
    const other = expect.anything() as never;
    expect(await made(beside, 3)).toEqual([
      { step: 7, issue: 1, range: 1, finite: true, clipping: other, checksums: other },
      { step: 7, issue: 2, range: 0, finite: true, clipping, checksums: plain.checksums(0) },
      { step: 7, issue: 2, range: 1, finite: true, clipping, checksums: plain.checksums(1) },
    ]);
    // The norm is above its limit.
    expect(clipping!.factor * clipping!.norm).toBeCloseTo(optimizer.clipNorm, 12);
    expect(clipping!.factor).toBeLessThan(1);
    const { start, end } = layout.ranges[1];
    const second = values(1, 2);
    const summed = values(1, 1).map((value, index) => value + second[index]);
    expect(plain.checksums(1)).toEqual({
      sum: crc32(summed),
      parameters: crc32(there[1].parameters.subarray(start, end)),
    });
    for (const name of ['parameters', 'm', 'v'] as const) {
      expect(Buffer.compare(bytes(there[1][name]), bytes(here[1][name]))).toBe(0);
      expect(there[1][name].some((value) => value !== 0)).toBe(true);
    }
    expect(Buffer.compare(bytes(there[0].parameters), bytes(here[0].parameters))).toBe(0);
  });

  it('says of a range that it is not finite', async () => {
    const vectors = halves();
    vectors[0].parameters[5] = NaN;
    const beside = started(vectors);
    beside.begin(terms);
    beside.apply(0, 1, [0, 1]);
    expect((await made(beside, 2)).map(({ finite }) => finite)).toEqual([false, true]);
  });

  it('copies a half as it is between what was asked before and what is asked after', async () => {
    const vectors = halves();
    const snapshot = zeros();
    const beside = started(vectors, snapshot);
    beside.begin(terms);
    for (const range of [0, 1]) add(beside, range, 1);
    beside.apply(0, 1, [0, 1]);
    const copied = beside.copy(1);
    // The next step, from the half that is copied, and the one after it, which overwrites that.
    beside.begin({ ...terms, closed: 1 });
    for (const range of [0, 1]) add(beside, range, 2);
    beside.apply(1, 1, [0, 1]);
    await copied;
    const [before] = halves();
    for (const name of ['parameters', 'm', 'v'] as const) {
      expect(Buffer.compare(bytes(snapshot[name]), bytes(vectors[1][name]))).toBe(0);
      expect(Buffer.compare(bytes(snapshot[name]), bytes(before[name]))).not.toBe(0);
    }
    beside.begin(terms);
    beside.apply(2, 1, [0, 1]);
    await made(beside, 4);
    expect(Buffer.compare(bytes(snapshot.m), bytes(vectors[1].m))).not.toBe(0);
  });

  it('says of a copy that it ended before', async () => {
    const beside = started(halves());
    const never = expect(beside.copy(0)).rejects.toThrow('the thread of sums and Adam ended');
    await beside.stop();
    await never;
    await expect(beside.copy(0)).rejects.toThrow('the thread of sums and Adam ended');
  });

  it('is behind while many ranges wait, and uses their rooms again', async () => {
    const beside = started(halves());
    beside.begin(terms);
    const caughtUp = new Promise<void>((resolve) => {
      beside.onAdded = resolve;
    });
    const rooms = new Set<Int32Array>();
    while (!beside.isBehind) {
      const room = beside.takeRoom();
      rooms.add(room);
      beside.add(0, room);
    }
    expect(rooms.size).toBe(16);
    await caughtUp;
    expect(beside.isBehind).toBe(false);
    expect(rooms.has(beside.takeRoom())).toBe(true);
  });

  it('that fails tells why', async () => {
    const died = new Promise<Error>((resolve) => {
      const setting = { layout, optimizer, halves: halves(), memory, snapshot: zeros(), checksummed: false };
      thread = new ArithmeticThread(setting, resolve);
    });
    thread!.apply(0, 1, [0]);
    expect((await died).message).toContain('a range is applied in an issue');
  });
});

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
