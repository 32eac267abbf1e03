import type { Stored } from '@rocinante/store';
import type {
  Assignment,
  HistoryEntry,
  RunEffect,
  RunOutcome,
  RunProgress,
  RunView,
  SaveReason,
} from '@rocinante/training';
import type { Session } from '../service/session.js';
import type { Clipping, RangeChecksums } from './arithmetic/step-arithmetic.js';

/** How a step's gradient became an update. */
export interface StepUpdate {
  /** By the schedule, and after what the run went back. */
  readonly learningRate: number;
  /** Null in a run that does not clip. */
  readonly clipping: Clipping | null;
}

/** Who is told what happens in a run: the event log, the metrics. Telling changes nothing. */
export interface RunObserver {
  workerJoined?(session: Session): void;
  /** @param lost whether the session's end was no decision of the worker's. */
  workerLeft?(session: Session, reason: string, lost: boolean): void;
  /**
   * Called once a step, and once more for each time that it is issued again, with the reason.
   * @param exponents the issue's grid, one int8 a block.
   */
  stepIssued?(step: number, issue: number, again: IssuedAgain | null, exponents: Int8Array): void;
  assigned?(session: Session, assignment: Assignment): void;
  /** The run's first worker has set its joining proof. */
  proofSet?(session: Session, sha256: string): void;
  /** A worker's proof is another than the run's, or empty: it gets no work. `message` is the line for people. */
  workerParked?(session: Session, proof: string, message: string): void;
  /** The same, but it is admitted: the run is not exact any more. */
  admittedInexact?(session: Session, proof: string, message: string): void;
  /** A worker cannot work for the run, and stays. */
  workerRefused?(session: Session, reason: string): void;
  /** A worker's session is over that was parked, could not work for the run, or was not ready yet. */
  idleLeft?(session: Session): void;
  /** A worker has all ranges of the parameters that it was assigned to compute with. */
  parametersReceived?(session: Session): void;
  reported?(session: Session, report: ReportSeen): void;
  /** Leave to send a range of an assignment is given; it is sent now or later. */
  granted?(assignment: number): void;
  /** An assignment is not wanted any more: nothing that was granted of it is awaited. */
  withdrawn?(assignment: number): void;
  /** A range arrived, and will be added. */
  rangeArrived?(session: Session, assignment: number, range: number): void;
  /** The oldest of the ranges that arrived is in the sum. */
  rangeAdded?(): void;
  /** So many ranges are asked for their next parameters. */
  applyAsked?(ranges: number): void;
  /** A range's next parameters are made. */
  rangeApplied?(range: number, checksums: RangeChecksums | null): void;
  stepClosed?(closed: Extract<RunEffect, { type: 'close-step' }>, view: RunView, update: StepUpdate): void;
  /** A worker's answer about parts of an evaluation arrived. */
  evaluated?(session: Session): void;
  recorded?(entry: HistoryEntry, best: boolean): void;
  checkpointSaved?(saved: CheckpointSaved): void;
  /** A checkpoint was not saved, and is not to be tried again; the run fails. */
  checkpointFailed?(): void;
  /** A checkpoint, or the final weights, are in the run's object store. */
  stored?(stored: Stored): void;
  /** Something did not go there, and is tried again; told each time. */
  storeFailed?(): void;
  /** The same, told once until the store is back. @param forGood it is not tried again. */
  storeLost?(reason: string, forGood: boolean): void;
  storeBack?(): void;
  ignored?(ignored: Extract<RunEffect, { type: 'ignore' }>): void;
  /** A worker has not reported in time, and others compute the same. */
  late?(late: Extract<RunEffect, { type: 'late' }>): void;
  /** A report was questioned, and this is what became of it. */
  secondWord?(word: Extract<RunEffect, { type: 'second-word' }>): void;
  /** A worker computed what is wrong. */
  struck?(strike: Extract<RunEffect, { type: 'strike' }>): void;
  /** A worker is given no work any more, and stays. */
  setAside?(session: Session, why: string): void;
  noticed?(message: string): void;
  /** No step is issued any more, until `released`. */
  held?(reason: string): void;
  released?(): void;
  /** Lines of a worker's log about the run, each JSON. */
  logged?(session: Session, lines: readonly string[]): void;
  /** The run went back, since it had diverged: it goes on from this progress. */
  wentBack?(progress: RunProgress): void;
  finished?(outcome: RunOutcome, reason: string): void;
}

