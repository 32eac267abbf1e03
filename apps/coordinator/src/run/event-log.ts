import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { HistoryEntry, RunEffect, RunOutcome } from '@rocinante/training';
import type { Session } from '../service/session.js';
import type { CheckpointSaved, RunObserver } from './run-observer.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * `events.jsonl`: what happened in a run, one JSON object a line, appended as it happens.
 *
 * Each applied step has one line with `"step"`, the number of steps closed by then, and no other line has that key; other
 * lines name a point of the run as `atStep`. After a resume the log goes on from the checkpoint's step: lines of steps that
 * were lost with the process that took them are removed, since those steps are taken again.
 */
export class EventLog implements RunObserver {
  /** Told once when the log cannot be written any more, such as on a full disk; what follows is not logged. */
  onFailure: (error: Error) => void = (error) => {
    throw error;
  };
  #failed = false;
  readonly #file: number;
  readonly #names = new Map<string, string>();
  #step: number;
  #stepStartedAt = 0;
  #ignoredCount = 0;

  /** @param step the step that the run goes on from; 0 begins a new log. */
  constructor(path: string, step: number) {
    if (step > 0 && existsSync(path)) keepUntil(path, step);
    this.#file = openSync(path, step > 0 ? 'a' : 'w');
    this.#step = step;
    this.#write('started', { atStep: step });
  }

  /** @param address `host:port` at which workers find the coordinator. */
  listening(address: string): void {
    this.#write('listening', { atStep: this.#step, address });
  }

  workerJoined(session: Session): void {
    this.#names.set(session.worker, session.name);
    const { name, engine, threads } = session;
    this.#write('worker-joined', { atStep: this.#step, worker: name, threads, engine });
  }

  workerLeft(session: Session, reason: string): void {
    this.#write('worker-left', { atStep: this.#step, worker: session.name, reason });
  }

  stepIssued(step: number, issue: number): void {
    if (issue === 1) this.#stepStartedAt = performance.now();
    else this.#write('issued-again', { atStep: step + 1, issue });
  }

  stepClosed({ step, issue, epoch, windows, loss }: Extract<RunEffect, { type: 'close-step' }>): void {
    this.#step = step + 1;
    const seconds = round((performance.now() - this.#stepStartedAt) / 1000);
    this.#write('step', { step: this.#step, epoch: epoch + 1, loss, windows, issues: issue, seconds });
  }

  recorded({ step, ...entry }: HistoryEntry, best: boolean): void {
    this.#write('epoch', { atStep: step, ...entry, best });
  }

  checkpointSaved({ step, seconds, ...saved }: CheckpointSaved): void {
    this.#write('checkpoint', { atStep: step, ...saved, seconds: round(seconds) });
  }

  ignored({ what, worker, assignment, why }: Extract<RunEffect, { type: 'ignore' }>): void {
    this.#ignoredCount += 1;
    const name = this.#names.get(worker) ?? worker;
    this.#write('ignored', {
      atStep: this.#step,
      what,
      worker: name,
      assignment,
      why,
      total: this.#ignoredCount,
    });
  }

  noticed(message: string): void {
    this.#write('notice', { atStep: this.#step, message });
  }

  finished(outcome: RunOutcome, reason: string): void {
    this.#write('finished', { atStep: this.#step, outcome, reason });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(event: string, fields: Fields): void {
    if (this.#failed) return;
    try {
      writeSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
    } catch (error) {
      this.#failed = true;
      this.onFailure(error as Error);
    }
  }
}

/** Removes the lines of steps beyond the one that a run goes on from, and a last line that was cut. */
function keepUntil(path: string, step: number): void {
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => {
      try {
        const entry = JSON.parse(line) as { step?: number; atStep?: number };
        return (entry.step ?? entry.atStep ?? 0) <= step;
      } catch {
        return false;
      }
    });
  const beside = `${path}.partial`;
  writeFileSync(beside, kept.map((line) => `${line}\n`).join(''));
  renameSync(beside, path);
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
