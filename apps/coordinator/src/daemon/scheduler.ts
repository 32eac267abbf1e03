import { assert } from '@rocinante/base';
import type { StartCause } from '../run/log/log-entries.js';
import { ActiveRun, type ActiveRunParts } from './active-run.js';
import { WrongStateError } from './errors.js';
import type { StoredRun } from './run-store.js';

/** After so long a step in progress is given up, so that a daemon that is told to end has ended within 10 s. */
const STEP_GRACE_MS = 5_000;

/** After so many activations in a row that the coordinator did not outlast, and that got no further, a run is activated no more. */
const UNFINISHED_MAX = 3;

/** Decides which run is active: one in each pool of workers, the others in the queue. */
export class Scheduler {
  readonly #parts: ActiveRunParts;
  /** By pool. */
  readonly #active = new Map<string, ActiveRun>();
  readonly #work = new Set<Promise<void>>();
  readonly #onFatal: (error: unknown) => void;
  #ending = false;

  /** @param onFatal told of a programmer's error, which ends the process. */
  constructor(parts: ActiveRunParts, onFatal: (error: unknown) => void) {
    this.#parts = parts;
    this.#onFatal = onFatal;
  }

  /** Goes on where the process before ended: with the runs that were active, and then the queues. */
  start(): void {
    const { store } = this.#parts;
    for (const run of store.runs()) {
      if (run.state !== 'active') continue;
      if (run.unfinishedActivations >= UNFINISHED_MAX) {
        this.#giveUp(run);
        continue;
      }
      // Two in one pool are what is left where the disk did not take the first one's end before the process ended.
      if (this.#active.has(run.pool) || !this.#mayBegin(run)) {
        const queued = store.update(run.id, { state: 'queued' });
        // What its operator ordered before the kill is done where it is.
        if (run.reason !== '') this.stop(queued, run.reason);
        continue;
      }
      this.#activate(run, 'coordinator-restarted');
      if (run.reason !== '') this.active(run.id)?.stop(run.reason);
    }
    this.schedule();
  }

  /**
   * Of runs that the coordinator would not outlast for the last time, one is active at a time, until it has got further or
   * ended: else the one that ends the coordinator takes others along.
   */
  #mayBegin({ unfinishedActivations }: StoredRun): boolean {
    if (unfinishedActivations + 1 < UNFINISHED_MAX) return true;
    const { store } = this.#parts;
    return [...this.#active.values()].every(
      ({ id }) => store.find(id).unfinishedActivations < UNFINISHED_MAX,
    );
  }

  /** What ends the coordinator, such as too little memory, would do so again and again. */
  #giveUp(stored: StoredRun): void {
    const { id: run, unfinishedActivations: times, step } = stored;
    new ActiveRun(stored, 'coordinator-restarted', this.#parts).giveUp(
      `the coordinator ended ${times} times in a row while the run was active, without a word, and the run got no further than ` +
        `step ${step}: see the end of the coordinator's log before, and the kernel's (memory); ./rocinante run resume ${run} tries it anew`,
    );
  }

  /** The active run of this id; undefined where it is not active. */
  active(id: string): ActiveRun | undefined {
    return [...this.#active.values()].find((run) => run.id === id);
  }

  /** A run has come into the queue. */
  queued({ id: run, name, pool, priority }: StoredRun): void {
    this.#parts.logger.info({ run, name, pool, priority }, 'run queued');
    this.schedule();
  }

  /** Begins what can begin. */
  schedule(): void {
    if (this.#ending) return;
    const pools = new Set(this.#parts.store.runs().map(({ pool }) => pool));
    for (const pool of pools) {
      const next = this.#active.has(pool) ? undefined : this.#parts.store.queue(pool)[0];
      if (next && this.#mayBegin(next)) this.#activate(next, causeOf(next));
    }
  }

  /**
   * Ends a run at its next step, with a checkpoint, or takes it out of the queue.
   * @throws {WrongStateError} it has ended already.
   */
  stop(run: StoredRun, reason: string): StoredRun {
    const active = this.active(run.id);
    if (active) {
      active.stop(reason);
      return this.#parts.store.find(run.id);
    }
    if (run.state !== 'queued') throw new WrongStateError(run, 'queued or active');
    const stopped = this.#parts.store.update(run.id, {
      state: 'stopped',
      reason,
      endedAt: new Date().toISOString(),
    });
    this.#parts.hub.end(run.id);
    return stopped;
  }

  /** Ends all active runs, each with a checkpoint; they go on when the daemon is started again. */
  async end(): Promise<void> {
    this.#ending = true;
    for (const run of this.#active.values()) run.stop('the coordinator was stopped', { goesOnLater: true });
    const timer = setTimeout(() => {
      for (const run of this.#active.values()) run.stopNow();
    }, STEP_GRACE_MS);
    await Promise.all(this.#work);
    clearTimeout(timer);
  }

  #activate(run: StoredRun, cause: StartCause): void {
    assert(!this.#active.has(run.pool), `pool ${run.pool} has an active run`);
    const active = new ActiveRun(run, cause, this.#parts);
    active.onSettled = () => this.schedule();
    this.#active.set(run.pool, active);
    const work = active.run().then(
      () => {
        this.#active.delete(run.pool);
        this.#work.delete(work);
        this.schedule();
      },
      (error: unknown) => {
        this.#work.delete(work);
        this.#onFatal(error);
      },
    );
    this.#work.add(work);
  }
}

/** Why a run that was in the queue is activated. */
function causeOf({ startedAt, unfinishedActivations }: StoredRun): StartCause {
  if (startedAt === null) return 'begun';
  return unfinishedActivations > 0 ? 'coordinator-restarted' : 'resumed';
}
