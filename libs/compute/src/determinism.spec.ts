// The same bits with any number of compute threads, whatever was computed before, op by op and by a graph (which the program
// compares): each case in processes of its own.
// Sizes are the smallest at which wrong choices of ops were seen to differ (README.md), so that the test stays quick.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { InputKind, LossKind } from '@rocinante/model';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HashCase } from './programs/gradient-hashes.js';
import { networkOf } from './random-network.js';

const PROGRAM = fileURLToPath(new URL('../dist/programs/gradient-hashes.js', import.meta.url));

async function hashes(threads: number, cases: readonly HashCase[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    PROGRAM,
    String(threads),
    JSON.stringify(cases),
  ]);
  return stdout;
}

const inputs: readonly InputKind[] = ['scaled', 'one-hot', 'embedding'];
const losses: readonly LossKind[] = ['last', 'every'];
const windows = [1, 3, 32];
const small = inputs.flatMap((input) =>
  losses.map((loss): HashCase => {
    return { spec: networkOf({ input, loss, vocabularySize: 39 }, [33, 16], 0.5), windowLength: 25, windows };
  }),
);
/** Long inner dimensions: 2,048 gate columns, some hundreds of rows. */
const wide: HashCase = {
  spec: networkOf({ input: 'scaled', loss: 'every', vocabularySize: 61 }, [512, 512], 0.5),
  windowLength: 12,
  windows: [24, 3],
};
/** Middling products of more than 1,000 terms: those of which 16 threads make parts. */
const broad: HashCase = {
  spec: networkOf({ input: 'embedding', loss: 'every', vocabularySize: 11 }, [1024, 256]),
  windowLength: 3,
  windows: [128],
};
const hard: HashCase = {
  spec: {
    ...networkOf({ input: 'one-hot', loss: 'last', vocabularySize: 39 }, [64]),
    recurrentActivation: 'hard-sigmoid',
  },
  windowLength: 9,
  windows: [1, 16],
};

/** A narrow factor over many rows: the gradient of a scaled input's kernel. */
const narrow: HashCase = {
  spec: networkOf({ input: 'scaled', loss: 'last', vocabularySize: 11 }, [256]),
  windowLength: 100,
  windows: [1],
};

const float32 = [...small, wide, hard, narrow];
const mixed = float32.map((item): HashCase => ({ ...item, factors: 'bfloat16' }));

/** With `ROCINANTE_LONG=1`: networks of 16 to 512 units, windows of 7 and 100 symbols, 1 to 64 of them. */
const many = [
  ...(['scaled', 'one-hot'] as const).map((input) => ({ input })),
  ...[5, 20, 64].map((embeddingSize) => ({ input: 'embedding' as const, embeddingSize })),
].flatMap((input) =>
  losses.flatMap((loss) =>
    [[16], [33, 16], [64, 64], [128], [256], [512, 512]].flatMap((units) =>
      [7, 100].map((windowLength): HashCase => {
        const windows = units[0] === 512 && windowLength === 100 ? [2, 32] : [1, 2, 5, 8, 16, 31, 64];
        return { spec: networkOf({ ...input, loss, vocabularySize: 61 }, units, 0.5), windowLength, windows };
      }),
    ),
  ),
);

/** Lines of a process's output. */
const linesOf = (text: string): string[] => text.trim().split('\n');

describe('bits', () => {
  /** Of one thread, in float32: what several tests compare with. */
  let one: string;
  beforeAll(async () => {
    one = await hashes(1, float32);
  }, 120_000);

  it('do not depend on the number of threads', { timeout: 120_000 }, async () => {
    expect(linesOf(one)).toHaveLength(6 * 3 + 2 + 2 + 1);
    for (const threads of [2, 4]) expect(await hashes(threads, float32), `${threads} threads`).toBe(one);
  });

  it('do not depend on the number of threads where factors are bfloat16', { timeout: 120_000 }, async () => {
    const rounded = await hashes(1, mixed);
    const columns = (text: string, from: number, to: number): string[] =>
      linesOf(text).map((line) => line.split(' ').slice(from, to).join(' '));
    expect(columns(rounded, 0, 1)).toEqual(columns(one, 0, 1));
    // Gradients are others, losses without a way back the same.
    expect(columns(rounded, 3, 6)).toEqual(columns(one, 3, 6));
    for (const [index, hash] of columns(rounded, 1, 2).entries())
      expect(hash).not.toBe(columns(one, 1, 2)[index]);
    expect(await hashes(4, mixed)).toBe(rounded);
  });

  it.runIf(process.env.ROCINANTE_LONG === '1')(
    'do not depend on the number of threads, in many shapes',
    { timeout: 1_800_000 },
    async () => {
      const all = many.flatMap((item) => [item, { ...item, factors: 'bfloat16' as const }]);
      for (const item of all) {
        const alone = await hashes(1, [item]);
        for (const threads of [2, 4]) {
          expect(await hashes(threads, [item]), `${threads} threads: ${JSON.stringify(item)}`).toBe(alone);
        }
      }
    },
  );

  it(
    'do not depend on the number of threads where that is large, of either factors',
    { timeout: 240_000 },
    async () => {
      const both = [broad, { ...broad, factors: 'bfloat16' as const }];
      const alone = await hashes(1, both);
      expect(linesOf(alone)).toHaveLength(2);
      expect(await hashes(16, both)).toBe(alone);
    },
  );

  it('do not depend on what was computed before', { timeout: 180_000 }, async () => {
    const backwards = await hashes(
      1,
      small.toReversed().map((item) => ({ ...item, windows: item.windows.toReversed() })),
    );
    // Forwards, they came first.
    expect(linesOf(backwards).toReversed()).toEqual(linesOf(one).slice(0, 6 * 3));
  });
});
