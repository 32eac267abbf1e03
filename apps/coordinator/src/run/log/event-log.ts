import { closeSync, openSync, statSync } from 'node:fs';
import { systemTrouble } from '@rocinante/base';
import { appendWhole } from '@rocinante/ledger';
import type { Stored } from '@rocinante/store';
import type { HistoryEntry, RunEffect, RunOutcome, RunProgress, RunView } from '@rocinante/training';
import { RunFailedError } from '../../errors.js';
import type { Session } from '../../service/session.js';
import { keepUntil } from './kept-lines.js';
import type { RunLogEntry } from './log-entries.js';
import { RoomQueue } from './room-queue.js';
import type { CheckpointSaved, IssuedAgain, RunObserver, StepUpdate } from '../run-observer.js';

/** An entry as it is handed in: the log adds the time. */
export type NewEntry = RunLogEntry extends infer Entry
  ? Entry extends RunLogEntry
    ? Omit<Entry, 'time'>
    : never
  : never;

/** The run went back, and what is to be told of it. */
export interface Return {
  /** What it goes on from. */
  readonly progress: RunProgress;
  /** A line for people. */
  readonly reason: string;
  readonly rateShare: number;
  readonly notExactSince: number | null;
}

/**
 * `events.jsonl`: what happened in a run, one JSON object a line, appended as it happens (log-entries.ts).
 *
 * After a resume the log goes on from the checkpoint's step: lines about steps that were lost with the process that took
 * them are removed, since those steps are taken again. What else happened meanwhile, such as a worker's loss, stays.
 *
 * What a full disk does not take waits in memory, in its order, until `flush` finds room: a kill loses it.
 */
export class EventLog implements RunObserver {
  /** Told once when the log cannot be written any more, for other reasons than a full disk; what follows is not logged. */
  onFailure: (error: Error) => void = (error) => {
    throw error;
  };
  /** Told of each entry that the full disk did not take. */
  onFull: (error: Error) => void = () => {};
  /** Told of each entry when it is written, or waits for room. */
  onEntry: (entry: RunLogEntry) => void = () => {};
  #failed = false;
  readonly #path: string;
  readonly #returns: number;
  /** Null for a log with lines of before, until it is open. */
  #file: number | null;
  /** Entries that wait until the lines of before are gone through; null where none has to. */
  #waiting: RunLogEntry[] | null = null;
  // Whole: a nearly full disk takes the first part of a line.
  readonly #lines = new RoomQueue<RunLogEntry>((entry) =>
    appendWhole(this.#file!, Buffer.from(`${JSON.stringify(entry)}\n`)),
  );
  readonly #names = new Map<string, string>();
  #step: number;
  #stepStartedAt = 0;
  #ignoredCount = 0;

  #lacksReturn = false;

  /**
   * A log that has lines already must be opened; what is told before waits.
   * @param step the step that the run goes on from; 0 where it begins, or begins anew.
   * @param returns how often the run has gone back by then.
   */
  constructor(path: string, step: number, returns = 0) {
    const isEmpty = !statSync(path, { throwIfNoEntry: false })?.size;
    this.#path = path;
    this.#returns = returns;
    this.#step = step;
    this.#file = isEmpty ? openSync(path, 'a') : null;
    if (!isEmpty) this.#waiting = [];
  }

