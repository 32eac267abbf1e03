import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { noProgress, type RunView } from '@rocinante/training';
import { EventLog } from './event-log.js';
import { WAITING_MAX } from './room-queue.js';
import { logEntrySchema, type RunLogEntry } from './log-entries.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-events-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function lines(file = path): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function opened(step: number, returns = 0): Promise<EventLog> {
  const log = new EventLog(path, step, returns);
  await log.open();
  return log;
}

/** Nothing of it is written. */
const view = {} as RunView;

function close(log: EventLog, step: number): void {
  log.stepIssued(step, 1, null);
  const effect = {
    type: 'close-step',
    step,
    issue: 1,
    epoch: 0,
    windows: 8,
    loss: 2.5,
    norms: [3, 1, 2],
  } as const;
  log.stepClosed(effect, view, { learningRate: 0.004, clipping: null });
}

it('has one line with "step" for each applied step, and none other', () => {
  const log = new EventLog(path, 0);
  log.stepIssued(0, 1, null);
  log.stepIssued(0, 2, { workers: ['a'], cause: 'the first step finds its grid' });
  const effect = {
    type: 'close-step',
    step: 0,
    issue: 2,
    epoch: 0,
    windows: 8,
    loss: 2.5,
    norms: [3, 1, 2],
  } as const;
  log.stepClosed(effect, view, { learningRate: 0.004, clipping: { norm: 2.500001, factor: 0.4 } });
  log.finished('done', 'all steps are closed');
  log.close();
  expect(lines().map(({ event, step, atStep }) => [event, step ?? null, atStep ?? null])).toEqual([
    ['issued-again', null, 1],
    ['step', 1, null],
    ['finished', null, 1],
  ]);
  expect(lines()[0]).toMatchObject({ issue: 2, workers: ['a'], cause: 'the first step finds its grid' });
  const norm = { least: 1, median: 2, greatest: 3 };
  expect(lines()[1]).toMatchObject({ epoch: 1, loss: 2.5, windows: 8, issues: 2, norm });
  expect(lines()[1]).toMatchObject({ learningRate: 0.004, gradientNorm: 2.5, clipFactor: 0.4 });
});

it('goes on from a checkpoint: steps that were lost are taken again, and a cut line is gone', async () => {
  const before = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(before, step);
  before.close();
  appendFileSync(path, '{"time":"2026-');
  const after = await opened(3);
  close(after, 3);
  after.close();
  expect(lines().flatMap(({ step }) => (step === undefined ? [] : [step]))).toEqual([1, 2, 3, 4]);
});

it('keeps what is told before it is open, and while the run goes back, in order and behind what was there', async () => {
  const before = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(before, step);
  before.close();
  const log = new EventLog(path, 3);
  const told: string[] = [];
  log.onEntry = ({ event }) => told.push(event);
  log.noticed('before');
  expect(lines()).toHaveLength(5);
  await log.open();
  log.noticed('after');
  const progress = { ...noProgress, step: 2, rollbacks: [{ fromStep: 3, toStep: 2 }] };
  const back = log.goBack({ progress, reason: 'the loss rose', rateShare: 0.5, notExactSince: null });
  log.noticed('meanwhile');
  await back;
  log.close();
  expect(lines().map(({ event, message }) => message ?? event)).toEqual([
    'step',
    'step',
    'before',
    'after',
    'meanwhile',
    'went-back',
  ]);
  expect(told).toEqual(['notice', 'notice', 'notice', 'went-back']);
  expect(readdirSync(folder).sort()).toEqual(['abandoned-1.jsonl', 'events.jsonl']);
});

it('goes back: what is abandoned moves to a file of its own, and steps are counted from there', async () => {
  const log = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(log, step);
  log.noticed('a worker was started again');
  const rollbacks = [{ fromStep: 5, toStep: 2 }];
  const progress = { ...noProgress, step: 2, rollbacks };
  await log.goBack({ progress, reason: 'diverged: the loss rose', rateShare: 0.5, notExactSince: null });
  close(log, 2);
  log.close();
  expect(lines().map(({ event, step, atStep }) => [event, step ?? atStep])).toEqual([
    ['step', 1],
    ['step', 2],
    ['notice', 5],
    ['went-back', 2],
    ['step', 3],
  ]);
  expect(lines()[3]).toMatchObject({ fromStep: 5, reason: 'diverged: the loss rose', rateShare: 0.5 });
  expect(lines(join(folder, 'abandoned-1.jsonl')).map(({ step }) => step)).toEqual([3, 4, 5]);
});

