import { sha256 } from '@rocinante/base';
import type { StoredRun } from '../daemon/stored-run.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import type { RunObserver } from '../run/run-observer.js';
import { DAEMON_END_WAIT_MS, TICK_MS, UNTOLD_AGE_MAX_MS } from './limits.js';
import { readMarks, writeMarks, type NoticeMarks } from './notice-marks.js';
import { NoticeSender } from './notice-sender.js';
import type { Notice } from './notice.js';
import type { NotifyTarget } from './notify-target.js';
import { RunNotices } from './run-notices.js';

export interface DaemonNotifierParts {
  readonly target: NotifyTarget;
  readonly runs: () => readonly StoredRun[];
  readonly find: (id: string) => StoredRun;
  /** A run's directory. */
  readonly directory: (id: string) => string;
  /** Why an active run waits; empty where it does not. */
  readonly waitingReason: (id: string) => string;
  readonly warn: (line: string) => void;
}

/**
 * Notices of a daemon's runs. What was told is kept in each run's directory: a run that comes back after the coordinator's restart
 * is not told of twice, and an end that a killed coordinator did not tell of is told when it comes back.
 */
export class DaemonNotifier {
  readonly #parts: DaemonNotifierParts;
  readonly #sender: NoticeSender;
  readonly #runs = new Map<string, { readonly notices: RunNotices; marks: NoticeMarks }>();
  readonly #ticker: NodeJS.Timeout;

  constructor(parts: DaemonNotifierParts) {
    this.#parts = parts;
    this.#sender = new NoticeSender(parts);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Tells of ends that the process before did not tell of. Called before any run is active. */
  start(): void {
    for (const run of this.#parts.runs()) {
      if (run.state === 'active' || run.state === 'queued' || run.endedAt === null) continue;
      if (Date.now() - Date.parse(run.endedAt) > UNTOLD_AGE_MAX_MS) continue;
      const marks = readMarks(this.#parts.directory(run.id));
      if (marks === null || marks.ended || marks.queuedAt !== run.queuedAt) continue;
      this.ended(run.id);
    }
  }

  /** What an active run's execution is to tell beside its entries. */
  observer(id: string): RunObserver {
    const { notices } = this.#of(id);
    return { finished: (outcome) => notices.finished(outcome) };
  }

  entry(id: string, entry: RunLogEntry): void {
    // The state machine's end is not the run's: weights are written after it, and the daemon's own end goes on later.
    if (entry.event !== 'finished') this.#of(id).notices.entry(entry);
  }

  /** A run is active no more: its record says how it ended. One that goes on later has not ended. */
  ended(id: string): void {
    const { state, reason } = this.#parts.find(id);
    const run = this.#of(id);
    if (state === 'done' || state === 'stopped' || state === 'failed') {
      if (!run.marks.ended) run.notices.ended(state, reason);
    }
    this.#runs.delete(id);
  }

  /** Sends what waits, for some seconds at most. */
  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#sender.close(DAEMON_END_WAIT_MS);
  }

  #tick(): void {
    for (const { notices } of this.#runs.values()) notices.tick();
  }

  #of(id: string): { readonly notices: RunNotices; marks: NoticeMarks } {
    const known = this.#runs.get(id);
    if (known) return known;
    const { name, createdAt, queuedAt, step, stepsTotal, ...record } = this.#parts.find(id);
    const before = readMarks(this.#parts.directory(id));
    const isSame = before?.queuedAt === queuedAt;
    const marks = isSame ? before : { version: 1 as const, queuedAt, ended: false, stuck: false };
    if (!isSame) this.#keep(id, marks);
    const run = {
      marks,
      notices: new RunNotices({
        run: { id, name },
        known: { step, stepsTotal, loss: record.lastStepLoss, heldOutLoss: record.validationLoss },
        stuckMs: this.#parts.target.stuckMs,
        stuck: marks.stuck,
        endId: sha256(Buffer.from(JSON.stringify([id, createdAt, queuedAt]))).slice(0, 32),
        now: () => performance.now(),
        waitingReason: () => this.#parts.waitingReason(id),
        tell: (notice) => this.#tell(id, run, notice),
      }),
    };
    this.#runs.set(id, run);
    return run;
  }

  #tell(id: string, run: { marks: NoticeMarks }, notice: Notice): void {
    const { kind } = notice;
    const mark = (change: Partial<NoticeMarks>): void => {
      run.marks = { ...run.marks, ...change };
      this.#keep(id, run.marks);
    };
    this.#sender.send(notice, () => {
      if (kind === 'finished' || kind === 'stopped' || kind === 'failed' || notice.goesOn === false)
        mark({ ended: true });
      else if (kind === 'stuck') mark({ stuck: true });
      else if (kind === 'goes-on') mark({ stuck: false });
    });
  }

  #keep(id: string, marks: NoticeMarks): void {
    try {
      writeMarks(this.#parts.directory(id), marks);
    } catch (error) {
      this.#parts.warn(`notices of run ${id} may come twice: ${(error as Error).message}`);
    }
  }
}
