/** Goal: a run tells TensorBoard what it is to, and lives on where it cannot. TensorBoard's reader has test/e2e/tensorboard.spec.ts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noProgress, type RunEffect, type RunProgress, type RunView } from '@rocinante/training';
import { TensorboardLog } from './tensorboard-log.js';

let folder: string;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-board-'));
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(progress: RunProgress = noProgress, path = folder): TensorboardLog {
  const run = { progress };
  return new TensorboardLog(
    path,
    run,
    (message) => failures.push(message),
    () => 0,
  );
}

const closed = (step: number): Extract<RunEffect, { type: 'close-step' }> =>
  ({ type: 'close-step', step, epoch: 0, issue: 1, windows: 32, loss: 2, norms: [3, 1, 2] }) as never;

const update = { learningRate: 0.004, clipping: { norm: 2.5, factor: 0.4 } };
/** Nothing of it is written. */
const view = {} as RunView;

/** The steps at which sessions START, below 128, in the order of the files: step = 2 (varint), session_log = 7 { status: START }. */
function starts(): number[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const found: number[] = [];
      for (let at = 0; at + 6 <= bytes.length; at++) {
        if (bytes[at] === 0x10 && bytes.subarray(at + 2, at + 6).equals(START)) found.push(bytes[at + 1]);
      }
      return found;
    });
}

const START = Buffer.from([0x3a, 2, 0x08, 1]);

describe('a run that TensorBoard is told of', () => {
  it('counts from where it begins, goes on or goes back', () => {
    open().stepClosed(closed(0), view, update);
    const resumed = open({ ...noProgress, step: 7 });
    resumed.wentBack({ ...noProgress, step: 4 });
    resumed.recorded({ step: 5, epoch: 1, loss: 2, validationLoss: null });
    expect(starts()).toEqual([1, 8, 5]);
    expect(failures).toEqual([]);
  });

  it('has the step’s gradient and what clipping made of it, where the run clips', () => {
    open().stepClosed(closed(0), view, update);
    const written = (): string =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('');
    for (const tag of ['learningRate', 'clipFactor', 'microBatchNorm/median'])
      expect(written()).toContain(tag);
    expect(written()).toMatch(/gradientNorm(?!\/)/);
    rmSync(folder, { recursive: true });
    open().stepClosed(closed(0), view, { learningRate: 0.004, clipping: null });
    expect(written()).toContain('learningRate');
    expect(written()).not.toMatch(/clipFactor|gradientNorm/);
  });

  it('is told of held-out losses in nats and in bits', () => {
    open().recorded({ step: 5, epoch: 1, loss: 3, validationLoss: 2 });
    const [name] = readdirSync(folder);
    const written = readFileSync(join(folder, name));
    for (const [tag, value] of [
      ['loss/heldOut', 2],
      ['bitsPerCharacter/heldOut', 2 / Math.LN2],
    ] as const) {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value);
      const at = written.indexOf(tag);
      expect(at).toBeGreaterThan(0);
      // The value's field follows its tag within a few bytes.
      const behind = written.subarray(at + tag.length, at + tag.length + 8);
      expect(behind.includes(bytes)).toBe(true);
    }
  });

  it('says once that it cannot be written, and goes on', () => {
    const place = join(folder, 'file');
    writeFileSync(place, '');
    const log = open(noProgress, join(place, 'run'));
    log.stepClosed(closed(0), view, update);
    log.wentBack(noProgress);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/file\/run: .*ENOTDIR.*; TensorBoard is not told any more$/);
  });

  it('says once that the folder is gone', () => {
    const place = join(folder, 'gone');
    const log = open(noProgress, place);
    rmSync(place, { recursive: true });
    log.stepClosed(closed(0), view, update);
    log.stepClosed(closed(1), view, update);
    expect(failures).toHaveLength(1);
  });
});
