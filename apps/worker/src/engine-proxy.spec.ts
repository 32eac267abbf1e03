// Goal: what finds that the engine hangs learns of each request whether all was done that was asked for: of what was cancelled or
// refused the time says little. Method: the real engine's thread, and what the watch is told.
import { networkLayout } from '@rocinante/model';
import { VectorMemory } from '@rocinante/parameters';
import { networkOf } from '@rocinante/training';
import { expect, it, vi } from 'vitest';
import type { TrainWork } from './engine-messages.js';
import { EngineProxy } from './engine-proxy.js';
import { EngineWatch } from './engine-watch.js';
import { firstAssignment, smallRunConfig } from './spec-run-config.js';

it(
  'tells whether an answer is whole: not of what was cancelled or refused',
  { timeout: 120_000 },
  async () => {
    const config = smallRunConfig(16);
    const layout = networkLayout(networkOf(config, 7));
    const memory = VectorMemory.create([{ count: 20, length: Math.max(layout.length, 1024) }]);
    const parameters = {
      version: 1,
      vector: new Float32Array(new SharedArrayBuffer(layout.length * Float32Array.BYTES_PER_ELEMENT)),
    };
    const train = (cancelled: 0 | 1): TrainWork => ({
      type: 'train',
      assignment: firstAssignment,
      parameters,
      exponents: new Int8Array(layout.blockCount).fill(-20),
      sum: memory.int32(layout.length),
      cancelled: new Int32Array(new SharedArrayBuffer(4)).fill(cancelled),
    });
    const told = vi.spyOn(EngineWatch.prototype, 'ended');
    const engine = new EngineProxy({ threads: 1 }, (error) => {
      throw error;
    });
    const ids = new SharedArrayBuffer(2_000);
    const run = {
      type: 'open-run',
      config,
      vocabularySize: 7,
      ids,
      idBytes: 1,
      memory: memory.shared,
    } as const;
    try {
      await engine.request({ type: 'describe' });
      await engine.request(run);
      expect(await engine.request(train(0))).toMatchObject({ fits: true });
      expect(await engine.request(train(1))).toBeNull();
      await expect(engine.request({ ...run, idBytes: 3 })).rejects.toThrow('ids of 3 bytes');
      expect(told.mock.calls).toEqual([[true], [true], [true], [false], [false]]);
    } finally {
      told.mockRestore();
      await engine.stop();
    }
  },
);