it('keeps the lines of a return that it had no time to tell of, and lacks it', async () => {
  const before = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(before, step);
  before.close();
  const after = await opened(2, 1);
  expect(after.lacksReturn).toBe(true);
  expect(lines(join(folder, 'abandoned-1.jsonl')).map(({ step }) => step)).toEqual([3, 4, 5]);
  const progress = { ...noProgress, step: 2, rollbacks: [{ fromStep: 5, toStep: 2 }] };
  after.tellReturn({ progress, reason: 'killed', rateShare: 0.5, notExactSince: null });
  after.close();
  expect(lines().at(-1)).toMatchObject({ event: 'went-back', atStep: 2, fromStep: 5, times: 1 });
  const again = await opened(2, 1);
  expect(again.lacksReturn).toBe(false);
  again.close();
});

it('opens where the line of a return was cut, or is no entry of ours', async () => {
  const before = new EventLog(path, 0);
  close(before, 0);
  before.close();
  for (const rest of ['', '7}', '"x","times":"9"}\n'])
    appendFileSync(path, `{"time":"2026-01-01","event":"went-back","atStep":${rest}`);
  const after = await opened(1, 1);
  expect(after.lacksReturn).toBe(true);
  after.close();
});

it('keeps what happened beside the steps that were lost', async () => {
  const before = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(before, step);
  before.noticed('a worker was started again');
  before.close();
  (await opened(3)).close();
  expect(lines().at(-1)).toMatchObject({ event: 'notice', atStep: 5 });
});

it('tells of each entry, which is of the kinds that log-entries.ts names', () => {
  const told: RunLogEntry[] = [];
  const log = new EventLog(path, 0);
  log.onEntry = (entry) => told.push(entry);
  close(log, 0);
  log.held('disk: 1 MB free');
  log.finished('stopped', 'on request');
  log.close();
  expect(told).toEqual(lines());
  for (const line of lines()) expect(logEntrySchema.parse(line)).toEqual(line);
});

it('that finds no room says so of each entry and keeps them, within a limit', () => {
  symlinkSync('/dev/full', path);
  const log = new EventLog(path, 0);
  const failures: string[] = [];
  const told: RunLogEntry[] = [];
  let full = 0;
  log.onFailure = (error) => failures.push(error.message);
  log.onFull = () => full++;
  log.onEntry = (entry) => told.push(entry);
  for (let count = 0; count < WAITING_MAX; count++) log.noticed('a');
  expect([full, told.length, failures]).toEqual([WAITING_MAX, WAITING_MAX, []]);
  expect(log.flush()).toMatchObject({ code: 'ENOSPC' });
  log.noticed('one too many');
  log.noticed('b');
  expect(failures).toEqual(['ENOSPC: no space left on device, write']);
  expect(told).toHaveLength(WAITING_MAX);
});

it('that cannot be written any more says so once, and lets the run end by itself', () => {
  const log = new EventLog(path, 0);
  closeSync(descriptorOf(path));
  const failures: string[] = [];
  log.onFailure = (error) => failures.push(error.message);
  log.noticed('a');
  log.noticed('b');
  expect(failures).toEqual([expect.stringContaining('EBADF')]);
});

/** This process's, of an open file. */
function descriptorOf(path: string): number {
  const descriptors = readdirSync('/proc/self/fd').map(Number);
  return descriptors.find((fd) => linkOf(fd) === path)!;
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

it('tells of late workers, of words that differ and of workers that are set aside, but not of what the audit found alike', () => {
  const log = new EventLog(path, 3);
  log.late({ type: 'late', worker: 'a#1', assignment: 4, kind: 'train', microBatches: [0, 1] });
  const word = {
    type: 'second-word',
    step: 3,
    assignment: 5,
    microBatches: [2],
    workers: ['a#1', 'b#2'],
  } as const;
  for (const verdict of ['stands', 'unheld', 'unsettled', 'refuted'] as const) {
    log.secondWord({ ...word, cause: 'audit', verdict });
  }
  log.secondWord({ ...word, cause: 'norm', verdict: 'stands' });
  log.struck({ type: 'strike', worker: 'a#1', strikes: 3, why: 'step 3, micro-batch 2' });
  log.close();
  const entries = lines().map((entry) => logEntrySchema.parse(entry));
  expect(entries.map((entry) => [entry.event, 'verdict' in entry ? entry.verdict : null])).toEqual([
    ['late', null],
    ['second-word', 'unsettled'],
    ['second-word', 'refuted'],
    ['second-word', 'stands'],
    ['strike', null],
  ]);
  expect(entries[1]).toMatchObject({ atStep: 4, microBatches: [2], workers: ['a#1', 'b#2'], cause: 'audit' });
  expect(entries[4]).toMatchObject({ atStep: 3, worker: 'a#1', strikes: 3 });
});
