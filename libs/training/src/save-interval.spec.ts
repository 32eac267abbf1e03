import { describe, expect, it } from 'vitest';
import { Conversation, progressAt } from './conversation.js';
import { AUTO_INTERVAL_MS_MAX, AUTO_INTERVAL_MS_MIN, saveIntervalMs } from './save-interval.js';

describe('the time between checkpoints', () => {
  it('is what was asked for', () => {
    expect(saveIntervalMs({ checkpointIntervalMs: 5000 }, 9)).toBe(5000);
    expect(saveIntervalMs({ checkpointIntervalMs: 0 }, 9)).toBe(0);
  });

  it('under auto is a hundred times what the last one took, in bounds', () => {
    const auto = (seconds: number | null): number =>
      saveIntervalMs({ checkpointIntervalMs: 'auto' }, seconds);
    expect(auto(0.25)).toBe(25_000);
    expect(auto(null)).toBe(AUTO_INTERVAL_MS_MIN);
    expect(auto(0.001)).toBe(AUTO_INTERVAL_MS_MIN);
    expect(auto(60)).toBe(AUTO_INTERVAL_MS_MAX);
  });

  it('follows from the run’s own saves: the one at its start is the first measurement', () => {
    const run = new Conversation({ checkpointIntervalMs: 'auto', windowsPerEpoch: 80, stepsTotal: 9 });
    run.tick();
    run.join('a');
    run.saved(0, 0.3);
    const closeAt = (at: number, assignment: number): string[] => {
      run.at = at;
      return run.closeAlone('a', assignment, [0, 1, 2, 3]).filter((line) => line.startsWith('save'));
    };
    expect(closeAt(29_999, 1)).toEqual([]);
    expect(closeAt(30_001, 2)).toEqual(['save 2 interval with 0 entries']);
    run.saved(2, 0.1);
    expect(closeAt(40_000, 3)).toEqual([]);
    expect(closeAt(40_002, 4)).toEqual(['save 4 interval with 0 entries']);
  });

  it('is the least on a resume, until a save was measured', () => {
    const shape = { checkpointIntervalMs: 'auto', windowsPerEpoch: 80, stepsTotal: 9 } as const;
    const run = Conversation.begun(['a'], shape, progressAt(1));
    run.at = AUTO_INTERVAL_MS_MIN;
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toContain('save 2 interval with 0 entries');
  });
});
