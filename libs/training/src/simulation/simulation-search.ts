/** Looks for a seed whose run breaks a rule, and for the least scenario that still does. */
import { microBatchCount } from '../plan.js';
import type { RunShape } from '../run-state.js';
import { drawScenario, type SimulationFaults, type SimulationScenario } from './scenario.js';
import { simulate, type SimulationOutcome } from './simulation.js';

/** Scenarios that are tried at most, to make one smaller. */
const SHRINK_TRIES_MAX = 2_000;

/** Lines of a trace that are kept: the last ones. */
const TRACE_LINES_MAX = 400;

/** Plays a scenario, and throws where a rule is broken. */
type Play = (scenario: SimulationScenario, trace: ((line: string) => void) | null) => unknown;

/** A rule that a run broke. */
export interface BrokenRule {
  /** The first seed whose run broke a rule, and which. */
  readonly seed: number;
  readonly rule: string;
  /** The least scenario found that breaks one, and which. */
  readonly scenario: SimulationScenario;
  readonly leastRule: string;
  /** What happened in it: the last lines, and how many there were. */
  readonly trace: readonly string[];
  readonly traceLines: number;
}

export interface SearchOutcome {
  readonly runs: number;
  /** By how they ended. */
  readonly outcomes: Readonly<Record<SimulationOutcome['outcome'], number>>;
  readonly events: number;
  readonly stepsClosed: number;
  /** The first that was found, which ends the search; null for none. */
  readonly broken: BrokenRule | null;
}

/**
 * Plays the runs of consecutive seeds until one breaks a rule, which is then made smaller.
 * @param onRun told how many runs are over, after each.
 * @param triesMax scenarios that are tried at most, to make it smaller.
 */
export function searchSeeds(
  firstSeed: number,
  runs: number,
  onRun: (over: number) => void = () => {},
  triesMax = SHRINK_TRIES_MAX,
): SearchOutcome {
  const outcomes = { done: 0, diverged: 0, unsettled: 0 };
  let events = 0;
  let stepsClosed = 0;
  for (let over = 0; over < runs; over++) {
    const seed = firstSeed + over;
    const rule = ruleBrokenBy(drawScenario(seed), (scenario, trace) => {
      const outcome = simulate(scenario, trace);
      outcomes[outcome.outcome] += 1;
      events += outcome.events;
      stepsClosed += outcome.stepsClosed;
    });
    onRun(over + 1);
    if (rule !== null) {
      const broken = { seed, rule, ...shrink(drawScenario(seed), simulate, triesMax) };
      return { runs: over + 1, outcomes, events, stepsClosed, broken };
    }
  }
  return { runs, outcomes, events, stepsClosed, broken: null };
}

/**
 * Makes a scenario that breaks a rule smaller, as long as one is broken: without a fault, with fewer of them, with fewer
 * workers, steps, micro-batches.
 */
export function shrink(
  scenario: SimulationScenario,
  play: Play = simulate,
  triesMax = SHRINK_TRIES_MAX,
): Pick<BrokenRule, 'scenario' | 'leastRule' | 'trace' | 'traceLines'> {
  let least = scenario;
  let tries = 0;
  for (let smaller: SimulationScenario | null = scenario; smaller !== null;) {
    least = smaller;
    smaller = null;
    for (const candidate of simpler(least)) {
      if (tries === triesMax) break;
      tries += 1;
      if (ruleBrokenBy(candidate, play) === null) continue;
      smaller = candidate;
      break;
    }
  }
  const trace: string[] = [];
  let traceLines = 0;
  const leastRule = ruleBrokenBy(least, play, (line) => {
    trace.push(line);
    traceLines += 1;
    if (trace.length > TRACE_LINES_MAX) trace.shift();
  });
  return { scenario: least, leastRule: leastRule ?? 'none', trace, traceLines };
}

