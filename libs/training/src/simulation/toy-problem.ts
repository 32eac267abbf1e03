/**
 * A training problem of a few small integers with the structure of the real one: gradients depend on the parameters, the
 * step and the micro-batch; each range has one block with a grid; the update depends on the grid. So a contribution that is
 * counted twice, missed, rounded on another grid or computed with other parameters changes every number after it.
 */
import { randomWords } from '@rocinante/base';
import { earlyEnd } from '../early-stopping.js';
import { microBatchCount, evaluationDue, windowsOf } from '../plan.js';
import { withEntry, withStep, type RecordedEntry } from '../progress.js';
import { wentBack } from '../rollback.js';
import { noProgress, type RunProgress, type RunShape } from '../run-state.js';

/** Elements of a range. */
const ELEMENTS = 2;

/** The largest |q| that fits the grid. */
const QUANTUM_LIMIT = 15;

/** What the coordinator's vectors are after some closed steps. Never changed in place. */
export interface ToyState {
  /** One int32 an element. */
  readonly parameters: readonly number[];
  /** The expected magnitude r of each range. */
  readonly expected: readonly number[];
  /** How often the run went back by now; updates differ by it, as by a learning rate. */
  readonly rollbacks: number;
}

/** Where the run cannot go on: a micro-batch or an update that is not finite, or a loss that spikes. */
export type ToyDivergence = (
  | { readonly kind: 'micro-batch'; readonly microBatch: number }
  | { readonly kind: 'update' }
  | { readonly kind: 'spike' }
) & {
  readonly step: number;
  /** It is over once the run went back so often; a run that does not go back ends with it. */
  readonly rollbacks: number;
};

/** What a spiking step's losses are above others: so that the smoothed loss is, too, by any factor that is drawn. */
const SPIKE_LOSS = 1e6;

export interface ToyProblem {
  readonly seed: number;
  readonly shape: RunShape;
  readonly divergence: ToyDivergence | null;
}

export function toyFirstState({ shape: { rangeCount } }: ToyProblem): ToyState {
  return {
    parameters: Array.from({ length: rangeCount * ELEMENTS }, (_, index) => index + 1),
    expected: new Array<number>(rangeCount).fill(0),
    rollbacks: 0,
  };
}

/** The divergence that befalls a step computed from this state; null for none. */
export function toyDivergence(
  { divergence }: ToyProblem,
  { rollbacks }: ToyState,
  step: number,
): ToyDivergence | null {
  return divergence?.step === step && rollbacks < divergence.rollbacks ? divergence : null;
}

/** A micro-batch's gradient; steps differ in scale, so that some do not fit the grid of the one before. */
export function toyGradient(
  { seed, shape }: ToyProblem,
  state: ToyState,
  step: number,
  microBatch: number,
): number[] {
  const scale = 2 ** (randomWords(seed, 'simulation', step, 0xffff)[0] % 8);
  const gradient: number[] = [];
  for (let range = 0; range < shape.rangeCount; range++) {
    const words = randomWords(seed, 'simulation', step, microBatch, range);
    for (let element = 0; element < ELEMENTS; element++) {
      const mixed = Math.imul(state.parameters[gradient.length] ^ words[element], 0x9e3779b1) >>> 8;
      gradient.push((mixed % (2 * scale + 1)) - scale);
    }
  }
  return gradient;
}

/** A loss that depends on all parameters; for a piece of an evaluation the step is −1. */
export function toyLoss(problem: ToyProblem, state: ToyState, step: number, microBatch: number): number {
  const spike = toyDivergence(problem, state, step)?.kind === 'spike' ? SPIKE_LOSS : 0;
  let mixed = randomWords(problem.seed, 'simulation', step, microBatch, 0xffff)[0];
  for (const parameter of state.parameters) mixed = Math.imul(mixed ^ parameter, 0x85ebca6b) >>> 0;
  return mixed / 2 ** 31 + 0.1 + spike;
}

/** The largest |g| in each range. */
export function toyMagnitudes(gradient: readonly number[]): number[] {
  const magnitudes = new Array<number>(gradient.length / ELEMENTS).fill(0);
  gradient.forEach((value, index) => {
    const range = Math.floor(index / ELEMENTS);
    magnitudes[range] = Math.max(magnitudes[range], Math.abs(value));
  });
  return magnitudes;
}

/** Takes each range's larger magnitude into `into`. */
export function takeMaxima(into: number[], magnitudes: readonly number[]): void {
  magnitudes.forEach((magnitude, range) => (into[range] = Math.max(into[range], magnitude)));
}

/** The exponent of each range's grid; −1, on which only zeros fit, where nothing is expected yet. */
export function toyGrid(expected: readonly number[]): number[] {
  return expected.map((r) => (r === 0 ? -1 : Math.max(0, Math.ceil(Math.log2(r)) - 2)));
}

export function toyFits(magnitudes: readonly number[], grid: readonly number[]): boolean {
  return magnitudes.every((magnitude, range) => {
    if (grid[range] < 0) return magnitude === 0;
    return Math.round(magnitude / 2 ** grid[range]) <= QUANTUM_LIMIT;
  });
}

export function toyQuanta(gradient: readonly number[], grid: readonly number[]): number[] {
  return gradient.map((value, index) => Math.round(value / 2 ** grid[Math.floor(index / ELEMENTS)]));
}

/** The Euclidean norm, as a report has it. */
export function toyNorm(gradient: readonly number[]): number {
  return Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
}

