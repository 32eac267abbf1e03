import type { HistoryEntry, RunEffect, RunOutcome, RunView, SaveReason } from '@rocinante/training';
import type { Session } from '../service/session.js';

/** Who is told what happens in a run: the event log, the progress display. Telling changes nothing. */
export interface RunObserver {
  workerJoined?(session: Session): void;
  workerLeft?(session: Session, reason: string): void;
  /** Called once a step, and once more for each time that it is issued again. */
  stepIssued?(step: number, issue: number): void;
  stepClosed?(closed: Extract<RunEffect, { type: 'close-step' }>, view: RunView): void;
  recorded?(entry: HistoryEntry, best: boolean): void;
  checkpointSaved?(saved: CheckpointSaved): void;
  ignored?(ignored: Extract<RunEffect, { type: 'ignore' }>): void;
  noticed?(message: string): void;
  finished?(outcome: RunOutcome, reason: string): void;
}

export interface CheckpointSaved {
  readonly step: number;
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly reason: SaveReason;
}

/** One observer that tells several. */
export function tellAll(observers: readonly RunObserver[]): Required<RunObserver> {
  return {
    workerJoined: (...args) => observers.forEach((observer) => observer.workerJoined?.(...args)),
    workerLeft: (...args) => observers.forEach((observer) => observer.workerLeft?.(...args)),
    stepIssued: (...args) => observers.forEach((observer) => observer.stepIssued?.(...args)),
    stepClosed: (...args) => observers.forEach((observer) => observer.stepClosed?.(...args)),
    recorded: (...args) => observers.forEach((observer) => observer.recorded?.(...args)),
    checkpointSaved: (...args) => observers.forEach((observer) => observer.checkpointSaved?.(...args)),
    ignored: (...args) => observers.forEach((observer) => observer.ignored?.(...args)),
    noticed: (...args) => observers.forEach((observer) => observer.noticed?.(...args)),
    finished: (...args) => observers.forEach((observer) => observer.finished?.(...args)),
  };
}
