/** The driver of a simulated run: carries the machine's effects out on toy vectors, and checks what must always hold. */
import { assert } from '@rocinante/base';
import type { RunEffect } from './effects.js';
import type { RunEvent } from './events.js';
import { GRANTS_OUTSTANDING_MAX } from './issue-ledger.js';
import { RunMachine } from './machine.js';
import { STRIKES_MAX } from './roster.js';
import { effectLine, eventLine } from './trace-lines.js';
import { microBatchCount } from './plan.js';
import type { RunShape } from './run-state.js';
import type {
  CoordinatorSurroundings,
  Payload,
  SimulatedCheckpoint,
  SimulationCounts,
} from './simulated-surroundings.js';
import { SimulatedWrongs } from './simulated-wrongs.js';
import {
  takeMaxima,
  toyFits,
  toyGrid,
  toyJudgement,
  toyRange,
  toyUpdate,
  type ToyProblem,
  type ToyReference,
  type ToyState,
} from './toy-problem.js';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

/** One life of a coordinator, from a start or a resume to its finish or its death. */
export class SimulatedCoordinator {
  readonly machine: RunMachine;
  readonly #problem: ToyProblem;
  /** What an undisturbed run does; null where workers differ, and only the sums' rules are checked. */
  #reference: ToyReference | null;
  readonly #around: CoordinatorSurroundings;
  readonly #counts: SimulationCounts;
  readonly #firstAssignment: AssignmentId;
  readonly #answers: RunEvent[] = [];
  readonly #sessions = new Set<WorkerId>();
  #state: ToyState;
  #parameters: number[] = [];
  #sums: number[] = [];
  #grid: readonly number[] = [];
  #issue = '';
  #called: { expected: number[]; grid: number[] } | null = null;
  #judged = new Set<AssignmentId>();
  readonly #magnitudes = new Map<AssignmentId, readonly number[]>();
  readonly #assigned = new Map<
    AssignmentId,
    { readonly worker: WorkerId; readonly assignment: Assignment }
  >();
  /** For each range, to which assignment each micro-batch of it was granted last, until that is withdrawn or lost. */
  #granted: Map<number, AssignmentId>[] = [];
  /** What each worker was given and has not answered, in the life of the run. */
  readonly #unanswered = new Map<WorkerId, Set<AssignmentId>>();
  /** What is wrong in this life, and what became of it. */
  readonly #wrongs = new SimulatedWrongs();
  /** For each range, which assignment brought which micro-batch. */
  #sources: Map<number, AssignmentId>[] = [];
  /** Ranges of the issue in progress whose Adam was asked for, and those that are made. */
  #asked = new Set<number>();
  #applied = new Set<number>();
  #outstanding = new Map<WorkerId, Set<string>>();
  #saving = false;
  /** Of the last save that was begun, or what this life went on from. */
  #savedStep: number;
  #held = false;

  constructor(
    problem: ToyProblem,
    shape: RunShape,
    reference: ToyReference | null,
    from: SimulatedCheckpoint,
    now: number,
    firstAssignment: AssignmentId,
    around: CoordinatorSurroundings,
    counts: SimulationCounts,
  ) {
    this.#problem = problem;
    this.#reference = reference;
    this.#state = from.state;
    this.#savedStep = from.progress.step;
    this.#around = around;
    this.#counts = counts;
    this.#firstAssignment = firstAssignment;
    this.machine = new RunMachine(shape, from.progress, now, { firstAssignment });
  }

  /** Hands over an event from outside, and the answers that follow. */
  deliver(event: RunEvent, payload?: Payload): void {
    if (event.type === 'worker-joined') this.#sessions.add(event.worker);
    if (event.type === 'worker-left') this.#forget(event.worker);
    if (event.type === 'saved' || event.type === 'save-failed') this.#saving = false;
    if (event.type === 'held' || event.type === 'released') this.#held = event.type === 'held';
    if (event.type === 'reported' || event.type === 'evaluated') {
      this.#unanswered.get(event.worker)?.delete(event.assignment);
      if (payload!.isWrong) this.#wrongs.computedBy(event.worker);
    }
    for (let next: RunEvent | undefined = event; next; next = this.#answers.shift()) {
      this.#counts.events += 1;
      this.#around.trace?.(`${event.at.toFixed(0).padStart(7)} ms  ${eventLine(next)}`);
      const late = next.type === 'applied' && `${next.step}/${next.issue}` !== this.#issue;
      const effects = this.machine.handle(next);
      this.#check(!late || effects.length === 0, 'an answer of an issue given up has effects');
      for (const effect of effects) {
        this.#around.trace?.(`              ${effectLine(effect)}`);
        this.#carryOut(effect, next, next === event ? payload : undefined);
      }
      const { phase } = this.machine.view;
      if (phase === 'held' || phase === 'waiting') this.#counts[phase] += 1;
      this.#check(phase !== 'held' || this.#held, 'the run is held without a cause');
    }
  }

