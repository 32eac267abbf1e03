import { describe, expect, it } from 'vitest';
import { stepEntry } from '../display/spec-entries.js';
import type { NewEntry } from '../run/log/event-log.js';
import { LOSSES_INTERVAL_MS } from './limits.js';
import type { Notice } from './notice.js';
import { RunNotices, type RunNoticesOptions } from './run-notices.js';

const TIME = '2025-11-29T09:20:00.000Z';
const STUCK_MS = 60_000;

/** A run that is told of by hand, on a clock that is set by hand. */
class ToldRun {
  nowMs = 0;
  readonly notices: Notice[] = [];
  readonly run: RunNotices;

  constructor(change: Partial<RunNoticesOptions> = {}) {
    this.run = new RunNotices({
      run: { id: 'r1', name: 'first' },
      stuckMs: STUCK_MS,
      now: () => this.nowMs,
      date: () => new Date(1_764_408_000_000 + this.nowMs),
      tell: (notice) => this.notices.push(notice),
      ...change,
    });
  }

  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  says(entry: NewEntry): void {
    this.run.entry({ time: TIME, ...entry });
  }

  step(step: number, seconds = 1, loss = 2.5): void {
    this.passes(seconds);
    this.says(stepEntry(step, { time: TIME, loss, seconds }));
  }

  loses(worker: string): void {
    this.says({ event: 'worker-left', atStep: 3, worker, lost: true, reason: 'the connection was cut' });
  }

  passes(seconds: number): void {
    for (let passed = 0; passed < seconds; passed++) {
      this.nowMs += 1000;
      this.run.tick();
    }
  }
}

describe('the end of a run', () => {
  it('is told once, with what came of it', () => {
    const told = new ToldRun({ endId: 'e1' });
    told.step(7);
    told.says({ event: 'evaluation', atStep: 7, epoch: 1, loss: 2.4, validationLoss: 2.3, best: true });
    told.run.ended('done', 'all 7 steps are closed');
    expect(told.notices).toEqual([
      {
        version: 1,
        id: 'e1',
        kind: 'finished',
        time: '2025-11-29T09:20:01.000Z',
        run: { id: 'r1', name: 'first' },
        step: 7,
        stepsTotal: null,
        loss: 2.5,
        heldOutLoss: 2.3,
        reason: 'all 7 steps are closed',
        text: 'run r1 (first) is done: step 7',
      },
    ]);
  });

  it('is a divergence only where the state machine said so, and it did not go back since', () => {
    const failed = new ToldRun();
    failed.run.ended('failed', 'the disk is full');
    const diverged = new ToldRun();
    diverged.run.finished('diverged');
    diverged.run.ended('failed', 'its loss is no number');
    expect([...failed.kinds, ...diverged.kinds]).toEqual(['failed', 'diverged']);
    expect(diverged.notices[0]).toMatchObject({ goesOn: false, reason: 'its loss is no number' });

    const back = new ToldRun();
    back.run.finished('diverged');
    back.says({
      event: 'went-back',
      atStep: 100,
      fromStep: 140,
      reason: 'its loss spiked',
      times: 1,
      rateShare: 0.5,
      notExactSince: null,
    });
    back.run.ended('failed', 'the disk is full');
    expect(back.kinds).toEqual(['diverged', 'failed']);
    expect(back.notices[0]).toMatchObject({ goesOn: true, step: 100 });
  });
});

describe('a run that takes no step', () => {
  it('is stuck after the least time, told of once, and told of once more when it goes on', () => {
    const told = new ToldRun({ waitingReason: () => 'it waits for workers' });
    told.step(1);
    told.passes(60);
    expect(told.kinds).toEqual([]);
    told.passes(600);
    expect(told.notices).toMatchObject([{ kind: 'stuck', seconds: 61, reason: 'it waits for workers' }]);
    told.step(2);
    told.step(3);
    expect(told.kinds).toEqual(['stuck', 'goes-on']);
    expect(told.notices[1].text).toBe('run r1 (first) goes on at step 2, after 11 min 01 s without a step');
  });

  it('has ten times as long as its steps usually take', () => {
    const told = new ToldRun();
    for (let step = 1; step <= 10; step++) told.step(step, 20);
    told.passes(199);
    expect(told.kinds).toEqual([]);
    told.passes(2);
    expect(told.kinds).toEqual(['stuck']);
  });

  it('says why it is held', () => {
    const told = new ToldRun();
    told.says({ event: 'held', atStep: 3, reason: 'disk: 1 MB free' });
    told.passes(61);
    expect(told.notices[0]).toMatchObject({ kind: 'stuck', step: 3, reason: 'held: disk: 1 MB free' });
  });

  it('is not told of again where that was told before the coordinator was started again', () => {
    const told = new ToldRun({ stuck: true });
    told.passes(600);
    expect(told.kinds).toEqual([]);
    told.step(1);
    expect(told.kinds).toEqual(['goes-on']);
  });
});

describe('lost workers', () => {
  it('are told of together, and then no sooner than some minutes later', () => {
    const told = new ToldRun({ stuckMs: 1e9 });
    told.loses('a');
    told.loses('b');
    told.passes(1);
    expect(told.kinds).toEqual([]);
    told.passes(2);
    expect(told.notices).toMatchObject([{ kind: 'worker-lost', lost: { count: 2, workers: ['a', 'b'] } }]);
    for (let count = 0; count < 100; count++) told.loses('a');
    told.passes(LOSSES_INTERVAL_MS / 1000 - 10);
    expect(told.notices).toHaveLength(1);
    told.passes(20);
    expect(told.notices[1].lost).toEqual({ count: 100, workers: ['a'] });
  });

  it('are told of before the end', () => {
    const told = new ToldRun();
    told.loses('a');
    told.run.ended('failed', 'no worker is left');
    expect(told.kinds).toEqual(['worker-lost', 'failed']);
  });

  it('are not those that left by themselves', () => {
    const told = new ToldRun();
    told.says({ event: 'worker-left', atStep: 3, worker: 'a', lost: false, reason: 'it left' });
    told.passes(10);
    expect(told.kinds).toEqual([]);
  });
});

it('cuts a long reason', () => {
  const told = new ToldRun();
  told.run.ended('failed', 'x'.repeat(5000));
  expect(told.notices[0].reason).toHaveLength(1000);
});
