/** Goal: checkpoints are read one at a time, whoever asks. Method: real files and threads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointName, DamagedCheckpointError, DirectoryStore } from '@rocinante/checkpoint';
import { createLayout } from '@rocinante/parameters';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useCheckpoint } from './checkpoint-reading.js';

const layout = createLayout([{ name: 'dense/kernel', shape: [8, 9] }]);

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-reading-'));
  const store = new DirectoryStore(folder);
  for (const step of [1, 2]) {
    const vectors = ['parameters', 'm', 'v'].map((name) => [
      name,
      new Float32Array(layout.length).fill(step),
    ]);
    const rest = { joiningProof: '', lossHistory: [], configuration: {}, vocabulary: ['a'], further: {} };
    await store.save(
      {
        ...(Object.fromEntries(vectors) as Record<'parameters' | 'm' | 'v', Float32Array>),
        ...{ step, layout, magnitudes: new Float32Array(layout.blockCount), issueCount: step },
        ...{ beta1Power: 0.9, beta2Power: 0.99, corpusSha256: '', ...rest },
      },
      { best: false },
    );
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

it('gives the next one its turn when the use is over, and when it fails', async () => {
  const order: string[] = [];
  const asked = [null, checkpointName(1), checkpointName(9), null].map((name, index) =>
    useCheckpoint(folder, name, async ({ step, parameters }) => {
      order.push(`${index} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${index} ends`);
      if (index === 1) throw new Error('it is used for nothing');
      return [step, parameters[7]];
    }),
  );
  const [newest, used, missing, again] = await Promise.allSettled(asked);
  expect(newest).toMatchObject({ value: [2, 2] });
  expect(used).toMatchObject({ reason: { message: 'it is used for nothing' } });
  expect((missing as PromiseRejectedResult).reason).toBeInstanceOf(DamagedCheckpointError);
  expect(again).toMatchObject({ value: [2, 2] });
  expect(order).toEqual(['0 begins', '0 ends', '1 begins', '1 ends', '3 begins', '3 ends']);
});

it('reads none that is wanted no more when its turn comes', async () => {
  let wanted = true;
  const first = useCheckpoint(folder, null, () => (wanted = false));
  const second = useCheckpoint(
    folder,
    null,
    () => 'used',
    () => wanted,
  );
  expect([await first, await second]).toEqual([false, null]);
});
