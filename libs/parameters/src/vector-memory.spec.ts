/**
 * Goal: vectors lie apart, and kernels know those that they reach, in every thread. Method: rooms taken by two threads at
 * once; messages to oneself, which give memory another identity; memories that are full, or cannot be.
 */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { addressOf, kernelsOf } from './vector-kernels.js';
import { VectorMemory } from './vector-memory.js';

/** What another thread would receive. */
async function sent<Message>(message: Message): Promise<Message> {
  const { port1, port2 } = new MessageChannel();
  const arrived = once(port2, 'message') as Promise<[Message]>;
  port1.postMessage(message);
  const [received] = await arrived;
  port1.close();
  return received;
}

describe('a vector memory', () => {
  it('gives vectors of zeros that lie apart, aligned, as many as it was made for', () => {
    const memory = VectorMemory.create([
      { count: 3, length: 16_000 },
      { count: 2, length: 3 },
    ]);
    const vectors = [16_000, 3, 16_000, 3, 16_000].map((length) => memory.float32(length));
    for (const [index, vector] of vectors.entries()) {
      expect(kernelsOf(vector)).not.toBeNull();
      expect(addressOf(vector) % 64).toBe(0);
      expect(vector.every((value) => value === 0)).toBe(true);
      vector.fill(index + 1);
    }
    for (const [index, vector] of vectors.entries()) {
      expect(vector.every((value) => value === index + 1)).toBe(true);
    }
    const full = memory.float32(16_000);
    expect(kernelsOf(full)).toBeNull();
    expect([full.length, full.buffer.byteLength]).toEqual([16_000, 64_000]);
    expect(memory.here(full)).toBe(full);
    expect(memory.copyOf(Float32Array.of(1, -0, NaN))).toEqual(Float32Array.of(1, -0, NaN));
  });

  it('is the same in another thread, whose vectors lie apart from ours', { timeout: 60_000 }, async () => {
    const memory = VectorMemory.create([{ count: 2_000, length: 16 }]);
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(({ VectorMemory }) => {
        const memory = VectorMemory.of(workerData.shared);
        const mine = Array.from({ length: 1000 }, () => memory.int32(16).fill(7));
        parentPort.postMessage(mine);
      });`;
    const module = new URL('../dist/index.js', import.meta.url).href;
    const other = new Worker(code, { eval: true, workerData: { module, shared: memory.shared } });
    const ours = Array.from({ length: 1_000 }, () => memory.int32(16).fill(5));
    const [theirs] = (await once(other, 'message')) as [Int32Array<SharedArrayBuffer>[]];
    expect(new Set([...ours, ...theirs].map(({ byteOffset }) => byteOffset)).size).toBe(2_000);
    expect(ours.every((vector) => vector.every((value) => value === 5))).toBe(true);
    expect(theirs.every((vector) => vector.every((value) => value === 7))).toBe(true);
    const [their] = theirs;
    expect(kernelsOf(ours[0], their)).toBeNull();
    const known = memory.here(their);
    kernelsOf(ours[0], known)!.add(16, addressOf(ours[0]), addressOf(known));
    expect(ours[0].every((value) => value === 12)).toBe(true);
  });

  it('knows its vectors again when they come back by message', async () => {
    const memory = VectorMemory.create([{ count: 2, length: 100 }]);
    const [a, b] = [memory.float32(100).fill(3), memory.float32(100)];
    const back = memory.here(await sent(a));
    expect(back).toEqual(a);
    expect(kernelsOf(back, b)).not.toBeNull();
    back[99] = 4;
    expect(a[99]).toBe(4);
  });

  it('has zeros for the next run once it is cleared, where that fits', () => {
    const [many, few] = [3, 2].map((count) => [{ count, length: 16_000 }]);
    const memory = VectorMemory.create(many);
    const more = [{ count: 1, length: 80_000 }];
    expect([many, few, more].map((vectors) => memory.holds(vectors))).toEqual([true, true, false]);
    for (let index = 0; index < 4; index++) memory.int32(16_000).fill(-1);
    memory.clear();
    const vectors = [20_000, 28_000].map((length) => memory.float32(length));
    for (const vector of vectors) {
      expect(kernelsOf(vector)).not.toBeNull();
      expect(vector.every((value) => Object.is(value, 0))).toBe(true);
    }
    expect(VectorMemory.of(null).holds(few)).toBe(false);
  });

  it('is ordinary shared memory beyond 4 GiB', () => {
    const memory = VectorMemory.create([{ count: 8, length: 2 ** 27 }]);
    expect(memory.shared).toBeNull();
    const vector = VectorMemory.of(memory.shared).int32(5);
    expect([kernelsOf(vector), vector.buffer instanceof SharedArrayBuffer]).toEqual([null, true]);
    expect(memory.here(vector)).toBe(vector);
  });
});

it('gives no kernels for vectors of two memories', () => {
  const [one, other] = [0, 1].map(() => VectorMemory.create([{ count: 1, length: 8 }]));
  expect(kernelsOf(one.int32(8), other.int32(8))).toBeNull();
  expect(kernelsOf(new Int32Array(8))).toBeNull();
});
