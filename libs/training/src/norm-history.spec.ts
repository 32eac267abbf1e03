import { describe, expect, it } from 'vitest';
import { isAudited } from './audit-draw.js';
import { smallShape } from './conversation.js';
import { HISTORY_STEPS_MIN, NEIGHBOURS_MIN, NORM_FACTOR, NormHistory } from './norm-history.js';

function seasoned(norm: number, steps = HISTORY_STEPS_MIN): NormHistory {
  const history = new NormHistory();
  for (let step = 0; step < steps; step++) history.closed([norm, norm, norm]);
  return history;
}

describe('a norm', () => {
  it('lies outside only beyond a factor of what went before, either way', () => {
    const history = seasoned(2);
    expect(history.isOutlying(2 * NORM_FACTOR, () => [])).toBe(false);
    expect(history.isOutlying(2.01 * NORM_FACTOR, () => [])).toBe(true);
    expect(history.isOutlying(2 / NORM_FACTOR, () => [])).toBe(false);
    expect(history.isOutlying(1.99 / NORM_FACTOR, () => [])).toBe(true);
    expect(history.isOutlying(0, () => [])).toBe(true);
  });

  it('lies outside of nothing while little is known', () => {
    expect(seasoned(2, HISTORY_STEPS_MIN - 1).isOutlying(1e9, () => [1, 1])).toBe(false);
    expect(new NormHistory().isOutlying(1e9, () => new Array<number>(NEIGHBOURS_MIN).fill(1))).toBe(true);
  });

  it('is spoken for by its step’s others, and they do not hide it from what went before', () => {
    expect(seasoned(1).isOutlying(100, () => [90, 100, 110])).toBe(false);
    expect(seasoned(100).isOutlying(100, () => [1, 1, 1])).toBe(false);
    expect(seasoned(1).isOutlying(100, () => [1, 1, 1])).toBe(true);
  });

  it('is compared with medians, which a few that are large do not move', () => {
    const history = seasoned(1, 9);
    for (let step = 0; step < 7; step++) history.closed([1e6, 1e6, 1e6]);
    expect(history.isOutlying(1e6, () => [])).toBe(true);
    for (let step = 0; step < 2; step++) history.closed([1e6, 1e6, 1e6]);
    expect(history.isOutlying(1e6, () => [])).toBe(false);
  });
});

describe('the audit’s draw', () => {
  const drawn = (seed: number, auditShare: number): string => {
    const marks: string[] = [];
    for (let step = 0; step < 100; step++) {
      for (let k = 0; k < 10; k++)
        marks.push(isAudited({ ...smallShape, seed, auditShare }, step, k) ? 'x' : '.');
    }
    return marks.join('');
  };

  it('is a function of seed, step and number, and takes the share it is told to', () => {
    expect(drawn(1, 0)).not.toContain('x');
    expect(drawn(1, 1)).not.toContain('.');
    expect(drawn(1, 0.2)).toBe(drawn(1, 0.2));
    expect(drawn(1, 0.2)).not.toBe(drawn(2, 0.2));
    expect(drawn(1, 0.2).replaceAll('.', '').length / 1000).toBeCloseTo(0.2, 1);
  });
});
