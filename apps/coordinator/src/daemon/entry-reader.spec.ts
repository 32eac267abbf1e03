/** Goal: a log is read back as it was meant. Method: logs in a real file, with what a kill and a full disk leave in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluationEntry, started, stepEntry, summaryEntry } from '../display/spec-entries.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import {
  evaluationsIn,
  HISTORY_MAX,
  INCIDENTS_MAX,
  lastStarted,
  lossesOf,
  opening,
  pastOf,
} from './entry-reader.js';

const time = '2026-11-24T10:00:02.000Z';
const held: RunLogEntry = { time, event: 'held', atStep: 1, reason: 'disk: 3 MB free' };
const released: RunLogEntry = { time, event: 'released', atStep: 1 };
const finished: RunLogEntry = { time, event: 'finished', atStep: 2, outcome: 'failed', reason: 'diverged' };

const parked = { time, atStep: 1, worker: 'b', engine: null, proof: '', message: 'another kind' };
const notExact: RunLogEntry = { ...parked, event: 'not-exact' };

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-entries-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(...entries: (RunLogEntry | string)[]): void {
  const lines = entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

async function losses(most: number): Promise<{ firstStep: number; losses: number[] }[]> {
  const chunks = [];
  for await (const chunk of lossesOf(path, most)) chunks.push(chunk);
  return chunks;
}

describe('where a watcher begins', () => {
  it('is nothing where there is no log', async () => {
    expect(await opening(path)).toEqual([]);
  });

  it('is the last beginning, all evaluations, the last step and what came after it', async () => {
    const again = started({ checkpoint: 'step-000002', atStep: 2 });
    const joined: RunLogEntry = {
      time,
      event: 'worker-joined',
      atStep: 3,
      worker: 'a',
      threads: 1,
      engine: null,
    };
    write(
      started({}),
      stepEntry(1),
      evaluationEntry(1),
      finished,
      again,
      joined,
      stepEntry(3),
      summaryEntry(),
    );
    expect(await opening(path)).toEqual([again, evaluationEntry(1), stepEntry(3), summaryEntry()]);
    write(started({}), stepEntry(1), stepEntry(2), again, joined);
    expect(await opening(path)).toEqual([again, joined]);
  });

  it('has the length that the run has now', async () => {
    const again = started({ checkpoint: 'step-000002', atStep: 2 });
    write(started({}), stepEntry(1), stepEntry(2), again, stepEntry(3), finished);
    expect(await opening(path, 2000)).toEqual([{ ...again, stepsTotal: 2000 }, stepEntry(3), finished]);
  });

  it('tells of a hold that lasts, also where the step under way closed afterwards', async () => {
    write(started({}), held, stepEntry(1));
    expect(await opening(path)).toEqual([started({}), stepEntry(1), held]);
    write(started({}), held, released, stepEntry(1));
    expect(await opening(path)).toEqual([started({}), stepEntry(1)]);
    write(started({}), held, started({}));
    expect(await opening(path)).toEqual([started({})]);
  });

  it('tells that the run is not exact, whenever that was', async () => {
    write(started({}), notExact, stepEntry(1), { ...notExact, atStep: 9 }, stepEntry(2));
    expect(await opening(path)).toEqual([started({}), notExact, stepEntry(2)]);
    write(started({}), notExact, started({}));
    expect(await opening(path)).toEqual([started({})]);
  });

  it('passes over entries of other releases and lines that a full disk cut', async () => {
    write(
      started({}),
      '{"time":"2026","event":"new"}',
      '{"time":"2026-11',
      '',
      stepEntry(1),
      '{"event":"step"',
    );
    expect(await opening(path)).toEqual([started({})]);
  });
});

describe('losses', () => {
  it('come in order, so many at a time', async () => {
    write(started({}), ...[1, 2, 3].map((step) => stepEntry(step, { loss: step / 2 })), evaluationEntry(3));
    expect(await losses(2)).toEqual([
      { firstStep: 1, losses: [0.5, 1] },
      { firstStep: 3, losses: [1.5] },
    ]);
    expect(await losses(3)).toEqual([{ firstStep: 1, losses: [0.5, 1, 1.5] }]);
  });

  it('keep their steps where one has no number for a loss', async () => {
    // JSON has no NaN: it is written as null.
    write(stepEntry(1), stepEntry(2, { loss: NaN }), stepEntry(3));
    expect(await losses(10)).toEqual([
      { firstStep: 1, losses: [2.5] },
      { firstStep: 3, losses: [2.5] },
    ]);
  });
});

describe('a run’s past', () => {
  it('is its evaluations and what went otherwise than it should', async () => {
    const change = { from: { steps: null, epochs: 4 }, to: { steps: 9, epochs: 4 } };
    write(
      started({}),
      {
        time,
        event: 'issued-again',
        atStep: 1,
        issue: 2,
        workers: [],
        cause: 'the first step finds its grid',
      },
      { time, event: 'issued-again', atStep: 2, issue: 2, workers: ['a', 'b'], cause: 'block 3' },
      { time, event: 'worker-left', atStep: 2, worker: 'a', lost: true, reason: 'its connection was lost' },
      { time, event: 'worker-left', atStep: 2, worker: 'b', lost: false, reason: 'it left' },
      stepEntry(2),
      evaluationEntry(2, { validationLoss: null }),
      { time, event: 'length-changed', atStep: 2, ...change, rate: null },
      { time, event: 'checkpoint-passed-over', atStep: 2, name: 'step-000004', reason: 'it is cut' },
      started({ cause: 'resumed', checkpoint: 'step-000002', atStep: 2 }),
      held,
      released,
      finished,
    );
    const { history, incidents } = await pastOf(path);
    expect(history).toEqual([{ step: 2, epoch: 1, loss: 2.2992, best: true }]);
    expect(incidents.map(({ step, kind, worker, cause }) => [step, kind, worker, cause])).toEqual([
      [1, 'issued-again', '', 'the first step finds its grid'],
      [2, 'issued-again', 'a', 'block 3'],
      [2, 'issued-again', 'b', 'block 3'],
      [2, 'worker-lost', 'a', 'its connection was lost'],
      [2, 'length-changed', '', '4 epochs became 9 steps'],
      [2, 'checkpoint-passed-over', '', 'step-000004 is damaged: it is cut'],
      [2, 'resumed', '', 'an operator resumed it; it went on from step-000002'],
      [1, 'held', '', 'disk: 3 MB free'],
      [1, 'released', '', 'the disk has room again'],
      [2, 'failed', '', 'diverged'],
    ]);
  });

  it('says what parked a worker, and how exact the run is, without the steps that were lost', async () => {
    const proven: RunLogEntry = {
      ...{ time, event: 'joining-proof', atStep: 0 },
      ...{ sha256: 'ab', worker: 'a', engine: null },
    };
    write(started({}), proven, { ...parked, event: 'worker-parked' });
    const { incidents, ...past } = await pastOf(path);
    expect(incidents.map(({ kind, worker, cause }) => [kind, worker, cause])).toEqual([
      ['worker-parked', 'b', 'another kind'],
    ]);
    expect(past).toMatchObject({ joiningProof: 'ab', notExactSince: null });
    write(started({}), proven, notExact, { ...notExact, atStep: 9 });
    expect(await pastOf(path)).toMatchObject({ joiningProof: 'ab', notExactSince: 1 });
    write(started({}), proven, notExact, started({ notExactSince: null }));
    expect((await pastOf(path)).notExactSince).toBeNull();
    const wentBack = {
      time,
      event: 'went-back',
      fromStep: 9,
      reason: 'diverged',
      times: 1,
      rateShare: 0.5,
    } as const;
    write(started({}), proven, notExact, { ...wentBack, atStep: 0, notExactSince: null });
    expect((await pastOf(path)).notExactSince).toBeNull();
    expect((await opening(path)).map(({ event }) => event)).not.toContain('not-exact');
    write(started({}), proven, notExact, { ...wentBack, atStep: 5, notExactSince: 1 });
    expect((await pastOf(path)).notExactSince).toBe(1);
    expect((await opening(path)).map(({ event }) => event)).toContain('not-exact');
    write(started({}), proven, notExact, started({ notExactSince: 1 }));
    expect((await pastOf(path)).notExactSince).toBe(1);
  });

  it('tells who resumed a run', async () => {
    const checkpoint = 'step-000002';
    write(
      started({}),
      started({ cause: 'resumed', checkpoint }),
      started({ cause: 'coordinator-restarted', checkpoint }),
    );
    expect((await pastOf(path)).incidents.map(({ cause }) => cause)).toEqual([
      'an operator resumed it; it went on from step-000002',
      'the coordinator was started again; it went on from step-000002',
    ]);
    expect(await lastStarted(path)).toMatchObject({ cause: 'coordinator-restarted' });
  });

  it('is bounded: the last ones are told', async () => {
    const many = Array.from({ length: 3 * INCIDENTS_MAX }, (_, i) => ({ ...held, atStep: i }));
    write(...many, ...Array.from({ length: HISTORY_MAX + 1 }, (_, i) => evaluationEntry(i + 1)));
    const { history, incidents } = await pastOf(path);
    expect(incidents).toHaveLength(INCIDENTS_MAX);
    expect(incidents.at(-1)).toMatchObject({ step: 3 * INCIDENTS_MAX - 1 });
    expect(history).toHaveLength(HISTORY_MAX);
    expect(history[0]).toMatchObject({ step: 2 });
  });
});

it('are as many evaluations as are asked for, of a step that came again the last one', async () => {
  const [first, again] = [4, 3].map((validationLoss) => evaluationEntry(3, { validationLoss }));
  write(started({}), ...[1, 2].map((step) => evaluationEntry(step)), first, stepEntry(4), evaluationEntry(4));
  const steps = async (most: number): Promise<number[]> =>
    (await evaluationsIn(path, most)).map(({ step }) => step);
  expect(await steps(9)).toEqual([1, 2, 3, 4]);
  expect(await steps(4)).toEqual([1, 2, 3, 4]);
  expect(await steps(1)).toEqual([4]);
  write(...[1, 2].map((step) => evaluationEntry(step)), first, evaluationEntry(4), started({}), again);
  expect(await steps(9)).toEqual([1, 2, 3]);
  const { epoch, loss } = again;
  expect(await evaluationsIn(path, 1)).toEqual([{ step: 3, epoch, loss, validationLoss: 3 }]);
});
