/** Goal: a page that comes back has every entry once. Method: a run's log on the disk, as the event log writes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluationEntry, started, stepEntry } from '../display/spec-entries.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { MISSED_ENTRIES_MAX, TOLD_ENTRIES_MAX } from './page-limits.js';
import { entryId, readOpening, toldEntry, type MissedEntries, type RunOpening } from './run-opening.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-page-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(entries: readonly RunLogEntry[]): void {
  writeFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

const idOf = (entry: RunLogEntry): string => entryId('r1', JSON.stringify(entry));
const opening = async (after: string | null = null): Promise<RunOpening> =>
  (await readOpening('r1', path, after)) as RunOpening;
const missed = async (after: string): Promise<MissedEntries['missed']> =>
  ((await readOpening('r1', path, after)) as MissedEntries).missed;

const notice = (message: string): RunLogEntry => ({
  time: '2026-11-24T10:00:09.000Z',
  event: 'notice',
  atStep: 2,
  message,
});
const sample: RunLogEntry = {
  time: '2026-11-24T10:00:09.000Z',
  event: 'sample',
  atStep: 2,
  text: 'the whale',
};

describe('a page that opens', () => {
  it('is told what a run is, its curve, its last words and where it goes on', async () => {
    write([started({}), stepEntry(1, { loss: 4 }), evaluationEntry(1), stepEntry(2, { loss: 3 }), sample]);
    const { curve, told, id, ...rest } = await opening();
    expect(rest).toEqual({ started: started({}), sample: 'the whale' });
    expect(curve).toEqual([
      {
        step: 1,
        loss: 4,
        leastLoss: 4,
        greatestLoss: 4,
        windowsPerSecond: 320,
        gradientNorm: null,
        learningRate: 0.004,
      },
      {
        step: 2,
        loss: 3,
        leastLoss: 3,
        greatestLoss: 3,
        windowsPerSecond: 320,
        gradientNorm: null,
        learningRate: 0.004,
      },
    ]);
    expect(told.map(({ text }) => text)).toEqual([
      'the run begins: 1,340 steps',
      'epoch 1: loss 2.2992, held-out loss 1.9066 (2.75 bits a character), the best so far',
      'a sample of 9 characters is drawn',
    ]);
    expect(id).toBe(idOf(sample));
  });

  it('is told nothing of a run that was never begun, nor of lines that are none', async () => {
    expect(await opening()).toEqual({ started: null, curve: [], told: [], sample: null, id: '' });
    writeFileSync(
      path,
      '{"event":"step","step":1}\n{"event":"later-release"}\nno json\n{"event":"step","step":1,"loss":2',
    );
    expect(await opening()).toEqual({ started: null, curve: [], told: [], sample: null, id: '' });
  });

  it('is told what is not usual, however much is', async () => {
    const checkpoint = { ...evaluationEntry(2), atStep: 2 };
    const late = (index: number): RunLogEntry => ({ ...checkpoint, time: `t${index}` });
    write([
      notice('before'),
      ...Array.from({ length: 9 * TOLD_ENTRIES_MAX }, (_, index) => late(index)),
      notice('after'),
    ]);
    const { told } = await opening();
    expect(told).toHaveLength(TOLD_ENTRIES_MAX + 2);
    expect(told.filter(({ usual }) => !usual).map(({ text }) => text)).toEqual(['before', 'after']);
    expect([told.at(0)?.text, told.at(-1)?.text]).toEqual(['before', 'after']);
  });

  it('is told the last lines of many', async () => {
    write(Array.from({ length: 3 * TOLD_ENTRIES_MAX }, (_, index) => notice(`${index}`)));
    const { told } = await opening();
    expect(told).toHaveLength(TOLD_ENTRIES_MAX);
    expect(told.at(-1)!.text).toBe(`${3 * TOLD_ENTRIES_MAX - 1}`);
  });
});

describe('a page that comes back', () => {
  it('is told what came after what it has, each with its id', async () => {
    write([started({}), stepEntry(1), stepEntry(2), sample]);
    expect(await missed(idOf(stepEntry(1)))).toEqual([
      { told: toldEntry(stepEntry(2)), id: idOf(stepEntry(2)) },
      { told: toldEntry(sample), id: idOf(sample) },
    ]);
    expect(await missed(idOf(sample))).toEqual([]);
  });

  it('begins anew where what it has is not there any more', async () => {
    write([started({}), stepEntry(1, { time: '2026-11-24T11:00:00.000Z' })]);
    for (const after of [idOf(stepEntry(1)), 'r1:0', 'r2:abc', '']) {
      expect(await opening(after)).toHaveProperty('curve');
    }
  });

  it('begins anew where it has missed too much', async () => {
    const first = notice('first');
    write([first, ...Array.from({ length: MISSED_ENTRIES_MAX + 1 }, (_, index) => stepEntry(index + 1))]);
    expect((await opening(idOf(first))).curve.at(-1)!.step).toBe(MISSED_ENTRIES_MAX + 1);
  });
});
