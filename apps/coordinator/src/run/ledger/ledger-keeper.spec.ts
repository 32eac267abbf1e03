/**
 * Goal: a ledger says whose sums are in a step's, range by range, and goes on only where it is the run's. Method: a real
 * text and folder, and a network of two ranges; what a driver tells of a step is told here.
 */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLine, ledgerLines, stateHashes, type LedgerLine, type LedgerRecord } from '@rocinante/ledger';
import { networkLayout } from '@rocinante/model';
import { INITIAL_POWERS } from '@rocinante/optimizer';
import { networkOf, noProgress, type Assignment, type RunConfig } from '@rocinante/training';
import { encodeText } from '../../corpus/encode-thread.js';
import { smallConfig, text } from '../../daemon/spec-coordinator.js';
import type { Session } from '../../service/session.js';
import { LedgerKeeper, ledgerPath } from './ledger-keeper.js';
import { prepareRun, type PreparedRun } from '../prepared-run.js';
import { RunDirectory } from '../run-directory.js';
import { DEFAULT_LIMITS } from '../run-limits.js';
import { fillDisk, freeDisk, mountDisk, mounts, unmountDisk } from '../spec-small-disk.js';
import { sharedVector } from '../arithmetic/shared-vector.js';

/** Of two ranges. */
const config: RunConfig = {
  ...smallConfig,
  network: { ...smallConfig.network, layers: [{ units: 260, dropout: 0 }] },
};
const hashes = { parameters: 'a'.repeat(64), moments: 'b'.repeat(64) };

let folder: string;
let prepared: PreparedRun;
let keeper: LedgerKeeper;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-keeper-'));
  const request = {
    bytes: Buffer.from(text),
    normalisation: 'none',
    subject: 'corpus',
    symbols: null,
  } as const;
  prepared = await prepareRun(
    config,
    await encodeText(request),
    DEFAULT_LIMITS,
    new RunDirectory(folder),
    null,
  );
  keeper = new LedgerKeeper(prepared);
});
afterEach(() => {
  keeper.close();
  rmSync(folder, { recursive: true });
});

function records(): LedgerRecord[] {
  const lines = readFileSync(ledgerPath(folder), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const decoded = decodeLine(line);
    if ('problem' in decoded) throw new Error(decoded.problem);
    return decoded.record;
  });
}

const session = (name: string): Session => ({ name }) as Session;

function assigned(
  id: number,
  worker: string,
  microBatches: number[],
  kind: Assignment['kind'] = 'train',
): void {
  const frame = { step: 0, issue: 1, parametersVersion: 0, firstRange: 0, magnitudesOnly: false };
  keeper.assigned(session(worker), { id, kind, microBatches, ...frame });
}

/** A step as one worker computes it, closed. */
function step(index: number): void {
  keeper.stepIssued(index, 1, null, new Int8Array(3));
  assigned(index, 'sancho', [0, 1]);
  for (const range of [0, 1]) keeper.rangeArrived(session('sancho'), index, range);
  for (const range of [0, 1]) keeper.rangeApplied(range, { sum: index, parameters: range });
  keeper.stepClosed({
    type: 'close-step',
    step: index,
    issue: 1,
    epoch: 0,
    windows: 4,
    loss: 2.5,
    norms: [1, 1],
  });
}

/** The run as it goes on from a checkpoint of zeros. */
function goingOn(steps: number, changes: Partial<RunConfig> = {}): LedgerKeeper {
  const { length, blockCount } = networkLayout(networkOf(config, prepared.corpus.vocabulary.size));
  const vectors = { parameters: sharedVector(length), m: sharedVector(length), v: sharedVector(length) };
  const state = { ...vectors, magnitudes: new Float32Array(blockCount), powers: INITIAL_POWERS };
  const progress = { ...noProgress, step: steps, issues: steps };
  const { exactness } = prepared;
  const hashes = stateHashes(vectors);
  const loaded = { name: `step-${steps}`, state, progress, exactness, hashes, passedOver: [] };
  keeper = new LedgerKeeper({ ...prepared, config: { ...config, ...changes }, loaded });
  return keeper;
}

describe('a step', () => {
  it('names who is in its sum, and in which ranges where that is not all', async () => {
    expect(await keeper.open()).toBeNull();
    keeper.stepIssued(0, 2, null, Int8Array.of(1, 2, 3));
    assigned(1, 'sancho', [0]);
    assigned(2, 'rocin', [1]);
    assigned(3, 'dulcinea', [0], 'audit');
    keeper.rangeArrived(session('rocin'), 2, 0);
    keeper.rangeArrived(session('sancho'), 1, 0);
    keeper.rangeArrived(session('rocin'), 2, 1);
    // Sancho is lost in mid-transfer, and only what is missing is sent again.
    assigned(4, 'rocin', [0]);
    keeper.rangeArrived(session('rocin'), 4, 1);
    keeper.rangeApplied(1, { sum: 7, parameters: 8 });
    keeper.rangeApplied(0, { sum: 5, parameters: 6 });
    keeper.stepClosed({
      type: 'close-step',
      step: 0,
      issue: 2,
      epoch: 0,
      windows: 4,
      loss: 2.5,
      norms: [1, 1],
    });
    expect(records()).toEqual([
      expect.objectContaining({ kind: 'begun', step: 0, ranges: 2, batch: 4, microBatch: 2, stepsTotal: 5 }),
      expect.objectContaining({
        ...{ kind: 'step', step: 1, epoch: 1, position: 0, windows: 4, issue: 2, loss: 2.5 },
        computed: [
          { worker: 'sancho', microBatches: '0', ranges: '0' },
          { worker: 'rocin', microBatches: '1' },
          { worker: 'rocin', microBatches: '0', ranges: '1' },
        ],
      }),
    ]);
  });

  it('has nothing of an issue that was given up', async () => {
    await keeper.open();
    keeper.stepIssued(0, 1, null, Int8Array.of(1, 2, 3));
    assigned(9, 'dulcinea', [0, 1]);
    keeper.rangeArrived(session('dulcinea'), 9, 0);
    step(0);
    expect(records().at(-1)).toMatchObject({ computed: [{ worker: 'sancho', microBatches: '0-1' }] });
  });
});

