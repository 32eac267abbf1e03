import type {
  Assignment,
  HistoryEntry,
  RunEffect,
  RunOutcome,
  RunView,
  SaveReason,
} from '@rocinante/training';
import type { Session } from '../service/session.js';

/** Who is told what happens in a run: the event log, the metrics. Telling changes nothing. */
export interface RunObserver {
  workerJoined?(session: Session): void;
  /** @param lost whether the session's end was no decision of the worker's. */
  workerLeft?(session: Session, reason: string, lost: boolean): void;
  /** Called once a step, and once more for each time that it is issued again, with the reason. */
  stepIssued?(step: number, issue: number, again: IssuedAgain | null): void;
  assigned?(session: Session, assignment: Assignment): void;
  /** A worker has all ranges of the parameters that it was assigned to compute with. */
  parametersReceived?(session: Session): void;
  reported?(session: Session, report: ReportSeen): void;
  /** A range arrived, and will be added. */
  rangeArrived?(session: Session): void;
  /** The oldest of the ranges that arrived is in the sum. */
  rangeAdded?(): void;
  /** So many ranges are asked for their next parameters. */
  applyAsked?(ranges: number): void;
  /** A range's next parameters are made. */
  rangeApplied?(range: number): void;
  stepClosed?(closed: Extract<RunEffect, { type: 'close-step' }>, view: RunView): void;
  recorded?(entry: HistoryEntry, best: boolean): void;
  checkpointSaved?(saved: CheckpointSaved): void;
  /** A checkpoint was not saved; the run fails. */
  checkpointFailed?(): void;
  ignored?(ignored: Extract<RunEffect, { type: 'ignore' }>): void;
  noticed?(message: string): void;
  /** No step is issued any more, until `released`. */
  held?(reason: string): void;
  released?(): void;
  /** Lines of a worker's log about the run, each JSON. */
  logged?(session: Session, lines: readonly string[]): void;
  finished?(outcome: RunOutcome, reason: string): void;
}

/** What of a worker's report the time of a step depends on. */
export interface ReportSeen {
  readonly assignment: number;
  readonly microBatches: number;
  readonly computeSeconds: number;
  readonly fits: boolean;
}

/** Why a step was issued again. */
export interface IssuedAgain {
  /** Names of the workers whose part did not fit the grid. */
  readonly workers: readonly string[];
  readonly cause: string;
}

export interface CheckpointSaved {
  readonly step: number;
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly reason: SaveReason;
}

/** One observer that tells several, in their order. */
export function tellAll(observers: readonly RunObserver[]): Required<RunObserver> {
  return {
    workerJoined: (...args) => observers.forEach((observer) => observer.workerJoined?.(...args)),
    workerLeft: (...args) => observers.forEach((observer) => observer.workerLeft?.(...args)),
    stepIssued: (...args) => observers.forEach((observer) => observer.stepIssued?.(...args)),
    assigned: (...args) => observers.forEach((observer) => observer.assigned?.(...args)),
    parametersReceived: (...args) => observers.forEach((observer) => observer.parametersReceived?.(...args)),
    reported: (...args) => observers.forEach((observer) => observer.reported?.(...args)),
    rangeArrived: (...args) => observers.forEach((observer) => observer.rangeArrived?.(...args)),
    rangeAdded: (...args) => observers.forEach((observer) => observer.rangeAdded?.(...args)),
    applyAsked: (...args) => observers.forEach((observer) => observer.applyAsked?.(...args)),
    rangeApplied: (...args) => observers.forEach((observer) => observer.rangeApplied?.(...args)),
    stepClosed: (...args) => observers.forEach((observer) => observer.stepClosed?.(...args)),
    recorded: (...args) => observers.forEach((observer) => observer.recorded?.(...args)),
    checkpointSaved: (...args) => observers.forEach((observer) => observer.checkpointSaved?.(...args)),
    checkpointFailed: (...args) => observers.forEach((observer) => observer.checkpointFailed?.(...args)),
    ignored: (...args) => observers.forEach((observer) => observer.ignored?.(...args)),
    noticed: (...args) => observers.forEach((observer) => observer.noticed?.(...args)),
    held: (...args) => observers.forEach((observer) => observer.held?.(...args)),
    released: (...args) => observers.forEach((observer) => observer.released?.(...args)),
    logged: (...args) => observers.forEach((observer) => observer.logged?.(...args)),
    finished: (...args) => observers.forEach((observer) => observer.finished?.(...args)),
  };
}
