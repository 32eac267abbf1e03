import { describe, expect, it } from 'vitest';
import { Rate } from './rate.js';
import { started, stepEntry } from './spec-entries.js';

describe('the rate of a run', () => {
  it('is over all steps of the activation but the first two', () => {
    const rate = new Rate();
    rate.entry(started({ atStep: 0 }));
    rate.entry(stepEntry(1, { windows: 32, seconds: 100 }));
    rate.entry(stepEntry(2, { windows: 32, seconds: 100 }));
    expect(rate.windowsPerSecond).toBeNull();
    rate.entry(stepEntry(3, { windows: 32, seconds: 1 }));
    rate.entry(stepEntry(4, { windows: 16, seconds: 3 }));
    expect(rate.windowsPerSecond).toBe(12);
  });

  it('begins anew where the run does', () => {
    const rate = new Rate();
    rate.entry(started({ atStep: 0 }));
    for (const step of [1, 2, 3]) rate.entry(stepEntry(step, { windows: 32, seconds: 1 }));
    rate.entry(started({ atStep: 2 }));
    expect(rate.windowsPerSecond).toBeNull();
    rate.entry(stepEntry(3, { windows: 32, seconds: 1 }));
    rate.entry(stepEntry(4, { windows: 32, seconds: 1 }));
    expect(rate.windowsPerSecond).toBeNull();
    rate.entry(stepEntry(5, { windows: 32, seconds: 4 }));
    expect(rate.windowsPerSecond).toBe(8);
  });

  it('counts from behind the first step it hears of, where that is later than the second', () => {
    const rate = new Rate();
    rate.entry(started({ atStep: 0 }));
    rate.entry(stepEntry(50, { windows: 32, seconds: 100 }));
    expect(rate.windowsPerSecond).toBeNull();
    rate.entry(stepEntry(51, { windows: 32, seconds: 2 }));
    expect(rate.windowsPerSecond).toBe(16);
  });

  it('is not told by the rest of an epoch alone', () => {
    const rate = new Rate();
    rate.entry(started({ atStep: 0, batch: 32 }));
    rate.entry(stepEntry(50, { windows: 32, seconds: 1 }));
    rate.entry(stepEntry(51, { windows: 2, seconds: 0.5 }));
    expect(rate.windowsPerSecond).toBeNull();
    rate.entry(stepEntry(52, { windows: 32, seconds: 1.5 }));
    expect(rate.windowsPerSecond).toBe(17);
  });
});