  /**
   * Goes through the lines of before, where there are any, a piece at a time.
   * @throws {RunFailedError} they cannot be read, or replaced; they are as they were.
   */
  async open(): Promise<void> {
    if (this.#file !== null || this.#failed) return;
    const { lacksReturn } = await keepUntil(this.#path, this.#step, this.#returns, 'untold');
    this.#lacksReturn = lacksReturn;
    this.#file = openSync(this.#path, 'a');
    this.#writeWaiting();
  }

  /** Whether the run went back, and its coordinator was killed before this log told of it; known once it is open. */
  get lacksReturn(): boolean {
    return this.#lacksReturn;
  }

  /** Steps closed by now. */
  get step(): number {
    return this.#step;
  }

  /** @param address `host:port` at which workers find the coordinator. */
  listening(address: string): void {
    this.write({ event: 'listening', atStep: this.#step, address });
  }

  workerJoined(session: Session): void {
    this.#names.set(session.worker, session.name);
    const { name, engine, threads } = session;
    this.write({ event: 'worker-joined', atStep: this.#step, worker: name, threads, engine });
  }

  proofSet({ name, engine }: Session, sha256: string): void {
    this.write({ event: 'joining-proof', atStep: this.#step, sha256, worker: name, engine });
  }

  workerParked({ name, engine }: Session, proof: string, message: string): void {
    this.write({ event: 'worker-parked', atStep: this.#step, worker: name, engine, proof, message });
  }

  admittedInexact({ name, engine }: Session, proof: string, message: string): void {
    this.write({ event: 'not-exact', atStep: this.#step, worker: name, engine, proof, message });
  }

  workerRefused({ name }: Session, reason: string): void {
    this.noticed(`worker ${name} cannot work for this run, and waits for the next: ${reason}`);
  }

  workerLeft(session: Session, reason: string, lost: boolean): void {
    this.write({ event: 'worker-left', atStep: this.#step, worker: session.name, lost, reason });
  }

  stepIssued(step: number, issue: number, again: IssuedAgain | null): void {
    if (again === null) this.#stepStartedAt = performance.now();
    else
      this.write({
        event: 'issued-again',
        atStep: step + 1,
        issue,
        workers: [...again.workers],
        cause: again.cause,
      });
  }

  stepClosed(
    { step, issue, epoch, windows, loss, norms }: Extract<RunEffect, { type: 'close-step' }>,
    _view: RunView,
    { learningRate, clipping }: StepUpdate,
  ): void {
    this.#step = step + 1;
    const seconds = round((performance.now() - this.#stepStartedAt) / 1000);
    const about = { epoch: epoch + 1, loss, windows, issues: issue, seconds };
    const update = {
      learningRate,
      gradientNorm: clipping && Number(clipping.norm.toPrecision(5)),
      clipFactor: clipping && Number(clipping.factor.toPrecision(5)),
    };
    this.write({ event: 'step', step: this.#step, ...about, ...update, norm: spreadOf(norms) });
  }

  /**
   * The run goes on from an earlier state: lines about steps behind it are moved to a file of their own. What is told
   * meanwhile waits.
   * @throws {RunFailedError} they cannot be; the log is as it was.
   */
  async goBack(wentBack: Return): Promise<void> {
    const { step, rollbacks } = wentBack.progress;
    // What waits is of steps that are abandoned now.
    const hindrance = this.flush();
    if (hindrance !== null) {
      throw new RunFailedError(`${this.#path}: cannot be written: ${systemTrouble(hindrance, this.#path)}`);
    }
    this.#waiting ??= [];
    try {
      await keepUntil(this.#path, step, rollbacks.length, 'always');
      const file = openSync(this.#path, 'a');
      if (this.#file !== null) closeSync(this.#file);
      this.#file = file;
      this.#step = step;
    } finally {
      this.#writeWaiting();
    }
    this.tellReturn(wentBack);
  }

  /** Tells of a return whose lines are moved already. */
  tellReturn({ progress: { step, rollbacks }, ...about }: Return): void {
    const { fromStep } = rollbacks.at(-1)!;
    this.write({ event: 'went-back', atStep: step, fromStep, times: rollbacks.length, ...about });
  }

  recorded({ step, ...entry }: HistoryEntry, best: boolean): void {
    this.write({ event: 'evaluation', atStep: step, ...entry, best });
  }

  checkpointSaved({ step, seconds, ...saved }: CheckpointSaved): void {
    this.write({ event: 'checkpoint', atStep: step, ...saved, seconds: round(seconds) });
  }

  stored({ step, seconds, ...stored }: Stored): void {
    this.write({ event: 'stored', atStep: step, ...stored, seconds: round(seconds) });
  }

  storeLost(reason: string, forGood: boolean): void {
    this.write({ event: 'store-lost', atStep: this.#step, reason, forGood });
  }

  storeBack(): void {
    this.write({ event: 'store-back', atStep: this.#step });
  }

  ignored({ what, worker, assignment, why }: Extract<RunEffect, { type: 'ignore' }>): void {
    this.#ignoredCount += 1;
    const name = this.#nameOf(worker);
    const total = this.#ignoredCount;
    this.write({ event: 'ignored', atStep: this.#step, what, worker: name, assignment, why, total });
  }

  late({ worker, kind, microBatches }: Extract<RunEffect, { type: 'late' }>): void {
    const about = { worker: this.#nameOf(worker), evaluates: kind === 'evaluate' };
    this.write({ event: 'late', atStep: this.#step, ...about, microBatches: [...microBatches] });
  }

  secondWord({
    step,
    microBatches,
    cause,
    verdict,
    workers,
  }: Extract<RunEffect, { type: 'second-word' }>): void {
    if (cause === 'audit' && (verdict === 'stands' || verdict === 'unheld')) return;
    this.write({
      event: 'second-word',
      atStep: step + 1,
      microBatches: [...microBatches],
      cause,
      verdict,
      workers: workers.map((worker) => this.#nameOf(worker)),
    });
  }

  struck({ worker, strikes, why }: Extract<RunEffect, { type: 'strike' }>): void {
    this.write({ event: 'strike', atStep: this.#step, worker: this.#nameOf(worker), strikes, why });
  }

  setAside({ name }: Session, reason: string): void {
    this.write({ event: 'set-aside', atStep: this.#step, worker: name, reason });
  }

  noticed(message: string): void {
    this.write({ event: 'notice', atStep: this.#step, message });
  }

  held(reason: string): void {
    this.write({ event: 'held', atStep: this.#step, reason });
  }

  released(): void {
    this.write({ event: 'released', atStep: this.#step });
  }

  finished(outcome: RunOutcome, reason: string): void {
    // A run that has diverged may go back; where it does not, it is told that it failed.
    if (outcome === 'diverged') return;
    this.write({ event: 'finished', atStep: this.#step, outcome, reason });
  }

  write(entry: NewEntry): void {
    if (this.#failed) return;
    const timed = { time: new Date().toISOString(), ...entry };
    if (this.#waiting === null) this.#append(timed);
    else this.#waiting.push(timed);
  }

  #writeWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const entry of waiting) if (!this.#failed) this.#append(entry);
  }

  #append(timed: RunLogEntry): void {
    let hindrance;
    try {
      hindrance = this.#lines.push(timed);
    } catch (error) {
      this.#failed = true;
      return this.onFailure(error as Error);
    }
    this.onEntry(timed);
    if (hindrance !== null) this.onFull(hindrance);
  }

  /** Writes what waits for room. @returns null where nothing does any more, else the disk's error. */
  flush(): Error | null {
    if (this.#failed) return null;
    try {
      return this.#lines.flush();
    } catch (error) {
      this.#failed = true;
      this.onFailure(error as Error);
      return null;
    }
  }

  /** A worker's name; that of a session before this log's life is its id. */
  #nameOf(worker: string): string {
    return this.#names.get(worker) ?? worker;
  }

  /** What is told afterwards is not logged: the descriptor may be another file's by then. What the disk is too full for is lost. */
  close(): void {
    this.flush();
    this.#failed = true;
    if (this.#file !== null) closeSync(this.#file);
  }
}

/** Of at least one norm. */
function spreadOf(norms: readonly number[]): { least: number; median: number; greatest: number } {
  const sorted = norms.map((norm) => Number(norm.toPrecision(5))).sort((a, b) => a - b);
  return { least: sorted[0], median: sorted[sorted.length >> 1], greatest: sorted.at(-1)! };
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
