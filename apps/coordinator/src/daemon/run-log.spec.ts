import { appendFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stepEntry } from '../display/spec-entries.js';
import type { Session } from '../service/session.js';
import { isLineOf, RunLog, runLogLines, runLogPath } from './run-log.js';

const time = '2026-11-24T10:00:00.000Z';
const said = { level: 'info', time, msg: 'ready' };
const session = { name: 'a' } as Session;

let folder: string;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-run-log-'));
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(): RunLog {
  return new RunLog('r7', folder, ({ message }) => failures.push(message));
}

async function lines(worker?: string): Promise<unknown[]> {
  const read = [];
  for await (const line of runLogLines(folder, worker)) read.push(JSON.parse(line) as unknown);
  return read;
}

it('keeps what a worker says under the run and the worker that it is of, and drops what is no line', async () => {
  const log = open();
  log.logged(session, [JSON.stringify({ ...said, run: 'r1#4', worker: 'liar' }), 'no line', '{}']);
  log.close();
  expect(await lines()).toEqual([
    { ...said, run: 'r7', worker: 'a' },
    expect.objectContaining({
      level: 'warn',
      run: 'r7',
      worker: 'a',
      msg: 'it sent 2 lines that cannot be kept: no JSON of a log',
    }),
  ]);
});

it('keeps what the event log says but single steps, in words, with a level', async () => {
  const log = open();
  const told: string[] = [];
  log.onLine = (line) => told.push(line);
  log.entry(stepEntry(1));
  log.entry({ time, event: 'held', atStep: 1, reason: 'disk' });
  const lost = { worker: 'a', lost: true, reason: 'cut' };
  const left = { worker: 'a', lost: false, reason: 'it left' };
  const failed = { outcome: 'failed', reason: 'diverged' } as const;
  log.entry({ time, event: 'worker-left', atStep: 1, ...lost });
  log.entry({ time, event: 'worker-left', atStep: 1, ...left });
  log.entry({ time, event: 'finished', atStep: 1, ...failed });
  log.close();
  const about = { time, run: 'r7', step: 1 };
  const kept = [
    { level: 'warn', ...about, event: 'held', msg: 'held: disk', reason: 'disk' },
    { level: 'warn', ...about, event: 'worker-left', msg: 'was lost: cut', ...lost },
    { level: 'info', ...about, event: 'worker-left', msg: 'left', ...left },
    { level: 'error', ...about, event: 'finished', msg: 'failed: diverged', ...failed },
  ];
  expect(await lines()).toEqual(kept);
  expect(told.map((line) => JSON.parse(line) as unknown)).toEqual(kept);
});

it('keeps lines as they come, whatever their times', async () => {
  const log = open();
  const held = { event: 'held', atStep: 1, reason: 'disk' } as const;
  log.entry({ time: '2026-11-24T10:00:01.000Z', ...held });
  log.logged(session, [JSON.stringify(said)]);
  log.entry({ time: '2026-11-24T10:00:02.000Z', ...held });
  log.close();
  expect((await lines()).map((line) => (line as { time: string }).time.slice(17, 19))).toEqual([
    '01',
    '00',
    '02',
  ]);
});

it('gives one worker’s lines, without those that a full disk cut', async () => {
  const log = open();
  log.logged(session, [JSON.stringify(said)]);
  log.logged({ name: 'b' } as Session, [JSON.stringify(said)]);
  log.close();
  appendFileSync(runLogPath(folder), '{"level":"in{"worker":"b"}\n');
  expect(await lines('b')).toEqual([{ ...said, run: 'r7', worker: 'b' }]);
  expect(await lines()).toHaveLength(2);
  expect(isLineOf('', '{"level":"in{"worker":"b"}')).toBe(false);
  expect(isLineOf('b', '{"event":"issued-again","workers":["a","b"]}')).toBe(true);
  expect(isLineOf('c', '{"event":"issued-again","workers":["a","b"]}')).toBe(false);
});

it('goes on without its file on a full disk, and says so once', () => {
  symlinkSync('/dev/full', runLogPath(folder));
  const log = open();
  const told: string[] = [];
  log.onLine = (line) => told.push(line);
  log.logged(session, [JSON.stringify(said), JSON.stringify(said)]);
  log.close();
  expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
  expect(told).toHaveLength(2);
});

it('has no lines where there is no log', async () => {
  expect(await lines()).toEqual([]);
});

it('is read no further than somebody wants it, also where no line is wanted', async () => {
  const log = open();
  for (let line = 0; line < 9; line++) log.logged(session, [JSON.stringify(said)]);
  log.close();
  let asked = 0;
  const read = [];
  for await (const line of runLogLines(folder, 'another', () => ++asked > 3)) read.push(line);
  expect({ read, asked }).toEqual({ read: [], asked: 4 });
});
