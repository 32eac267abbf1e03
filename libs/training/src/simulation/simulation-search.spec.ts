// Goal: a run that breaks a rule is made as small as it can be, and says what happened in it. Method: a rule of the spec's own,
// given in place of the simulation.
import { describe, expect, it } from 'vitest';
import { drawScenario, type SimulationScenario } from './scenario.js';
import { searchSeeds, shrink } from './simulation-search.js';

/** Breaks a rule where more than two workers take more than three steps with a crash. */
function play(scenario: SimulationScenario, trace: ((line: string) => void) | null): void {
  const { workers, shape, faults } = scenario;
  for (let line = 0; line < 1000; line++) trace?.(`line ${line}`);
  if (workers > 2 && shape.stepsTotal > 3 && faults.workerCrashes > 0) throw new Error('too much');
}

describe('a scenario that breaks a rule', () => {
  const first = [...Array(100).keys()].map(drawScenario).find((scenario) => {
    return scenario.workers > 4 && scenario.shape.stepsTotal > 6 && scenario.faults.workerCrashes > 4;
  })!;

  it('is shrunk to the least that breaks it, with the last lines of what happened', () => {
    const { scenario, leastRule, trace, traceLines } = shrink(first, play);
    expect(scenario.workers).toBe(3);
    expect(scenario.shape).toMatchObject({
      stepsTotal: 4,
      microBatchesPerStep: 1,
      windowsPerEpoch: 1,
      rangeCount: 1,
      evaluationPieces: 0,
      auditShare: 0,
    });
    expect(scenario.faults).toMatchObject({
      workerCrashes: 1,
      coordinatorCrashes: 0,
      stops: 0,
      duplicates: 0,
      lie: null,
      divergence: null,
    });
    expect(leastRule).toBe('too much');
    expect(traceLines).toBe(1000);
    expect(trace).toHaveLength(400);
    expect(trace.at(-1)).toBe('line 999');
  });

  it('repeats from its seed', () => {
    expect(shrink(first, play)).toEqual(shrink(first, play));
  });
});

it('counts the runs of a search that finds nothing', () => {
  const over: number[] = [];
  const search = searchSeeds(5, 3, (count) => over.push(count));
  expect(over).toEqual([1, 2, 3]);
  expect(search).toMatchObject({ runs: 3, broken: null });
  expect(Object.values(search.outcomes).reduce((sum, count) => sum + count)).toBe(3);
  expect(search.stepsClosed).toBeGreaterThan(0);
});
