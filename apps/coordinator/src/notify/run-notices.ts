import { randomUUID } from 'node:crypto';
import { counted, duration } from '../display/quantities.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import type { RunObserver } from '../run/run-observer.js';
import { LOSSES_GATHER_MS, LOSSES_INTERVAL_MS, NAMES_MAX, STUCK_FACTOR, USUAL_STEPS } from './limits.js';
import { shortReason, type Notice, type NoticeKind } from './notice.js';

export type RunOutcomeTold = 'done' | 'stopped' | 'failed';

export interface RunNoticesOptions {
  readonly run: { readonly id: string; readonly name: string };
  /** A run is stuck without a step for so long, at least. */
  readonly stuckMs: number;
  /** Whether it was told before that the run is stuck, and not since that it goes on. */
  readonly stuck?: boolean;
  /** The id of the notice of its end: the same however often the coordinator is started. */
  readonly endId?: string;
  /** What is known of the run before its first entry. */
  readonly known?: Partial<Pick<Notice, 'step' | 'stepsTotal' | 'loss' | 'heldOutLoss'>>;
  /** Milliseconds of a clock that never goes back, and the time of day. */
  readonly now: () => number;
  readonly date?: () => Date;
  /** Why it waits, where that is known; empty where it is not. */
  readonly waitingReason?: () => string;
  readonly tell: (notice: Notice) => void;
}

/**
 * Decides what of a run is worth a notice, from the entries of its event log and the passing of time. It is an observer only to
 * know a run that diverged from one that failed.
 */
export class RunNotices implements RunObserver {
  readonly #options: RunNoticesOptions;
  readonly #intervals: number[] = [];
  #lastStepAt: number | null = null;
  /** When something last showed that the run moves. */
  #movedAt: number;
  #stuck: boolean;
  #diverged = false;
  #heldReason = '';
  #step: number;
  #stepsTotal: number | null;
  #loss: number | null;
  #heldOutLoss: number | null;
  /** Losses of workers that were not told of yet, from the first one's time on. */
  #lost: { count: number; readonly names: Set<string>; readonly since: number } | null = null;
  #lossesToldAt = -Infinity;

  constructor(options: RunNoticesOptions) {
    this.#options = options;
    this.#movedAt = options.now();
    this.#stuck = options.stuck ?? false;
    const { step = 0, stepsTotal = null, loss = null, heldOutLoss = null } = options.known ?? {};
    this.#step = step;
    this.#stepsTotal = stepsTotal;
    this.#loss = loss;
    this.#heldOutLoss = heldOutLoss;
  }

  /** Whether it was told that the run is stuck, and not yet that it goes on. */
  get stuck(): boolean {
    return this.#stuck;
  }

  finished(outcome: string): void {
    this.#diverged = outcome === 'diverged';
  }

  entry(entry: RunLogEntry): void {
    this.#step = entry.event === 'step' ? entry.step : entry.atStep;
    const { event } = entry;
    if (event === 'started') {
      this.#stepsTotal = entry.stepsTotal;
      this.#movedAt = this.#options.now();
    } else if (event === 'step') {
      this.#loss = Number.isFinite(entry.loss) ? entry.loss : null;
      this.#moved();
      this.#measure();
    } else if (event === 'evaluation') {
      this.#heldOutLoss = entry.validationLoss;
      this.#moved();
    } else if (event === 'went-back') {
      this.#diverged = false;
      this.#movedAt = this.#options.now();
      this.#tell('diverged', entry.reason, { goesOn: true });
    } else if (event === 'held') {
      this.#heldReason = `held: ${entry.reason}`;
    } else if (event === 'released') {
      this.#heldReason = '';
    } else if (event === 'worker-left' && entry.lost) {
      this.#workerLost(entry.worker);
    }
  }

