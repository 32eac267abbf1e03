/** One issue of a step as the driver of a simulated run holds it, and the rules of grants, sums and Adam. */
import { assert } from '@rocinante/base';
import type { RunEffect } from '../effects.js';
import { microBatchCount } from '../plan.js';
import type { Payload, SimulatedAnswer } from './simulated-surroundings.js';
import {
  takeMaxima,
  toyDivergence,
  toyFits,
  toyJudgement,
  toyRange,
  toyUpdate,
  type ToyProblem,
  type ToyState,
} from './toy-problem.js';
import type { Assignment, AssignmentId } from '../work.js';

/** Reports, grants and sums of one issue, each checked as it comes. */
export class SimulatedIssue {
  /** `step/issue`, as workers say which one they mean. */
  readonly name: string;
  readonly grid: readonly number[];
  readonly #problem: ToyProblem;
  readonly #before: ToyState;
  readonly #microBatches: number;
  /** Of the next state, as far as it is made. */
  readonly #parameters: number[];
  readonly #sums: number[];
  readonly #magnitudes = new Map<AssignmentId, readonly number[]>();
  /** For each range, to which assignment each micro-batch of it was granted last, until that is withdrawn or lost. */
  readonly #granted: Map<number, AssignmentId>[];
  /** For each range, which assignment brought which micro-batch. */
  readonly #sources: Map<number, AssignmentId>[];
  /** Ranges whose Adam was asked for, and those that are made. */
  readonly #asked = new Set<number>();
  readonly #applied = new Set<number>();
  /** Assignments of which nothing more is wanted, whatever is missing. */
  readonly #void = new Set<AssignmentId>();
  #judged = new Set<AssignmentId>();
  /** What the last judgement called for; null before the first. */
  #called: { expected: number[]; grid: number[] } | null = null;

  /** @param before the closed state that it goes on from. */
  constructor(
    problem: ToyProblem,
    before: ToyState,
    {
      step,
      issue,
      grid,
    }: { readonly step: number; readonly issue: number; readonly grid: readonly number[] },
  ) {
    this.name = `${step}/${issue}`;
    this.grid = grid;
    this.#problem = problem;
    this.#before = before;
    this.#microBatches = microBatchCount(problem.shape, step);
    this.#parameters = [...before.parameters];
    this.#sums = before.parameters.map(() => 0);
    const ofRanges = (): Map<number, AssignmentId>[] =>
      Array.from({ length: problem.shape.rangeCount }, () => new Map<number, AssignmentId>());
    this.#granted = ofRanges();
    this.#sources = ofRanges();
  }

  /** The grid that the last judgement called for. */
  get calledFor(): readonly number[] {
    return this.#called!.grid;
  }

  /** For each range, the micro-batches in its sum. */
  microBatches(): number[][] {
    return this.#sources.map((source) => [...source.keys()]);
  }

  /** Keeps a report's magnitudes. */
  keep(id: AssignmentId, magnitudes: readonly number[]): void {
    this.#magnitudes.set(id, magnitudes);
  }