  #carryOut(effect: RunEffect, event: RunEvent, payload: Payload | undefined): void {
    switch (effect.type) {
      case 'issue':
        this.#beginIssue(effect);
        break;
      case 'assign':
        this.#assign(effect.worker, effect.assignment);
        break;
      case 'withdraw':
        this.#check(this.#sessions.has(effect.worker), `a withdrawal goes to ${effect.worker}, who is gone`);
        this.#unanswered.get(effect.worker)?.delete(effect.assignment);
        this.#void(effect.assignment);
        this.#around.send(effect.worker, { type: 'withdraw', assignment: effect.assignment });
        break;
      case 'grant':
        this.#grant(effect.worker, effect.assignment, effect.range);
        break;
      case 'keep-report':
        this.#check(
          event.type === 'reported' && event.assignment === effect.assignment,
          'a report is kept that did not come',
        );
        this.#check(payload!.issue === this.#issue, 'a report of another issue is kept');
        this.#check(
          this.#assigned.get(effect.assignment)!.assignment.kind === 'train',
          'the report of an audit is kept',
        );
        if (payload!.isWrong) this.#wrongs.kept(effect.assignment);
        this.#magnitudes.set(effect.assignment, payload!.values);
        break;
      case 'add-range':
        this.#addRange(effect, event, payload!);
        break;
      case 'judge-grid':
        this.#judge(effect.assignments, event.at);
        break;
      case 'apply':
        this.#apply(effect);
        break;
      case 'close-step':
        this.#closeStep(effect);
        break;
      case 'record':
        this.#checkRecord(effect);
        break;
      case 'save':
        this.#check(!this.#saving, 'two saves are under way');
        this.#check(effect.progress.step === effect.step, 'a save of another step');
        this.#check(effect.reason !== 'interval' || !this.#held, 'a save by the clock begins while held');
        this.#saving = true;
        this.#savedStep = effect.step;
        this.#around.save({ progress: effect.progress, state: this.#state });
        break;
      case 'ignore':
        this.#counts.ignored += 1;
        break;
      case 'dismiss':
        this.#counts.dismissed += 1;
        this.#check(this.#sessions.has(effect.worker), `${effect.worker} is dismissed, who is gone`);
        this.#forget(effect.worker);
        this.#around.endSession(effect.worker);
        break;
      case 'notice':
        this.#counts.notices += 1;
        break;
      case 'late':
        this.#counts.late += 1;
        this.#check(
          this.#sessions.has(effect.worker) && this.#unanswered.get(effect.worker)!.has(effect.assignment),
          `${effect.worker} is late with what is not awaited of it`,
        );
        break;
      case 'second-word':
        this.#counts.questioned += 1;
        if (effect.verdict === 'refuted') this.#counts.refuted += 1;
        this.#checkThat(this.#wrongs.judged(effect, this.#assigned.get(effect.assignment)!.worker));
        if (effect.verdict !== 'refuted') this.#checkRight(effect.assignment);
        break;
      case 'strike':
        this.#counts.strikes += 1;
        this.#check(this.#sessions.has(effect.worker), `${effect.worker} is struck, who is gone`);
        this.#checkThat(this.#wrongs.struck(effect, this.#reference !== null));
        break;
      case 'set-aside':
        this.#counts.setAside += 1;
        this.#check(this.#sessions.has(effect.worker), `${effect.worker} is set aside, who is gone`);
        this.#check(
          this.#wrongs.strikesOf(effect.worker) === STRIKES_MAX,
          `${effect.worker} is set aside before its time`,
        );
        this.#forget(effect.worker);
        this.#around.endSession(effect.worker);
        break;
      case 'finish':
        this.#around.finished(effect.outcome, effect.reason);
        break;
    }
  }

  #beginIssue({ step, issue, grid, misfitWorkers }: Extract<RunEffect, { type: 'issue' }>): void {
    const { rangeCount, minWorkers, checkpointEverySteps } = this.#problem.shape;
    if (issue === 1) {
      const isMultiple = checkpointEverySteps > 0 && step % checkpointEverySteps === 0;
      this.#check(!isMultiple || this.#savedStep === step, `step ${step} is issued without its checkpoint`);
      this.#check(!this.#held, `step ${step} is issued while held`);
      this.#check(
        this.#sessions.size >= minWorkers,
        `step ${step} is issued with ${this.#sessions.size} workers`,
      );
      this.#check(misfitWorkers.length === 0, `step ${step} has misfits before its first issue`);
    } else {
      this.#check(
        misfitWorkers.length > 0 || this.#reference === null,
        `step ${step} is issued again without a misfit`,
      );
      for (const worker of misfitWorkers) {
        this.#check(
          [...this.#assigned.values()].some((given) => given.worker === worker),
          `${worker} misfits, who had no part in the issue before`,
        );
      }
    }
    this.#check(
      step === this.machine.progress.step,
      `step ${step} is issued after ${this.machine.progress.step} closed ones`,
    );
    this.#check(this.#around.hasCheckpoint(), 'a step is issued before there is a checkpoint');
    this.#counts.issues += 1;
    this.#issue = `${step}/${issue}`;
    this.#grid = grid === 'previous' ? toyGrid(this.#state.expected) : this.#called!.grid;
    this.#sums = this.#state.parameters.map(() => 0);
    this.#parameters = [...this.#state.parameters];
    this.#sources = Array.from({ length: rangeCount }, () => new Map<number, AssignmentId>());
    this.#granted = Array.from({ length: rangeCount }, () => new Map<number, AssignmentId>());
    this.#asked = new Set();
    this.#applied = new Set();
    this.#magnitudes.clear();
    this.#wrongs.beginIssue();
    this.#assigned.clear();
    this.#outstanding.clear();
    this.#judged.clear();
  }

  #assign(worker: WorkerId, assignment: Assignment): void {
    this.#check(this.#sessions.has(worker), `work is given to ${worker}, who is gone`);
    this.#check(!this.#assigned.has(assignment.id), `assignment ${assignment.id} is given twice`);
    this.#check(
      assignment.id >= this.#firstAssignment,
      `assignment ${assignment.id} has a number of another life`,
    );
    this.#check(
      assignment.parametersVersion === this.machine.progress.step,
      'work is wanted with other parameters',
    );
    this.#check(assignment.microBatches.length > 0, `assignment ${assignment.id} is empty`);
    const unanswered = this.#unanswered.get(worker) ?? new Set();
    this.#unanswered.set(worker, unanswered.add(assignment.id));
    this.#check(unanswered.size <= this.#unansweredMax(), `${worker} has ${unanswered.size} pieces of work`);
    this.#assigned.set(assignment.id, { worker, assignment });
    this.#around.send(worker, { type: 'assign', assignment, state: this.#state, grid: this.#grid });
  }

  #grant(worker: WorkerId, id: AssignmentId, range: number): void {
    const outstanding = this.#outstanding.get(worker) ?? new Set();
    this.#outstanding.set(worker, outstanding.add(`${id}:${range}`));
    this.#check(
      outstanding.size <= GRANTS_OUTSTANDING_MAX,
      `${worker} has ${outstanding.size} grants outstanding`,
    );
    const given = this.#assigned.get(id)!;
    this.#check(
      this.#sessions.has(worker) && given.worker === worker,
      `a grant goes to ${worker}, who does not hold it`,
    );
    this.#check(
      toyFits(this.#magnitudes.get(id)!, this.#grid),
      'a range is granted that does not fit the grid',
    );
    this.#check(
      !given.assignment.magnitudesOnly && range >= given.assignment.firstRange,
      'an unwanted range is granted',
    );
    this.#check(given.assignment.kind === 'train', 'a range of an audit is granted');
    for (const microBatch of given.assignment.microBatches) {
      this.#check(
        !this.#sources[range].has(microBatch),
        `range ${range} has micro-batch ${microBatch}, and is granted again`,
      );
      const other = this.#granted[range].get(microBatch);
      this.#check(
        other === undefined,
        `range ${range} of #${id} is granted, and meets what #${other} has leave for`,
      );
      this.#granted[range].set(microBatch, id);
    }
    this.#around.send(worker, { type: 'grant', assignment: id, range });
  }

  #addRange(
    { assignment, range }: Extract<RunEffect, { type: 'add-range' }>,
    event: RunEvent,
    payload: Payload,
  ): void {
    this.#check(
      event.type === 'range-arrived' && event.assignment === assignment && event.range === range,
      'another range is added',
    );
    this.#check(
      payload.issue === this.#issue,
      `a range of issue ${payload.issue} is added in ${this.#issue}`,
    );
    this.#check(!this.#asked.has(range), `range ${range} is added to after its Adam`);
    this.#outstanding.get(this.#assigned.get(assignment)!.worker)!.delete(`${assignment}:${range}`);
    const source = this.#sources[range];
    for (const microBatch of payload.microBatches) {
      this.#check(!source.has(microBatch), `range ${range} has micro-batch ${microBatch} twice`);
      source.set(microBatch, assignment);
    }
    const width = payload.values.length;
    payload.values.forEach((value, index) => (this.#sums[range * width + index] += value));
  }

  #judge(assignments: readonly AssignmentId[], at: number): void {
    const magnitudes = new Array<number>(this.#problem.shape.rangeCount).fill(0);
    const seen = new Set<number>();
    for (const id of assignments) {
      for (const microBatch of this.#assigned.get(id)!.assignment.microBatches) {
        this.#check(!seen.has(microBatch), `micro-batch ${microBatch} is judged twice`);
        seen.add(microBatch);
      }
      this.#check(this.#magnitudes.has(id), `assignment ${id} is judged without a report`);
      this.#checkRight(id);
      takeMaxima(magnitudes, this.#magnitudes.get(id)!);
    }
    this.#check(seen.size === this.#microBatches(), `${seen.size} micro-batches are judged`);
    this.#judged = new Set(assignments);
    this.#called = toyJudgement(this.#state.expected, magnitudes);
    this.#answers.push({ type: 'grid-judged', at, agrees: this.#agrees() });
  }

  #apply({ step, issue, ranges }: Extract<RunEffect, { type: 'apply' }>): void {
    const { shape } = this.#problem;
    this.#check(`${step}/${issue}` === this.#issue, `a range of issue ${step}/${issue} is applied`);
    this.#check(
      !shape.clips || ranges.length === shape.rangeCount,
      'a range is applied before the norm is known',
    );
    this.#check(
      this.#judged.size > 0 && this.#agrees(),
      'a range is applied on a grid that is not called for',
    );
    for (const range of ranges) {
      this.#check(
        this.#sources[range].size === this.#microBatches(),
        `range ${range} is applied before it is whole`,
      );
      this.#check(!this.#asked.has(range), `range ${range} is applied twice`);
      this.#asked.add(range);
      this.#make(range, step, issue);
    }
  }

  /** Makes a range beside other work, in the vectors of its issue, and answers; other issues' answers may overtake it. */
  #make(range: number, step: number, issue: number): void {
    const { divergence } = this.#problem;
    const [parameters, sums, grid, applied] = [this.#parameters, this.#sums, this.#grid, this.#applied];
    this.#around.beside(() => {
      const next = toyUpdate(toyRange(parameters, range), toyRange(sums, range), grid[range], step);
      parameters.splice(range * next.length, next.length, ...next);
      applied.add(range);
      const finite = !(divergence?.kind === 'update' && divergence.step === step && range === 0);
      return { type: 'applied', step, issue, ranges: [range], finite };
    });
  }

  #closeStep({ step, epoch, windows, loss }: Extract<RunEffect, { type: 'close-step' }>): void {
    this.#counts.stepsClosed += 1;
    this.#check(
      this.#applied.size === this.#problem.shape.rangeCount,
      `step ${step} is closed before all ranges are applied`,
    );
    this.#check(this.#agrees(), `step ${step} is closed on a grid that is not called for`);
    this.#checkWindows(step, epoch, windows);
    for (const id of this.#sources.at(-1)!.values()) {
      this.#check(this.#judged.has(id), `assignment ${id} is in the sum and was not judged`);
    }
    this.#state = { parameters: this.#parameters, expected: this.#called!.expected };
    for (const id of new Set(this.#sources.flatMap((source) => [...source.values()]))) this.#checkRight(id);
    const reference = this.#reference;
    if (!reference) return;
    const expected = reference.states[step + 1];
    this.#check(
      JSON.stringify(this.#state) === JSON.stringify(expected),
      `step ${step} gives other parameters`,
    );
    this.#check(loss === reference.progresses[step + 1].lastLoss, `step ${step} has another loss`);
  }

  /** Every window of an epoch is applied once: a step has those that follow on the step's before. In no words of the plan's. */
  #checkWindows(step: number, epoch: number, windows: number): void {
    const { windowsPerEpoch, microBatchesPerStep, windowsPerMicroBatch } = this.#problem.shape;
    const batch = microBatchesPerStep * windowsPerMicroBatch;
    let before = step;
    let epochsBefore = 0;
    for (; before * batch >= windowsPerEpoch; epochsBefore += 1) before -= Math.ceil(windowsPerEpoch / batch);
    const left = windowsPerEpoch - before * batch;
    const wanted = Math.min(left, batch);
    this.#check(epoch === epochsBefore, `step ${step} is closed in epoch ${epoch}`);
    this.#check(windows === wanted, `step ${step} is closed with ${windows} windows, not ${wanted}`);
    for (const [range, source] of this.#sources.entries()) {
      let applied = 0;
      for (const microBatch of source.keys()) {
        const first = microBatch * windowsPerMicroBatch;
        applied += Math.min(windowsPerMicroBatch, Math.max(0, wanted - first));
      }
      this.#check(applied === wanted, `range ${range} of step ${step} has ${applied} windows of ${wanted}`);
    }
  }

  #checkRecord({ entry, best }: Extract<RunEffect, { type: 'record' }>): void {
    const expected = this.#reference?.recorded.get(entry.step);
    if (!this.#reference) return;
    this.#check(
      JSON.stringify(entry) === JSON.stringify(expected?.entry),
      `the entry of step ${entry.step} is another`,
    );
    this.#check(best === expected?.best, `the entry of step ${entry.step} is best where it is not`);
  }

  /** What was computed wrong may count only where nobody was there to contradict it; others may be compared with it then. */
  #checkRight(id: AssignmentId): void {
    if (this.#reference === null || !this.#wrongs.has(id)) return;
    const { worker } = this.#assigned.get(id)!;
    const message = `what ${worker} computed wrong as #${id} counts in ${this.#issue}`;
    this.#check(this.#wrongs.isUncontradicted(id), message);
    this.#reference = null;
    this.#around.tainted();
  }

  #forget(worker: WorkerId): void {
    this.#sessions.delete(worker);
    this.#outstanding.delete(worker);
    this.#unanswered.delete(worker);
    for (const [id, given] of this.#assigned) if (given.worker === worker) this.#void(id);
  }

  /** What an assignment has leave for is not wanted any more. */
  #void(id: AssignmentId): void {
    for (const granted of this.#granted) {
      for (const [microBatch, holder] of granted) if (holder === id) granted.delete(microBatch);
    }
  }

  /** One for each micro-batch or piece, twice at most, a second word for each, and a probe. */
  #unansweredMax(): number {
    const { microBatchesPerStep, evaluationPieces } = this.#problem.shape;
    return 3 * Math.max(microBatchesPerStep, evaluationPieces) + 1;
  }

  /** Whether the last judgement called for the grid that this issue has. */
  #agrees(): boolean {
    return this.#called!.grid.join() === this.#grid.join();
  }

  #microBatches(): number {
    return microBatchCount(this.#problem.shape, this.machine.progress.step);
  }

  /** @param broken what is wrong; null where nothing is. */
  #checkThat(broken: string | null): void {
    this.#check(broken === null, broken ?? '');
  }

  #check(condition: boolean, message: string): void {
    assert(condition, `simulation ${this.#problem.seed}: ${message}`);
  }
}
