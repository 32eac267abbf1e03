/**
 * A run simulated from one seed: the machine with a driver, workers and a network of its own time, and what goes wrong.
 *
 * The driver checks the rules of sums, grants, steps and saves at each effect, and every closed step and history entry
 * against a run worked out without the machine. The simulation ends when the run does; one that stands still is an error.
 */
import { assert, RandomStream } from '@rocinante/base';
import { EventQueue } from './event-queue.js';
import { HISTORY_STEPS_MIN } from '../norm-history.js';
import { noProgress } from '../run-state.js';
import type { SimulationScenario } from './scenario.js';
import { wentBack } from '../rollback.js';
import { problemOfEnd } from './simulated-end.js';
import { SimulatedCoordinator } from './simulated-coordinator.js';
import { SimulatedFaults } from './simulated-faults.js';
import { SimulatedNetwork } from './simulated-network.js';
import type {
  Payload,
  SimulatedAnswer,
  SimulatedCheckpoint,
  SimulationCounts,
} from './simulated-surroundings.js';
import { SimulatedWorker, type Upward } from './simulated-worker.js';
import type { RunOutcome } from '../effects.js';
import { toyFirstState, toyReference, type ToyProblem, type ToyReference } from './toy-problem.js';

export interface SimulationOutcome extends SimulationCounts {
  readonly outcome: 'done' | 'diverged' | 'unsettled';
  /** Whether something that a worker computed wrong has entered a sum by the rules: nobody was there to contradict it. */
  readonly tainted: boolean;
  /** Whether it was done before its steps were all closed. */
  readonly early: boolean;
  readonly lives: number;
  /** Simulated time, in milliseconds. */
  readonly timeMs: number;
}

/** More events than any scenario needs: a run that goes on beyond them goes in a circle. */
const EVENTS_MAX = 200_000;

/**
 * Plays a scenario to its end.
 * @param trace told of each event and effect in a line, as it happens.
 * @throws {AssertionError} a rule was broken; the message names the seed and the rule.
 */
export function simulate(
  scenario: SimulationScenario,
  trace: ((line: string) => void) | null = null,
): SimulationOutcome {
  return new Simulation(scenario, trace).play();
}