  grant({ id, kind, magnitudesOnly, firstRange, microBatches }: Assignment, range: number): void {
    this.#check(
      toyFits(this.#magnitudes.get(id)!, this.grid),
      'a range is granted that does not fit the grid',
    );
    this.#check(!magnitudesOnly && range >= firstRange, 'an unwanted range is granted');
    this.#check(kind === 'train', 'a range of an audit is granted');
    for (const microBatch of microBatches) {
      const isThere = this.#sources[range].has(microBatch);
      this.#check(!isThere, `range ${range} has micro-batch ${microBatch}, and is granted again`);
      const other = this.#granted[range].get(microBatch);
      this.#check(
        other === undefined,
        `range ${range} of #${id} is granted, and meets what #${other} has leave for`,
      );
      this.#granted[range].set(microBatch, id);
    }
  }

  /** What an assignment has leave for is not wanted any more. */
  void(id: AssignmentId): void {
    this.#void.add(id);
    for (const granted of this.#granted) {
      for (const [microBatch, holder] of granted) if (holder === id) granted.delete(microBatch);
    }
  }

  /** Whether an assignment is reported in this issue, and a range that is wanted of it has not come. */
  isIncomplete({ id, microBatches }: Assignment): boolean {
    if (this.#void.has(id) || !this.#magnitudes.has(id)) return false;
    return this.#sources.some((source) => microBatches.some((microBatch) => !source.has(microBatch)));
  }

  /** Adds a range of a contribution to the sums. */
  add({ id }: Assignment, range: number, { issue, microBatches, values }: Payload): void {
    this.#check(issue === this.name, `a range of issue ${issue} is added in ${this.name}`);
    this.#check(!this.#asked.has(range), `range ${range} is added to after its Adam`);
    const source = this.#sources[range];
    for (const microBatch of microBatches) {
      this.#check(!source.has(microBatch), `range ${range} has micro-batch ${microBatch} twice`);
      source.set(microBatch, id);
    }
    values.forEach((value, index) => (this.#sums[range * values.length + index] += value));
  }

  /**
   * Works out which grid the reports of these assignments call for.
   * @returns whether it is this issue's.
   */
  judge(assignments: readonly Assignment[]): boolean {
    const magnitudes = new Array<number>(this.#problem.shape.rangeCount).fill(0);
    const seen = new Set<number>();
    for (const { id, microBatches } of assignments) {
      for (const microBatch of microBatches) {
        this.#check(!seen.has(microBatch), `micro-batch ${microBatch} is judged twice`);
        seen.add(microBatch);
      }
      this.#check(this.#magnitudes.has(id), `assignment ${id} is judged without a report`);
      takeMaxima(magnitudes, this.#magnitudes.get(id)!);
    }
    this.#check(seen.size === this.#microBatches, `${seen.size} micro-batches are judged`);
    this.#judged = new Set(assignments.map(({ id }) => id));
    this.#called = toyJudgement(this.#before.expected, magnitudes);
    return this.#agrees();
  }

  /**
   * The Adam of ranges: pieces of work that are done beside others, in the vectors of this issue; another issue's answers may
   * overtake theirs.
   */
  apply({ step, issue, ranges }: Extract<RunEffect, { type: 'apply' }>): (() => SimulatedAnswer)[] {
    const { shape } = this.#problem;
    this.#check(`${step}/${issue}` === this.name, `a range of issue ${step}/${issue} is applied`);
    this.#check(
      !shape.clips || ranges.length === shape.rangeCount,
      'a range is applied before the norm is known',
    );
    this.#check(this.#agrees(), 'a range is applied on a grid that is not called for');
    return ranges.map((range) => {
      this.#check(
        this.#sources[range].size === this.#microBatches,
        `range ${range} is applied before it is whole`,
      );
      this.#check(!this.#asked.has(range), `range ${range} is applied twice`);
      this.#asked.add(range);
      return () => {
        const next = toyUpdate(this.#before, range, toyRange(this.#sums, range), this.grid[range], step);
        this.#parameters.splice(range * next.length, next.length, ...next);
        this.#applied.add(range);
        const diverges = toyDivergence(this.#problem, this.#before, step)?.kind === 'update';
        const finite = !(diverges && range === 0);
        return { type: 'applied', step, issue, ranges: [range], finite };
      };
    });
  }

  /** @returns the next state, and the assignments that are in its sums. */
  close(step: number): { readonly state: ToyState; readonly assignments: ReadonlySet<AssignmentId> } {
    this.#check(
      this.#applied.size === this.#problem.shape.rangeCount,
      `step ${step} is closed before all ranges are applied`,
    );
    this.#check(this.#agrees(), `step ${step} is closed on a grid that is not called for`);
    for (const id of this.#sources.at(-1)!.values()) {
      this.#check(this.#judged.has(id), `assignment ${id} is in the sum and was not judged`);
    }
    return {
      state: { ...this.#before, parameters: this.#parameters, expected: this.#called!.expected },
      assignments: new Set(this.#sources.flatMap((source) => [...source.values()])),
    };
  }

  /** Whether the last judgement called for the grid that this issue has. */
  #agrees(): boolean {
    return this.#called?.grid.join() === this.grid.join();
  }

  #check(condition: boolean, message: string): void {
    assert(condition, `simulation ${this.#problem.seed}: ${message}`);
  }
}
