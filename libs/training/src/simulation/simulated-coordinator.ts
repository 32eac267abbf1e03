/** The driver of a simulated run: carries the machine's effects out on toy vectors, and checks what must always hold. */
import { assert } from '@rocinante/base';
import type { RunEffect } from '../effects.js';
import type { RunEvent } from '../events.js';
import { GRANTS_OUTSTANDING_MAX } from '../issue-ledger.js';
import { RunMachine } from '../machine.js';
import { STRIKES_MAX } from '../roster.js';
import { effectLine, eventLine } from '../trace-lines.js';
import type { RunShape } from '../run-state.js';
import type {
  CoordinatorSurroundings,
  Payload,
  SimulatedCheckpoint,
  SimulationCounts,
} from './simulated-surroundings.js';
import { SimulatedIssue } from './simulated-issue.js';
import { SimulatedWaits } from './simulated-waits.js';
import { wrongWindows } from './simulated-windows.js';
import { SimulatedWrongs } from './simulated-wrongs.js';
import { toyGrid, type ToyProblem, type ToyReference, type ToyState } from './toy-problem.js';
import type { Assignment, AssignmentId, WorkerId } from '../work.js';

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
  /** The issue in progress, or the last one. */
  #issue: SimulatedIssue | null = null;
  readonly #assigned = new Map<
    AssignmentId,
    { readonly worker: WorkerId; readonly assignment: Assignment }
  >();
  /** What each worker was given and has not answered, in the life of the run. */
  readonly #unanswered = new Map<WorkerId, Set<AssignmentId>>();
  /** What is wrong in this life, and what became of it. */
  readonly #wrongs = new SimulatedWrongs();
  readonly #waits: SimulatedWaits;
  /** Workers from which something was taken, and that have not reported since: the machine may give them nothing that is awaited. */
  readonly #doubtful = new Set<WorkerId>();
  /** Whether a report of the issue in progress does not fit its grid: no range of it is waited for. */
  #misfit = false;
  #now: number;
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
    this.#now = now;
    this.#around = around;
    this.#counts = counts;
    this.#firstAssignment = firstAssignment;
    this.#waits = new SimulatedWaits(problem.seed % 2 === 1);
    this.machine = new RunMachine(shape, from.progress, now, { firstAssignment });
  }

  /** Hands over an event from outside, and the answers that follow. */
  deliver(event: RunEvent, payload?: Payload): void {
    this.#now = event.at;
    this.#checkWaits();
    if (event.type === 'worker-joined') this.#sessions.add(event.worker);
    if (event.type === 'worker-left') this.#forget(event.worker);
    if (event.type === 'saved' || event.type === 'save-failed') this.#saving = false;
    if (event.type === 'held' || event.type === 'released') this.#held = event.type === 'held';
    if (event.type === 'reported' || event.type === 'evaluated') {
      this.#unanswered.get(event.worker)?.delete(event.assignment);
      this.#doubtful.delete(event.worker);
      if (payload!.isWrong) this.#wrongs.computedBy(event.worker);
    }
    for (let next: RunEvent | undefined = event; next; next = this.#answers.shift()) {
      this.#counts.events += 1;
      this.#around.trace?.(`${event.at.toFixed(0).padStart(7)} ms  ${eventLine(next)}`);
      const late = next.type === 'applied' && `${next.step}/${next.issue}` !== this.#issue?.name;
      const effects = this.machine.handle(next);
      this.#check(!late || effects.length === 0, 'an answer of an issue given up has effects');
      for (const effect of effects) {
        this.#around.trace?.(`              ${effectLine(effect)}`);
        this.#carryOut(effect, next, next === event ? payload : undefined);
      }
      this.#sendGrants(event.at);
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
        this.#issue?.void(effect.assignment);
        this.#waits.over(effect.worker, effect.assignment, this.#now);
        this.#doubtful.add(effect.worker);
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
        this.#check(payload!.issue === this.#issue!.name, 'a report of another issue is kept');
        this.#check(
          this.#assigned.get(effect.assignment)!.assignment.kind === 'train',
          'the report of an audit is kept',
        );
        if (payload!.isWrong) this.#wrongs.kept(effect.assignment);
        this.#misfit ||= event.type === 'reported' && !event.fits;
        this.#issue!.keep(effect.assignment, payload!.values);
        break;
      case 'add-range':
        this.#addRange(effect, event, payload!);
        break;
      case 'judge-grid':
        this.#judge(effect.assignments, event.at);
        break;
      case 'apply':
        for (const work of this.#issue!.apply(effect)) this.#around.beside(work);
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
        this.#doubtful.add(effect.worker);
        this.#check(
          this.#sessions.has(effect.worker) && this.#isAwaited(effect),
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
    const { minWorkers, checkpointEverySteps, anchorEverySteps } = this.#problem.shape;
    if (issue === 1) {
      const isMultiple = [checkpointEverySteps, anchorEverySteps].some((n) => n > 0 && step % n === 0);
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
    const calledFor = grid === 'previous' ? toyGrid(this.#state.expected) : this.#issue!.calledFor;
    this.#issue = new SimulatedIssue(this.#problem, this.#state, { step, issue, grid: calledFor });
    this.#wrongs.beginIssue();
    this.#assigned.clear();
    this.#waits.clear();
    this.#misfit = false;
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
    this.#around.send(worker, {
      type: 'assign',
      assignment,
      state: this.#state,
      grid: this.#issue?.grid ?? [],
    });
  }

  #grant(worker: WorkerId, id: AssignmentId, range: number): void {
    this.#waits.hold({ worker, assignment: id, range });
    const outstanding = this.#waits.outstanding(worker);
    this.#check(outstanding <= GRANTS_OUTSTANDING_MAX, `${worker} has ${outstanding} grants outstanding`);
    const given = this.#assigned.get(id)!;
    this.#check(
      this.#sessions.has(worker) && given.worker === worker,
      `a grant goes to ${worker}, who does not hold it`,
    );
    this.#issue!.grant(given.assignment, range);
  }

  #sendGrants(at: number): void {
    const isLate = (worker: WorkerId): boolean => this.machine.isLateInSending(worker);
    for (let grant = this.#waits.next(isLate); grant; grant = this.#waits.next(isLate)) {
      const { worker, assignment, range } = grant;
      this.#waits.granted(worker, assignment, range, this.#now);
      this.#around.send(worker, { type: 'grant', assignment, range });
      this.#answers.push({ type: 'granted', at, worker, assignment, range });
    }
  }

  /** Whether a worker was given this, and has not reported it, or not sent all of what it reported in this issue. */
  #isAwaited({ worker, assignment: id, kind, microBatches }: Extract<RunEffect, { type: 'late' }>): boolean {
    const given = this.#assigned.get(id);
    if (given?.worker !== worker || given.assignment.kind !== kind) return false;
    if (given.assignment.microBatches.join() !== microBatches.join()) return false;
    return this.#unanswered.get(worker)!.has(id) || this.#issue!.isIncomplete(given.assignment);
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
    const given = this.#assigned.get(assignment)!;
    this.#waits.came(given.worker, assignment, range, this.#now);
    this.#issue!.add(given.assignment, range, payload);
  }

  #judge(assignments: readonly AssignmentId[], at: number): void {
    const given = assignments.map((id) => this.#assigned.get(id)!.assignment);
    const agrees = this.#issue!.judge(given);
    for (const id of assignments) this.#checkRight(id);
    this.#answers.push({ type: 'grid-judged', at, agrees });
  }

  #closeStep({ step, epoch, windows, loss }: Extract<RunEffect, { type: 'close-step' }>): void {
    this.#counts.stepsClosed += 1;
    const { state, assignments } = this.#issue!.close(step);
    const applied = this.#issue!.microBatches();
    this.#checkThat(wrongWindows(this.#problem.shape, { step, epoch, windows }, applied));
    this.#state = state;
    for (const id of assignments) this.#checkRight(id);
    const reference = this.#reference;
    if (!reference) return;
    const expected = reference.moments[this.#state.rollbacks][step + 1];
    this.#check(
      JSON.stringify(this.#state) === JSON.stringify(expected.state),
      `step ${step} gives other parameters`,
    );
    this.#check(loss === expected.progress.lastLoss, `step ${step} has another loss`);
  }

  #checkRecord({ entry, best }: Extract<RunEffect, { type: 'record' }>): void {
    if (!this.#reference) return;
    const expected = this.#reference.moments[this.#state.rollbacks][entry.step].recorded;
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
    const message = `what ${worker} computed wrong as #${id} counts in ${this.#issue!.name}`;
    this.#check(this.#wrongs.isUncontradicted(id), message);
    this.#reference = null;
    this.#around.tainted();
  }

  /** A range is not waited for beyond lateness while somebody who has done all of his own could compute it. */
  #checkWaits(): void {
    const overdue = this.#waits.overdue(this.#now);
    if (overdue.length === 0 || this.#misfit || this.machine.view.phase !== 'training') return;
    const free = [...this.#sessions].find((worker) => this.#isFree(worker));
    if (free === undefined) return;
    const raced = new Set<number>();
    for (const [id, { worker, assignment }] of this.#assigned) {
      if (!this.#unanswered.get(worker)?.has(id)) continue;
      for (const microBatch of assignment.microBatches) raced.add(microBatch);
    }
    for (const worker of overdue) {
      const owed = this.#waits.owed(worker).map(({ assignment }) => this.#assigned.get(assignment)!);
      const isRaced = owed.every(({ assignment }) => assignment.microBatches.every((k) => raced.has(k)));
      this.#check(isRaced, `${worker} does not send what it was granted, and ${free} has nothing to do`);
    }
  }

  /** Whether a worker has had a part in the issue, all of it is done, and the machine has no reason to keep work from it. */
  #isFree(worker: WorkerId): boolean {
    const hasPart = [...this.#assigned.values()].some((given) => given.worker === worker);
    const isBusy = (this.#unanswered.get(worker)?.size ?? 0) > 0 || this.#waits.outstanding(worker) > 0;
    return hasPart && !isBusy && !this.#doubtful.has(worker);
  }

  #forget(worker: WorkerId): void {
    this.#sessions.delete(worker);
    this.#waits.left(worker);
    this.#unanswered.delete(worker);
    for (const [id, given] of this.#assigned) if (given.worker === worker) this.#issue?.void(id);
  }

  /** One for each micro-batch or piece, twice at most, a second word for each, and a probe. */
  #unansweredMax(): number {
    const { microBatchesPerStep, evaluationPieces } = this.#problem.shape;
    return 3 * Math.max(microBatchesPerStep, evaluationPieces) + 1;
  }

  /** @param broken what is wrong; null where nothing is. */
  #checkThat(broken: string | null): void {
    this.#check(broken === null, broken ?? '');
  }

  #check(condition: boolean, message: string): void {
    assert(condition, `simulation ${this.#problem.seed}: ${message}`);
  }
}