class Simulation {
  readonly #scenario: SimulationScenario;
  readonly #problem: ToyProblem;
  readonly #trace: ((line: string) => void) | null;
  #reference: ToyReference | null;
  readonly #queue = new EventQueue();
  readonly #random: RandomStream;
  readonly #faults: SimulatedFaults;
  readonly #counts: SimulationCounts = {
    events: 0,
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
    rollbacks: 0,
  };
  readonly #workers = new Map<string, SimulatedWorker>();
  readonly #network: SimulatedNetwork;
  #coordinator!: SimulatedCoordinator;
  #checkpoint: SimulatedCheckpoint;
  /** The one to go back to where the run diverges. */
  #anchor: SimulatedCheckpoint;
  #hasCheckpoint = false;
  #stepsTotal: number;
  #sessions = 0;
  #lives = 0;
  #outcome: SimulationOutcome['outcome'] | null = null;
  #endedEarly = false;
  #tainted = false;
  /** Steps that were closed when the coordinator's present life began. */
  #lifeBeganAt = 0;
  /** When the coordinator is to be told that time has passed, if it is. */
  #wakeAt: number | null = null;

  constructor(scenario: SimulationScenario, trace: ((line: string) => void) | null) {
    const { seed, shape, faults, endsFirstAt } = scenario;
    this.#scenario = scenario;
    this.#trace = trace;
    this.#problem = { seed, shape, divergence: faults.divergence };
    const ends = endsFirstAt === null ? [shape.stepsTotal] : [endsFirstAt, shape.stepsTotal];
    this.#reference = faults.drift ? null : toyReference(this.#problem, ends);
    this.#random = new RandomStream(seed, 'simulation', 2);
    this.#faults = new SimulatedFaults(faults, this.#random);
    this.#network = new SimulatedNetwork(this.#queue, this.#random, faults.duplicates, {
      worker: (id) => this.#workers.get(id),
      deliver: (event, payload) => this.#deliver(event, payload),
    });
    this.#checkpoint = { progress: noProgress, state: toyFirstState(this.#problem) };
    this.#anchor = this.#checkpoint;
    this.#stepsTotal = ends[0];
  }

  play(): SimulationOutcome {
    this.#beginLife();
    for (let worker = 0; worker < this.#scenario.workers; worker++) this.#join(this.#between(0, 500));
    while (this.#outcome === null) {
      this.#check(
        this.#queue.step(),
        `the run stands still at step ${this.#coordinator.machine.progress.step}`,
      );
      this.#check(this.#counts.events < EVENTS_MAX, 'the run does not end');
    }
    const [outcome, early, tainted] = [this.#outcome, this.#endedEarly, this.#tainted];
    return { ...this.#counts, outcome, early, tainted, lives: this.#lives, timeMs: this.#queue.now };
  }

  #beginLife(): void {
    this.#lives += 1;
    const life = this.#lives;
    this.#lifeBeganAt = this.#checkpoint.progress.step;
    this.#wakeAt = null;
    this.#trace?.(
      `${this.#queue.now.toFixed(0).padStart(7)} ms  the coordinator begins at step ${this.#lifeBeganAt}`,
    );
    const shape = { ...this.#scenario.shape, stepsTotal: this.#stepsTotal };
    const coordinator = new SimulatedCoordinator(
      this.#problem,
      shape,
      this.#reference,
      this.#checkpoint,
      this.#queue.now,
      1000 * life,
      {
        send: (worker, message) => this.#network.down(worker, message),
        endSession: (worker) => this.#endSession(worker),
        save: (checkpoint) => this.#save(checkpoint, life),
        beside: (work) => this.#beside(work, life),
        hasCheckpoint: () => this.#hasCheckpoint,
        finished: (outcome, reason) => this.#finished(outcome, reason),
        tainted: () => {
          this.#tainted = true;
          this.#reference = null;
        },
        trace: this.#trace,
      },
      this.#counts,
    );
    this.#coordinator = coordinator;
    this.#queue.schedule(0, () => {
      if (life === this.#lives) this.#deliver({ type: 'tick' });
    });
  }

  /** Everything that knows of the coordinator's present life ends with it. */
  #endLife(): void {
    for (const worker of this.#workers.values()) worker.die();
    const count = this.#workers.size;
    this.#workers.clear();
    this.#beginLife();
    for (let worker = 0; worker < count; worker++) this.#join(this.#between(0, 2000));
  }

  /** A worker's session begins after a while. */
  #join(delay: number): void {
    this.#sessions += 1;
    const id = `w${this.#sessions}`;
    const { drift, lie } = this.#scenario.faults;
    const hasLiar = [...this.#workers.values()].some(({ traits }) => traits.lie !== null);
    const traits = {
      id,
      pace: this.#between(20, 200),
      drifts: drift,
      lie: hasLiar || this.#random.uniform() < 0.3 ? null : lie,
    };
    const worker: SimulatedWorker = new SimulatedWorker(traits, this.#problem, this.#queue, this.#random, {
      send: this.#network.upOf(() => worker),
      misdeed: () => this.#faults.misdeed(),
      mayLie: () => this.#mayLie(),
    });
    this.#workers.set(id, worker);
    const life = this.#lives;
    this.#queue.schedule(delay, () => {
      if (life === this.#lives && this.#workers.get(id) === worker)
        this.#deliver({ type: 'worker-joined', worker: id });
    });
  }

  #deliver(event: Upward | SimulatedAnswer, payload?: Payload): void {
    if (this.#outcome !== null) return;
    this.#coordinator.deliver({ ...event, at: this.#queue.now }, payload);
    this.#wakeInTime();
    this.#maybeFail();
  }

  /** Tells the coordinator that time has passed when a worker is late. */
  #wakeInTime(): void {
    const { wakeAt } = this.#coordinator.machine;
    if (wakeAt === null || (this.#wakeAt !== null && this.#wakeAt <= wakeAt)) return;
    this.#wakeAt = wakeAt;
    const life = this.#lives;
    this.#queue.schedule(wakeAt - this.#queue.now, () => {
      if (life !== this.#lives) return;
      if (this.#wakeAt === wakeAt) this.#wakeAt = null;
      this.#deliver({ type: 'tick' });
    });
  }

  /** After any event anything may fail. */
  #maybeFail(): void {
    if (this.#outcome !== null) return;
    if (this.#faults.draw('workerCrashes', 0.06)) {
      const worker = this.#anyWorker();
      if (worker) this.#crash(worker);
    }
    if (this.#faults.draw('slowdowns', 0.03)) this.#anyWorker()?.slowDown(this.#between(3, 12));
    if (this.#faults.draw('stalls', 0.03)) this.#anyWorker()?.stop(this.#between(100, 6000));
    if (this.#faults.draw('stops', 0.02)) this.#later(() => this.#stop());
    if (this.#faults.draw('holds', 0.02)) this.#later(() => this.#hold());
    if (this.#random.uniform() < 0.02) this.#later(() => this.#deliver({ type: 'tick' }));
    if (this.#faults.draw('coordinatorCrashes', 0.015)) this.#later(() => this.#endLife());
  }

  /** A stop is requested, and half of them do not wait for the step in progress. */
  #stop(): void {
    const life = this.#lives;
    this.#deliver({ type: 'stop-requested' });
    if (this.#random.uniform() < 0.5) return;
    this.#queue.schedule(this.#between(0, 300), () => {
      if (life === this.#lives) this.#deliver({ type: 'step-abandoned' });
    });
  }

  /** The run is held for a while, or to the end of the coordinator's life. */
  #hold(): void {
    const life = this.#lives;
    this.#deliver({ type: 'held', reason: 'the disk is nearly full' });
    this.#queue.schedule(this.#between(0, 3000), () => {
      if (life === this.#lives) this.#deliver({ type: 'released' });
    });
  }

  /** At once after the present event, in the same life. */
  #later(happen: () => void): void {
    const life = this.#lives;
    this.#queue.schedule(0, () => {
      if (life === this.#lives && this.#outcome === null) happen();
    });
  }

  /** A worker dies now, and its coordinator hears of it a little later; meanwhile what it sent may arrive. */
  #crash(worker: SimulatedWorker): void {
    const { id } = worker;
    const life = this.#lives;
    worker.die();
    this.#queue.schedule(this.#between(0, 150), () => {
      if (life !== this.#lives || this.#workers.get(id) !== worker) return;
      this.#workers.delete(id);
      this.#deliver({ type: 'worker-left', worker: id });
      this.#join(this.#between(20, 2000));
    });
  }

  #endSession(id: string): void {
    this.#workers.get(id)?.die();
    this.#workers.delete(id);
    this.#later(() => this.#deliver({ type: 'worker-left', worker: id }));
    this.#join(this.#between(20, 2000));
  }

  #save(checkpoint: SimulatedCheckpoint, life: number): void {
    const fails = this.#faults.draw('failedSaves', 0.2);
    const { step } = checkpoint.progress;
    const delayMs = this.#between(1, 400);
    this.#queue.schedule(delayMs, () => {
      if (life !== this.#lives || this.#outcome !== null) return;
      if (!fails) this.#checkpoint = checkpoint;
      if (!fails && checkpoint.progress.anchorStep === step) this.#anchor = checkpoint;
      this.#hasCheckpoint ||= !fails;
      this.#deliver(
        fails
          ? { type: 'save-failed', step, reason: 'the disk is full' }
          : { type: 'saved', step, seconds: delayMs / 1000 },
      );
    });
  }

  /** Adam takes from no time to longer than a worker's loss is noticed, a return, or another issue. */
  #beside(work: () => SimulatedAnswer, life: number): void {
    const delay = this.#random.uniform() < 0.8 ? this.#between(0, 30) : this.#between(0, 1500);
    this.#queue.schedule(delay, () => {
      if (life === this.#lives && this.#outcome === null) this.#deliver(work());
    });
  }

  #finished(outcome: RunOutcome, reason: string): void {
    const { progress } = this.#coordinator.machine;
    if (outcome === 'diverged') return this.#diverged(reason);
    if (outcome === 'failed') {
      const { drift } = this.#scenario.faults;
      if (reason.includes('the disk is full')) this.#later(() => this.#endLife());
      else if (this.#scenario.faults.lie !== null && reason.includes('three workers computed three things')) {
        this.#outcome = 'unsettled';
      } else if ((drift || this.#tainted) && reason.includes('magnitudes were others')) {
        this.#outcome = 'unsettled';
      } else this.#check(false, `the run failed: ${reason}`);
      return;
    }
    this.#check(
      JSON.stringify(this.#checkpoint.progress) === JSON.stringify(progress),
      'the run ends without its last checkpoint',
    );
    if (outcome === 'stopped') {
      this.#later(() => this.#endLife());
      return;
    }
    if (this.#stepsTotal < this.#scenario.shape.stepsTotal) {
      this.#stepsTotal = this.#scenario.shape.stepsTotal;
      this.#later(() => this.#endLife());
      return;
    }
    if (this.#reference) {
      const problem = problemOfEnd(this.#checkpoint, this.#reference, this.#scenario.faults.misdeeds > 0);
      this.#check(problem === null, problem ?? '');
    }
    this.#endedEarly = progress.step < this.#stepsTotal;
    this.#outcome = 'done';
  }

  /** Where the problem has it: the run ends, or goes back. */
  #diverged(reason: string): void {
    const { progress } = this.#coordinator.machine;
    const { step, rollbacks, anchorStep } = progress;
    const { divergence } = this.#scenario.faults;
    const isDue =
      divergence !== null &&
      rollbacks.length < divergence.rollbacks &&
      step === divergence.step + (divergence.kind === 'spike' ? 1 : 0);
    this.#check(isDue, `the run diverges where it should not: ${reason}`);
    if (this.#scenario.shape.anchorEverySteps === 0) {
      this.#outcome = 'diverged';
      return;
    }
    const anchor = this.#anchor;
    this.#check(anchor.progress.step === anchorStep, `step ${anchorStep} to go back to has no checkpoint`);
    this.#checkpoint = {
      progress: wentBack(progress, anchor.progress),
      state: { ...anchor.state, rollbacks: rollbacks.length + 1 },
    };
    this.#anchor = this.#checkpoint;
    this.#counts.rollbacks += 1;
    this.#later(() => this.#endLife());
  }

  #anyWorker(): SimulatedWorker | undefined {
    const workers = [...this.#workers.values()];
    return workers[this.#random.integer(Math.max(1, workers.length))];
  }

  /** A norm that is wrong is found once there are norms to compare it with. */
  #mayLie(): boolean {
    const { step } = this.#coordinator.machine.progress;
    return this.#scenario.faults.lie === 'bits' || step - this.#lifeBeganAt >= HISTORY_STEPS_MIN;
  }

  #between(least: number, most: number): number {
    return least + this.#random.uniform() * (most - least);
  }

  #check(condition: boolean, message: string): void {
    assert(condition, `simulation ${this.#scenario.seed}: ${message}`);
  }
}
