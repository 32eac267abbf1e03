import type { RunSummary } from '@rocinante/wire';
import { expect, it } from 'vitest';
import { detailOf, runningRun } from '../client/spec-scripted-coordinator.js';
import type { ShownRun } from '../client/coordinator.js';
import { stepEntry } from '../display/spec-entries.js';
import type { LogEntryOf } from '../run/log/log-entries.js';
import { runFindings } from './run-checks.js';

const now = new Date('2026-11-24T10:30:00.000Z');

function shown(change: RunSummary = {}, detail: object = {}): ShownRun {
  const summary = { reason: '', ...runningRun, ...change };
  return { ...detailOf(summary), idleWorkers: [], incidents: [], ...detail } as unknown as ShownRun;
}

function step(time: string, seconds: number): LogEntryOf<'step'> {
  return stepEntry(40, { time, epoch: 2, loss: 2, seconds });
}

const fresh = step('2026-11-24T10:29:58.000Z', 1);

it('is content with a run that takes steps', () => {
  expect(runFindings(shown(), fresh, now)).toEqual([
    {
      check: 'run r12',
      status: 'ok',
      expected: 'it takes steps',
      found: 'running at step 40 of 100',
      advice: '',
    },
  ]);
});

it('says why a run is held, or waits', () => {
  const held = runFindings(shown({ state: 'RUN_STATE_HELD', reason: 'disk: 1 MB free' }), null, now);
  expect(held[0]).toMatchObject({ status: 'problem', found: 'held at step 40 of 100: disk: 1 MB free' });
  const waiting = runFindings(
    shown({ state: 'RUN_STATE_WAITING', reason: 'it waits for workers: 0 of 2' }),
    null,
    now,
  );
  expect(waiting[0]).toMatchObject({
    status: 'problem',
    found: 'waiting at step 40 of 100: it waits for workers: 0 of 2',
  });
});

it('finds a run stuck that runs and takes no step', () => {
  expect(runFindings(shown(), step('2026-11-24T10:28:00.000Z', 1), now)[0].status).toBe('problem');
  expect(runFindings(shown(), step('2026-11-24T10:28:00.000Z', 20), now)[0].status).toBe('ok');
});

it('names workers that get no work, that were lost, and that all wait for', () => {
  const { idleWorkers, incidents } = detailOf(runningRun);
  const findings = runFindings(shown({}, { idleWorkers, incidents, boundBy: 'worker a' }), fresh, now);
  expect(findings.slice(1).map(({ check, status, found }) => [check, status, found])).toEqual([
    ['worker worker-4 in r12', 'warning', 'parked: its joining proof is another'],
    ['lost workers of r12', 'warning', '1 loss in the last hour: worker-3; the last: the connection was cut'],
    ['speed of r12', 'warning', 'each step waits for worker a'],
  ]);
});
