/** What passes between a simulated coordinator and the world around it. */
import type { RunOutcome } from '../effects.js';
import type { RunEvent } from '../events.js';
import type { RunProgress } from '../run-state.js';
import type { ToyState } from './toy-problem.js';
import type { Assignment, AssignmentId, WorkerId } from '../work.js';

/** What goes down to a worker. Vectors are those of the moment of sending. */
export type SimulatedMessage =
  | {
      readonly type: 'assign';
      readonly assignment: Assignment;
      readonly state: ToyState;
      readonly grid: readonly number[];
    }
  | { readonly type: 'withdraw'; readonly assignment: AssignmentId }
  | { readonly type: 'grant'; readonly assignment: AssignmentId; readonly range: number };

/** What comes up with an event and does not pass through the machine: a report's magnitudes, or a range's sums. */
export interface Payload {
  readonly issue: string;
  readonly microBatches: readonly number[];
  readonly values: readonly number[];
  /** Whether the worker computed something of it wrong, and so may be struck for it. */
  readonly isWrong: boolean;
}

export interface SimulatedCheckpoint {
  readonly progress: RunProgress;
  readonly state: ToyState;
}

/** An answer that comes in its own time, as the event that it becomes. */
export type SimulatedAnswer = Omit<Extract<RunEvent, { type: 'applied' }>, 'at'>;

/** What a coordinator sees of the world. */
export interface CoordinatorSurroundings {
  send(worker: WorkerId, message: SimulatedMessage): void;
  endSession(worker: WorkerId): void;
  save(checkpoint: SimulatedCheckpoint): void;
  /** Does a piece of work after a while, beside others, and delivers its answer, unless this life has ended. */
  beside(work: () => SimulatedAnswer): void;
  /** Whether there is a checkpoint to resume from. */
  hasCheckpoint(): boolean;
  finished(outcome: RunOutcome, reason: string): void;
  /** What is wrong has entered a sum by the rules, where nobody was there to contradict it. */
  tainted(): void;
  /** A line of what happens, for people; null where nobody reads it. */
  readonly trace: ((line: string) => void) | null;
}

/** What a simulation counts. */
export interface SimulationCounts {
  events: number;
  issues: number;
  stepsClosed: number;
  ignored: number;
  dismissed: number;
  notices: number;
  /** Assignments that were late, and given to others too. */
  late: number;
  /** Reports that were questioned, and those of them that were refuted. */
  questioned: number;
  refuted: number;
  strikes: number;
  setAside: number;
  /** Events after which the run stood still, held or waiting for workers. */
  held: number;
  waiting: number;
  /** How often it went back, since it diverged. */
  rollbacks: number;
}