/** A hash of a micro-batch's own multiples of the grid; never 0. */
export function toyHash(quanta: readonly number[]): number {
  return (quanta.reduce((mixed, q) => Math.imul(mixed ^ q, 0x85ebca6b), 1) | 1) >>> 0;
}

/** The elements of a range. */
export function toyRange<Value>(vector: readonly Value[], range: number): Value[] {
  return vector.slice(range * ELEMENTS, (range + 1) * ELEMENTS);
}

/** r(s). */
function toyExpected(before: readonly number[], magnitudes: readonly number[]): number[] {
  return before.map((r, range) => Math.max(magnitudes[range], r / 2));
}

/** What the magnitudes of a step call for: r(s), and the grid, the former one where they fit it. */
export function toyJudgement(
  before: readonly number[],
  magnitudes: readonly number[],
): { expected: number[]; grid: number[] } {
  const expected = toyExpected(before, magnitudes);
  const former = toyGrid(before);
  return { expected, grid: toyFits(magnitudes, former) ? former : toyGrid(expected) };
}

/** A range's next parameters. */
export function toyUpdate(
  { parameters, rollbacks }: ToyState,
  range: number,
  sums: readonly number[],
  exponent: number,
  step: number,
): number[] {
  const scale = exponent < 0 ? 0 : 2 ** exponent;
  return toyRange(parameters, range).map((parameter, index) => {
    return (Math.imul(parameter, 31 + 2 * rollbacks) + sums[index] * scale + step) | 0;
  });
}

/** What an undisturbed run is after so many steps, since it last went back. */
interface ToyMoment {
  readonly state: ToyState;
  /** Before an evaluation there. */
  readonly progress: RunProgress;
  readonly recorded: RecordedEntry | null;
}

/** What an undisturbed run does, worked out without the machine. */
export interface ToyReference {
  /** By how often it went back, and then by steps closed. */
  readonly moments: readonly (readonly ToyMoment[])[];
  readonly end: RunProgress;
  readonly endState: ToyState;
  /** Whether it ends where the problem has it diverge. */
  readonly diverges: boolean;
}

/** @param ends steps at which the run ended and was given more, ascending; the last is its own. */
export function toyReference(problem: ToyProblem, ends: readonly number[]): ToyReference {
  let state = toyFirstState(problem);
  let progress = noProgress;
  let branch: ToyMoment[] = [{ state, progress, recorded: null }];
  const moments = [branch];
  let diverges = false;
  const goesOn = (stepsTotal: number): boolean =>
    !diverges && progress.step < stepsTotal && earlyEnd(problem.shape, progress.history) === null;
  for (const stepsTotal of ends) {
    const shape = { ...problem.shape, stepsTotal };
    while (goesOn(stepsTotal)) {
      const { step } = progress;
      const divergence = toyDivergence(problem, state, step);
      // A step that spikes is closed; of another nothing is.
      if (divergence === null || divergence.kind === 'spike') {
        const closed = referenceStep(problem, state, step);
        ({ state } = closed);
        progress = withStep(shape, progress, closed.issues, closed.lossSum, windowsOf(shape, step));
        const isPoint = divergence === null && evaluationDue(shape, progress);
        const recorded = isPoint ? withEntry(shape, progress, referenceEvaluation(problem, state)) : null;
        branch.push({ state, progress, recorded });
        progress = recorded?.progress ?? progress;
      }
      if (divergence === null) continue;
      diverges = shape.anchorEverySteps === 0;
      if (diverges) continue;
      const anchor = branch[progress.anchorStep];
      progress = wentBack(progress, anchor.recorded?.progress ?? anchor.progress);
      state = { ...anchor.state, rollbacks: progress.rollbacks.length };
      branch = [...branch.slice(0, progress.step), { ...anchor, state, progress }];
      moments.push(branch);
    }
  }
  return { moments, end: progress, endState: state, diverges };
}

function referenceStep(
  problem: ToyProblem,
  before: ToyState,
  step: number,
): { state: ToyState; issues: number; lossSum: number } {
  const { shape } = problem;
  const magnitudes = new Array<number>(shape.rangeCount).fill(0);
  const gradients: number[][] = [];
  let lossSum = 0;
  for (let microBatch = 0; microBatch < microBatchCount(shape, step); microBatch++) {
    const gradient = toyGradient(problem, before, step, microBatch);
    gradients.push(gradient);
    takeMaxima(magnitudes, toyMagnitudes(gradient));
    lossSum += toyLoss(problem, before, step, microBatch);
  }
  const { expected, grid } = toyJudgement(before.expected, magnitudes);
  const sums = before.parameters.map(() => 0);
  for (const gradient of gradients) toyQuanta(gradient, grid).forEach((q, index) => (sums[index] += q));
  const parameters = grid.flatMap((exponent, range) =>
    toyUpdate(before, range, toyRange(sums, range), exponent, step),
  );
  const issues = toyFits(magnitudes, toyGrid(before.expected)) ? 1 : 2;
  return { state: { ...before, parameters, expected }, issues, lossSum };
}

function referenceEvaluation(problem: ToyProblem, state: ToyState): number | null {
  const { evaluationPieces, evaluationUnits } = problem.shape;
  if (evaluationPieces === 0) return null;
  let lossSum = 0;
  for (let piece = 0; piece < evaluationPieces; piece++) lossSum += toyLoss(problem, state, -1, piece);
  return lossSum / evaluationUnits;
}
