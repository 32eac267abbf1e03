// Goal: no order of losses, delays, duplicates and returns changes a run's numbers, breaks a rule, or leaves it standing.
// Method: runs drawn from seeds; each is checked at every effect by simulated-coordinator.ts and against a run that is
// worked out without the machine. ROCINANTE_LONG=1 plays 100,000 of them.
import { describe, expect, it } from 'vitest';
import { drawScenario } from './scenario.js';
import { simulate } from './simulation.js';

const SEEDS = process.env.ROCINANTE_LONG === '1' ? 100_000 : 2_000;

describe('simulated runs', () => {
  it(`keeps every rule in ${SEEDS} runs`, { timeout: 100 * SEEDS + 60_000 }, () => {
    const outcomes = { done: 0, diverged: 0, unsettled: 0 };
    const sums = {
      issues: 0,
      stepsClosed: 0,
      ignored: 0,
      dismissed: 0,
      notices: 0,
      late: 0,
      questioned: 0,
      refuted: 0,
      strikes: 0,
      setAside: 0,
      held: 0,
      waiting: 0,
      lives: 0,
    };
    let early = 0;
    let tainted = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const run = simulate(drawScenario(seed));
      outcomes[run.outcome] += 1;
      if (run.early) early += 1;
      if (run.tainted) tainted += 1;
      for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += run[key];
    }
    // The scenarios would prove nothing if they met nothing.
    expect(outcomes.done).toBeGreaterThan(0.8 * SEEDS);
    expect(outcomes.diverged).toBeGreaterThan(0.03 * SEEDS);
    expect(sums.issues).toBeGreaterThan(1.2 * sums.stepsClosed);
    expect(sums.lives).toBeGreaterThan(1.2 * SEEDS);
    expect(sums.ignored).toBeGreaterThan(SEEDS);
    expect(sums.dismissed).toBeGreaterThan(0.05 * SEEDS);
    expect(sums.notices).toBeGreaterThan(0.1 * SEEDS);
    expect(sums.late).toBeGreaterThan(0.5 * SEEDS);
    expect(sums.questioned).toBeGreaterThan(2 * SEEDS);
    expect(sums.refuted).toBeGreaterThan(0.1 * SEEDS);
    expect(sums.strikes).toBeGreaterThan(0.2 * SEEDS);
    expect(sums.setAside).toBeGreaterThan(0.02 * SEEDS);
    // Most runs must have the very numbers of the reference to their end.
    expect(tainted).toBeLessThan(0.1 * SEEDS);
    expect(sums.held).toBeGreaterThan(0.1 * SEEDS);
    expect(sums.waiting).toBeGreaterThan(SEEDS);
    expect(early).toBeGreaterThan(0.03 * SEEDS);
  });

  it('repeats a run from its seed', () => {
    expect(simulate(drawScenario(7))).toEqual(simulate(drawScenario(7)));
  });
});
