import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventLog } from './event-log.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-events-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function lines(): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function close(log: EventLog, step: number): void {
  log.stepIssued(step, 1);
  log.stepClosed({ type: 'close-step', step, issue: 1, epoch: 0, windows: 8, loss: 2.5 });
}

it('has one line with "step" for each applied step, and none other', () => {
  const log = new EventLog(path, 0);
  log.stepIssued(0, 1);
  log.stepIssued(0, 2);
  log.stepClosed({ type: 'close-step', step: 0, issue: 2, epoch: 0, windows: 8, loss: 2.5 });
  log.finished('done', 'all steps are closed');
  log.close();
  expect(lines().map(({ event, step, atStep }) => [event, step ?? null, atStep ?? null])).toEqual([
    ['started', null, 0],
    ['issued-again', null, 1],
    ['step', 1, null],
    ['finished', null, 1],
  ]);
  expect(lines()[2]).toMatchObject({ epoch: 1, loss: 2.5, windows: 8, issues: 2 });
});

it('goes on from a checkpoint: steps that were lost are taken again, and a cut line is gone', () => {
  const before = new EventLog(path, 0);
  for (let step = 0; step < 5; step++) close(before, step);
  before.close();
  appendFileSync(path, '{"time":"2026-');
  const after = new EventLog(path, 3);
  close(after, 3);
  after.close();
  expect(lines().flatMap(({ step }) => (step === undefined ? [] : [step]))).toEqual([1, 2, 3, 4]);
});

it('that cannot be written any more says so once, and lets the run end by itself', () => {
  const log = new EventLog(path, 0);
  const failures: string[] = [];
  log.onFailure = (error) => failures.push(error.message);
  // A descriptor that was closed under the log fails as a full disk does: at the next write.
  log.close();
  log.noticed('a');
  log.noticed('b');
  expect(failures).toEqual(['EBADF: bad file descriptor, write']);
});
