/** Where a step's time goes: steps are told event by event, at times in milliseconds, and the phases are added up by hand. */
import { beforeEach, describe, expect, it } from 'vitest';
import { StepTimeline } from './step-timeline.js';

const RANGES = 2;
let timeline: StepTimeline;

beforeEach(() => {
  timeline = new StepTimeline();
});

function assign(worker: string, id: number, microBatches: number[], at: number): number {
  return timeline.assigned(worker, { id, microBatches }, at);
}

/** A step of one worker: 10 ms assign, 90 broadcast, 900 wait, 100 receive and sum, 50 Adam. */
function wholeStep(step: number, start: number): void {
  timeline.issued(step, start);
  assign('a', step, [0, 1], start + 5);
  timeline.handedOut(start + 10);
  timeline.parametersReceived('a', start + 100);
  timeline.reported('a', step, 0.8, start + 1000);
  timeline.granted(step, start + 1000);
  timeline.granted(step, start + 1000);
  timeline.rangeArrived(step, start + 1040);
  timeline.rangeAdded(start + 1050);
  timeline.rangeArrived(step, start + 1090);
  timeline.rangeAdded(start + 1100);
  timeline.applyAsked(RANGES, start + 1100);
  timeline.rangeApplied(start + 1130);
  timeline.rangeApplied(start + 1150);
}

/** Rounded to microseconds: the sums are of floats. */
function rounded(phases: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(phases).map(([phase, s]) => [phase, Math.round(s * 1e6) / 1e6]));
}

describe('a step timeline', () => {
  it('divides a step among its phases, which add up to it', () => {
    wholeStep(7, 5000);
    const { seconds, phases, shares, bound } = timeline.closed(6150);
    expect(seconds).toBe(1.15);
    expect(rounded(phases)).toEqual({
      assign: 0.01,
      broadcast: 0.09,
      wait: 0.9,
      receive: 0.08,
      sum: 0.02,
      apply: 0.05,
    });
    expect(shares).toEqual(new Map([['a', 1]]));
    expect(bound).toEqual({ by: 'compute' });
  });

  it('counts nothing between two steps', () => {
    wholeStep(0, 0);
    timeline.closed(1150);
    wholeStep(1, 60_000);
    expect(timeline.closed(61_150).seconds).toBe(1.15);
  });

  it('counts what goes on at once as the first phase that is true', () => {
    timeline.issued(0, 0);
    assign('a', 1, [0], 0);
    assign('b', 2, [1], 0);
    timeline.handedOut(0);
    timeline.parametersReceived('a', 0);
    // b is still being sent its parameters while a sends its ranges, and one of these is added.
    timeline.reported('a', 1, 0.1, 100);
    timeline.granted(1, 100);
    timeline.rangeArrived(1, 200);
    timeline.granted(1, 200);
    timeline.rangeAdded(250);
    timeline.rangeArrived(1, 300);
    timeline.rangeAdded(310);
    timeline.parametersReceived('b', 400);
    const { phases } = timeline.closed(500);
    expect(rounded(phases)).toEqual({
      assign: 0,
      broadcast: 0.19,
      receive: 0.15,
      sum: 0.06,
      apply: 0,
      wait: 0.1,
    });
  });

  it('goes on over the issues of a step, and takes shares and computing from the last one', () => {
    timeline.issued(0, 0);
    assign('a', 1, [0, 1], 0);
    assign('b', 2, [2, 3], 0);
    timeline.handedOut(0);
    timeline.parametersReceived('a', 0);
    timeline.parametersReceived('b', 0);
    timeline.reported('a', 1, 1, 1000);
    timeline.reported('b', 2, 1, 1000);
    timeline.issued(0, 1000);
    assign('a', 3, [0, 1, 2], 1000);
    assign('b', 4, [3], 1000);
    timeline.handedOut(1000);
    timeline.parametersReceived('a', 1000);
    timeline.parametersReceived('b', 1000);
    // Of the issue before: counts for nothing.
    timeline.reported('a', 1, 50, 1010);
    timeline.granted(1, 1010);
    timeline.reported('a', 3, 1.5, 1100);
    timeline.granted(3, 1100);
    timeline.reported('b', 4, 0.5, 1100);
    timeline.granted(4, 1100);
    const { seconds, phases, shares, bound } = timeline.closed(1800);
    expect(seconds).toBe(1.8);
    expect(rounded(phases)).toMatchObject({ wait: 1.1, receive: 0.7 });
    expect(shares).toEqual(
      new Map([
        ['a', 0.75],
        ['b', 0.25],
      ]),
    );
    expect(bound).toEqual({ by: 'compute' });
  });

  it('waits for nothing of a worker that is gone, and counts what is handed out again', () => {
    timeline.issued(0, 0);
    expect(assign('a', 1, [0, 1], 0)).toBe(0);
    expect(assign('b', 2, [2], 0)).toBe(0);
    timeline.handedOut(0);
    timeline.parametersReceived('a', 0);
    timeline.reported('b', 2, 0.1, 100);
    timeline.granted(2, 100);
    timeline.left('b', 200);
    expect(assign('a', 3, [2], 200)).toBe(1);
    timeline.parametersReceived('a', 200);
    timeline.reported('a', 3, 0.1, 400);
    timeline.granted(3, 400);
    timeline.rangeArrived(3, 500);
    timeline.rangeAdded(500);
    const { phases, shares } = timeline.closed(600);
    expect(rounded(phases)).toEqual({ assign: 0, broadcast: 0.1, receive: 0.2, sum: 0, apply: 0, wait: 0.3 });
    expect(shares).toEqual(new Map([['a', 1]]));
  });

  it('waits for nothing of what was withdrawn: of a late worker, whose rival is through first, nor of a rival that is not', () => {
    timeline.issued(0, 0);
    assign('a', 1, [0, 1], 0);
    assign('b', 2, [2, 3], 0);
    timeline.handedOut(0);
    timeline.parametersReceived('a', 0);
    timeline.parametersReceived('b', 0);
    timeline.reported('a', 1, 0.1, 100);
    timeline.reported('b', 2, 0.1, 100);
    timeline.granted(2, 100);
    timeline.rangeArrived(2, 200);
    timeline.rangeAdded(200);
    timeline.granted(1, 200);
    // a does not send it. b computes the same, from the range on that is missing, and is through first.
    assign('b', 3, [0, 1], 500);
    timeline.parametersReceived('b', 500);
    timeline.reported('b', 3, 0.1, 600);
    timeline.withdrawn(1, 600);
    timeline.granted(3, 600);
    timeline.rangeArrived(3, 700);
    timeline.rangeAdded(700);
    // A report that was outrun, and a rival whose parameters are still on their way.
    assign('a', 4, [2], 800);
    timeline.reported('a', 4, 0.1, 850);
    timeline.withdrawn(4, 850);
    expect(rounded(timeline.closed(1000).phases)).toEqual({
      assign: 0,
      broadcast: 0.05,
      receive: 0.6,
      sum: 0,
      apply: 0,
      wait: 0.35,
    });
  });

  it('waits where there is nobody to hand work to', () => {
    timeline.issued(0, 0);
    timeline.handedOut(1);
    expect(rounded(timeline.closed(1000).phases)).toMatchObject({ assign: 0.001, wait: 0.999 });
  });
});
