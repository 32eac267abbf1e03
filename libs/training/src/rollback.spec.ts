import { describe, expect, it } from 'vitest';
import { exampleConfig } from './example-config.js';
import { progressAt, smallShape } from './conversation.js';
import { RunMachine } from './machine.js';
import { STRIKES_MAX } from './roster.js';
import { effectLine } from './trace-lines.js';
import { goesBack, rateShareOf, wentBack } from './rollback.js';
import { noProgress, type RunProgress } from './run-state.js';

const divergence = {
  ...exampleConfig.divergence,
  then: 'rollback',
  rateFactor: 0.1,
  rollbacksMax: 2,
} as const;
const config = { ...exampleConfig, divergence };
const returned = (times: number): RunProgress => ({
  ...noProgress,
  rollbacks: new Array<RunProgress['rollbacks'][0]>(times).fill({ fromStep: 9, toStep: 0 }),
});

describe('a run that diverges', () => {
  it('goes back so often, and only where it is to', () => {
    expect([0, 1, 2].map((times) => goesBack(config, returned(times)))).toEqual([true, true, false]);
    expect(goesBack(exampleConfig, noProgress)).toBe(false);
  });

  it('is what it was, but knows where it came from', () => {
    const anchor = { ...returned(1), step: 20, issues: 21, anchorStep: 20 };
    const diverged = { ...returned(1), step: 33, issues: 40, anchorStep: 20, lastLoss: 99 };
    expect(wentBack(diverged, anchor)).toEqual({
      ...anchor,
      rollbacks: [
        { fromStep: 9, toStep: 0 },
        { fromStep: 33, toStep: 20 },
      ],
    });
    expect(() => wentBack(diverged, { ...anchor, step: 10 })).toThrow(/expected the state of step 20/);
  });

  it('goes on at a rate that each return lowers, by repeated product', () => {
    expect([0, 1, 2].map((times) => rateShareOf(config, returned(times)))).toEqual([1, 0.1, 0.1 * 0.1]);
  });

  it('does not forget who computed what is wrong, as long as the session lasts', () => {
    const strikes = new Map([
      ['a#1', STRIKES_MAX],
      ['b#2', STRIKES_MAX - 1],
    ]);
    const machine = new RunMachine(smallShape, progressAt(1), 0, { strikes });
    const join = (worker: string): string[] =>
      machine.handle({ type: 'worker-joined', worker, at: 0 }).map(effectLine);
    expect(join('a#1')).toEqual([`set aside a#1: it computed what is wrong ${STRIKES_MAX} times`]);
    expect(machine.view.workers).toEqual([]);
    expect(join('b#2')).toContainEqual(expect.stringMatching(/^assign b#2 /));
    expect(join('a#3')).toEqual([]);
    expect(machine.strikes).toEqual(strikes);
  });
});