/** What the run of a scenario breaks; null for nothing. Anything that is thrown is a broken rule: the machine's own too. */
function ruleBrokenBy(
  scenario: SimulationScenario,
  play: Play,
  trace: ((line: string) => void) | null = null,
): string | null {
  try {
    play(scenario, trace);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Scenarios that are simpler by one thing, the greatest steps first. */
function* simpler(scenario: SimulationScenario): Generator<SimulationScenario> {
  const { shape, faults, workers, endsFirstAt } = scenario;
  const withFaults = (changes: Partial<SimulationFaults>): SimulationScenario => ({
    ...scenario,
    faults: { ...faults, ...changes },
  });
  const withShape = (changes: Partial<RunShape>): SimulationScenario => ({
    ...scenario,
    shape: { ...shape, ...changes },
  });
  const candidates: SimulationScenario[] = [];
  for (const fault of COUNTED_FAULTS) {
    for (const count of fewer(faults[fault], 0)) candidates.push(withFaults({ [fault]: count }));
  }
  if (faults.duplicates > 0) candidates.push(withFaults({ duplicates: 0 }));
  if (faults.drift) candidates.push(withFaults({ drift: false }));
  if (faults.lie !== null) candidates.push(withFaults({ lie: null }));
  if (faults.divergence !== null) candidates.push(withFaults({ divergence: null }));
  if (endsFirstAt !== null) candidates.push({ ...scenario, endsFirstAt: null });
  for (const count of fewer(workers, 1)) candidates.push({ ...scenario, workers: count });
  for (const [key, least] of COUNTED_SHAPE) {
    for (const count of fewer(shape[key], least)) candidates.push(withShape({ [key]: count }));
  }
  const { checkpointIntervalMs } = shape;
  const intervals = checkpointIntervalMs === 'auto' ? [0] : fewer(checkpointIntervalMs, 0);
  for (const interval of intervals) candidates.push(withShape({ checkpointIntervalMs: interval }));
  if (shape.evaluationPieces > 0) candidates.push(withShape({ evaluationPieces: 0, evaluationUnits: 0 }));
  if (shape.auditShare > 0) candidates.push(withShape({ auditShare: 0 }));
  if (shape.clips) candidates.push(withShape({ clips: false }));
  for (const candidate of candidates) if (isSound(candidate)) yield candidate;
}

const COUNTED_FAULTS = [
  'workerCrashes',
  'coordinatorCrashes',
  'stops',
  'holds',
  'failedSaves',
  'misdeeds',
  'slowdowns',
  'stalls',
] as const;

/** Numbers of a shape, each with the least that it may be. */
const COUNTED_SHAPE = [
  ['stepsTotal', 1],
  ['microBatchesPerStep', 1],
  ['windowsPerMicroBatch', 1],
  ['windowsPerEpoch', 1],
  ['rangeCount', 1],
  ['minWorkers', 1],
  ['evaluateEverySteps', 0],
  ['patience', 0],
  ['checkpointEverySteps', 0],
  ['anchorEverySteps', 0],
] as const;

/** Lesser counts, the least first. */
function fewer(count: number, least: number): number[] {
  const lesser = [least, Math.max(least, Math.floor(count / 2)), count - 1];
  return [...new Set(lesser)].filter((other) => other >= least && other < count);
}

/** Whether a scenario is one that can come to a good end. */
function isSound({ shape, workers, endsFirstAt, faults }: SimulationScenario): boolean {
  const { divergence, lie } = faults;
  if (shape.minWorkers > workers) return false;
  if (endsFirstAt !== null && endsFirstAt >= shape.stepsTotal) return false;
  if (lie === 'bits' && shape.auditShare < 1) return false;
  if (divergence === null) return true;
  if (divergence.step >= shape.stepsTotal) return false;
  if (divergence.kind === 'spike') return divergence.step > 0;
  return divergence.kind === 'update' || divergence.microBatch < microBatchCount(shape, divergence.step);
}