describe('a run that goes on', () => {
  beforeEach(async () => {
    await keeper.open();
    for (const index of [0, 1, 2]) step(index);
    keeper.close();
  });

  it('loses the steps behind its checkpoint, and says so', async () => {
    const before = records();
    // The checkpoint's parameters are zeros, and the step's record says others.
    await expect(goingOn(2).open()).rejects.toThrow(
      `checkpoint step-2: it is whole, but not the state that ${ledgerPath(folder)} records of step 2`,
    );
    expect(records()).toEqual(before);
    expect(await goingOn(0).open()).toBeNull();
    expect(records()).toEqual([
      before[0],
      expect.objectContaining({ kind: 'resumed', step: 0, checkpoint: 'step-0', lost: 3, stepsTotal: 5 }),
    ]);
  });

  it('is told of steps that have no record, and goes on', async () => {
    const notice = await goingOn(5).open();
    expect(notice).toBe(`${ledgerPath(folder)}: it has no record of steps 4 to 5`);
    keeper.checkpointWritten({ step: 5, name: 'step-5' }, hashes);
    expect(records().slice(-2)).toMatchObject([
      { kind: 'resumed', step: 5, lost: 0 },
      { kind: 'checkpoint', step: 5, ...hashes },
    ]);
  });

  it('begins a ledger where there is none', async () => {
    rmSync(ledgerPath(folder));
    expect(await goingOn(5).open()).toBeNull();
    expect(records()).toMatchObject([
      { kind: 'begun', step: 5 },
      { kind: 'resumed', step: 5 },
    ]);
  });

  it('refuses another run’s ledger, and a damaged one', async () => {
    await expect(goingOn(3, { seed: 2 }).open()).rejects.toThrow(
      `${ledgerPath(folder)}: it is another run's (seed is 1, not 2); move it away`,
    );
    const lines = readFileSync(ledgerPath(folder), 'utf8');
    writeFileSync(ledgerPath(folder), lines.replace('sancho', 'Sancho'));
    await expect(goingOn(3).open()).rejects.toThrow(
      `${ledgerPath(folder)}, line 2: expected bytes of SHA-256`,
    );
    expect(readFileSync(ledgerPath(folder), 'utf8')).toBe(lines.replace('sancho', 'Sancho'));
  });

  it('goes on behind a line that was cut', async () => {
    const whole = readFileSync(ledgerPath(folder), 'utf8');
    appendFileSync(ledgerPath(folder), '{"kind":"step","st');
    await goingOn(0).open();
    expect(whole.startsWith(readFileSync(ledgerPath(folder), 'utf8').split('\n')[0])).toBe(true);
    expect(records().map(({ kind }) => kind)).toEqual(['begun', 'resumed']);
  });
});

it.skipIf(!mounts)(
  'takes what a full disk did not, in its order, once there is room (needs the right to mount)',
  async () => {
    expect(mountDisk(folder, '160k')).toBe(true);
    try {
      let full = 0;
      keeper.onFull = () => full++;
      await keeper.open();
      fillDisk(folder, 0);
      for (let index = 0; index < 40; index++) step(index);
      expect(full).toBeGreaterThan(0);
      const whole = records();
      expect(whole.length).toBeGreaterThan(1);
      expect(whole.length).toBeLessThan(41);
      expect(readFileSync(ledgerPath(folder), 'utf8')).toMatch(/\}\n$/);
      expect(keeper.flush()).toMatchObject({ code: 'ENOSPC' });
      freeDisk(folder);
      expect(keeper.flush()).toBeNull();
      await keeper.sync();
      expect(records().map((record) => record.step)).toEqual(Array.from({ length: 41 }, (_, index) => index));
      const lines: LedgerLine[] = [];
      for await (const line of ledgerLines(ledgerPath(folder))) lines.push(line);
      expect(lines.filter(({ problem, cut }) => problem !== null || cut)).toEqual([]);
    } finally {
      keeper.close();
      unmountDisk(folder);
    }
  },
);

it('cannot begin on a full disk, and nothing is told after its end', async () => {
  if (existsSync('/dev/full')) {
    symlinkSync('/dev/full', ledgerPath(folder));
    await expect(keeper.open()).rejects.toThrow('ENOSPC');
    rmSync(ledgerPath(folder));
  }
  await keeper.open();
  keeper.close();
  step(0);
  await keeper.sync();
  expect(records()).toHaveLength(1);
});