/** What of a worker's report the time of a step depends on. */
export interface ReportSeen {
  readonly assignment: number;
  readonly microBatches: number;
  readonly computeSeconds: number;
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
    proofSet: (...args) => observers.forEach((observer) => observer.proofSet?.(...args)),
    workerParked: (...args) => observers.forEach((observer) => observer.workerParked?.(...args)),
    admittedInexact: (...args) => observers.forEach((observer) => observer.admittedInexact?.(...args)),
    workerRefused: (...args) => observers.forEach((observer) => observer.workerRefused?.(...args)),
    idleLeft: (...args) => observers.forEach((observer) => observer.idleLeft?.(...args)),
    assigned: (...args) => observers.forEach((observer) => observer.assigned?.(...args)),
    parametersReceived: (...args) => observers.forEach((observer) => observer.parametersReceived?.(...args)),
    reported: (...args) => observers.forEach((observer) => observer.reported?.(...args)),
    granted: (...args) => observers.forEach((observer) => observer.granted?.(...args)),
    withdrawn: (...args) => observers.forEach((observer) => observer.withdrawn?.(...args)),
    rangeArrived: (...args) => observers.forEach((observer) => observer.rangeArrived?.(...args)),
    rangeAdded: (...args) => observers.forEach((observer) => observer.rangeAdded?.(...args)),
    applyAsked: (...args) => observers.forEach((observer) => observer.applyAsked?.(...args)),
    rangeApplied: (...args) => observers.forEach((observer) => observer.rangeApplied?.(...args)),
    stepClosed: (...args) => observers.forEach((observer) => observer.stepClosed?.(...args)),
    evaluated: (...args) => observers.forEach((observer) => observer.evaluated?.(...args)),
    recorded: (...args) => observers.forEach((observer) => observer.recorded?.(...args)),
    checkpointSaved: (...args) => observers.forEach((observer) => observer.checkpointSaved?.(...args)),
    checkpointFailed: (...args) => observers.forEach((observer) => observer.checkpointFailed?.(...args)),
    stored: (...args) => observers.forEach((observer) => observer.stored?.(...args)),
    storeFailed: (...args) => observers.forEach((observer) => observer.storeFailed?.(...args)),
    storeLost: (...args) => observers.forEach((observer) => observer.storeLost?.(...args)),
    storeBack: (...args) => observers.forEach((observer) => observer.storeBack?.(...args)),
    ignored: (...args) => observers.forEach((observer) => observer.ignored?.(...args)),
    late: (...args) => observers.forEach((observer) => observer.late?.(...args)),
    secondWord: (...args) => observers.forEach((observer) => observer.secondWord?.(...args)),
    struck: (...args) => observers.forEach((observer) => observer.struck?.(...args)),
    setAside: (...args) => observers.forEach((observer) => observer.setAside?.(...args)),
    noticed: (...args) => observers.forEach((observer) => observer.noticed?.(...args)),
    held: (...args) => observers.forEach((observer) => observer.held?.(...args)),
    released: (...args) => observers.forEach((observer) => observer.released?.(...args)),
    logged: (...args) => observers.forEach((observer) => observer.logged?.(...args)),
    wentBack: (...args) => observers.forEach((observer) => observer.wentBack?.(...args)),
    finished: (...args) => observers.forEach((observer) => observer.finished?.(...args)),
  };
}