  /** Looks whether the run is stuck, and whether losses are to be told of. Called about once a second. */
  tick(): void {
    const now = this.#options.now();
    const silentMs = now - this.#movedAt;
    if (!this.#stuck && silentMs > this.#stuckAfterMs) {
      this.#stuck = true;
      const reason = this.#heldReason || (this.#options.waitingReason?.() ?? '');
      this.#tell('stuck', reason, { seconds: Math.round(silentMs / 1000) });
    }
    if (this.#lost !== null) {
      const isGathered = now - this.#lost.since >= LOSSES_GATHER_MS;
      if (isGathered && now - this.#lossesToldAt >= LOSSES_INTERVAL_MS) this.#tellLosses();
    }
  }

  /** The run is over, for now at least. */
  ended(outcome: RunOutcomeTold, reason: string): void {
    if (this.#lost !== null) this.#tellLosses();
    if (outcome === 'done') this.#tell('finished', reason);
    else if (outcome === 'stopped') this.#tell('stopped', reason);
    else if (this.#diverged) this.#tell('diverged', reason, { goesOn: false });
    else this.#tell('failed', reason);
  }

  get #stuckAfterMs(): number {
    const sorted = [...this.#intervals].sort((a, b) => a - b);
    const usual = sorted[sorted.length >> 1] ?? 0;
    return Math.max(this.#options.stuckMs, STUCK_FACTOR * usual);
  }

  #moved(): void {
    const now = this.#options.now();
    if (this.#stuck) {
      this.#stuck = false;
      // What came between is no usual step.
      this.#lastStepAt = null;
      this.#tell('goes-on', '', { seconds: Math.round((now - this.#movedAt) / 1000) });
    }
    this.#movedAt = now;
  }

  #measure(): void {
    const now = this.#options.now();
    if (this.#lastStepAt !== null) this.#intervals.push(now - this.#lastStepAt);
    if (this.#intervals.length > USUAL_STEPS) this.#intervals.shift();
    this.#lastStepAt = now;
  }

  #workerLost(worker: string): void {
    this.#lost ??= { count: 0, names: new Set(), since: this.#options.now() };
    this.#lost.count += 1;
    if (this.#lost.names.size < NAMES_MAX) this.#lost.names.add(worker);
  }

  #tellLosses(): void {
    const { count, names } = this.#lost!;
    this.#lost = null;
    this.#lossesToldAt = this.#options.now();
    this.#tell('worker-lost', '', { lost: { count, workers: [...names] } });
  }

  #tell(kind: NoticeKind, reason: string, more: Pick<Notice, 'goesOn' | 'seconds' | 'lost'> = {}): void {
    const { run, endId, tell, date = () => new Date() } = this.#options;
    const isEnd = kind === 'finished' || kind === 'stopped' || kind === 'failed' || more.goesOn === false;
    const about = {
      version: 1,
      id: (isEnd ? endId : undefined) ?? randomUUID(),
      kind,
      time: date().toISOString(),
      run,
      step: this.#step,
      stepsTotal: this.#stepsTotal,
      loss: this.#loss,
      heldOutLoss: this.#heldOutLoss,
      reason: shortReason(reason),
      ...more,
    } as const;
    tell({ ...about, text: textOf(about) });
  }
}

/** A notice in one line. */
export function textOf({
  kind,
  run,
  step,
  stepsTotal,
  reason,
  goesOn,
  seconds,
  lost,
}: Omit<Notice, 'text'>): string {
  const name = run.name === run.id || run.name === '' ? `run ${run.id}` : `run ${run.id} (${run.name})`;
  const at = `step ${step}${stepsTotal === null ? '' : ` of ${stepsTotal}`}`;
  const why = reason === '' ? '' : `: ${reason}`;
  switch (kind) {
    case 'finished':
      return `${name} is done: ${at}`;
    case 'stopped':
      return `${name} was stopped at ${at}${why}`;
    case 'failed':
      return `${name} failed at ${at}${why}`;
    case 'diverged':
      return `${name} diverged${goesOn ? `, and goes on from ${at}` : ` at ${at}`}${why}`;
    case 'stuck':
      return `${name} is stuck at ${at}: no step for ${duration(seconds ?? 0)}${reason === '' ? '' : `; ${reason}`}`;
    case 'goes-on':
      return `${name} goes on at ${at}, after ${duration(seconds ?? 0)} without a step`;
    case 'worker-lost':
      return `${name} lost ${counted(lost?.count ?? 0, 'worker')} at ${at}: ${lost?.workers.join(', ') ?? ''}`;
  }
}
