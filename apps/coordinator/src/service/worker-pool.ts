import { assert } from '@rocinante/base';
import type { SymbolIds } from '@rocinante/corpus';
import {
  limits,
  type ContributionRangeMessage,
  type EvaluationMessage,
  type LogLinesMessage,
  type ReportMessage,
  type SampleResultMessage,
  type StartRunMessage,
} from '@rocinante/wire';
import type { ParameterFeed } from './parameter-feed.js';
import type { Session } from './session.js';

/** A run as workers are offered it. */
export interface ServedRun {
  readonly id: string;
  readonly configJson: string;
  readonly layoutSha256: string;
  readonly rangeCount: number;
  readonly corpus: { readonly sha256: string; readonly ids: SymbolIds; readonly vocabularySize: number };
  readonly feed: ParameterFeed;
  /** Where its numbers of versions and of assignments begin: those before are earlier runs'. */
  readonly numbers: RunNumbers;
  readonly admission: Admission;
}

/** Decides who of the pool computes for a run. */
export interface Admission {
  /**
   * A worker can compute for the run.
   * @param proof its joining proof, 64 hexadecimal digits; empty from a release that knows none.
   * @returns null where it is admitted, else in one sentence why it is parked.
   */
  judge(session: Session, proof: string): string | null;
  /** A worker cannot work for the run, and says why; it stays. */
  refused(session: Session, reason: string): void;
  /** A worker left that was never admitted, or no more. */
  left(session: Session): void;
}

/** A run that workers have been told the end of, while the last lines of their logs are on their way. */
interface LastLines {
  readonly activation: number;
  readonly listener: RunListener;
  /** Workers that have not said their last yet. */
  readonly awaited: Set<Session>;
  readonly over: () => void;
}

/** What no other activation of a run has, in this coordinator's life. */
export interface RunNumbers {
  /** Names the activation. */
  readonly activation: number;
  readonly firstVersion: number;
  readonly firstAssignment: number;
}

/** Who is told of what workers do for a run. A handler that throws a WireError ends the session it came from. */
export interface RunListener {
  ready(session: Session): void;
  /** `reason` is a sentence for people; `lost` is false where the worker left by itself. */
  left(session: Session, reason: string, lost: boolean): void;
  reported(session: Session, report: ReportMessage): void;
  evaluated(session: Session, evaluation: EvaluationMessage): void;
  /** @returns whether the range was added. */
  rangeArrived(session: Session, range: ContributionRangeMessage): boolean;
  sampled(session: Session, result: SampleResultMessage): void;
  /** Lines of the worker's log about the run, each JSON. */
  logged(session: Session, lines: readonly string[]): void;
}

/** The workers that work for the same runs, one run at a time: who is there, and what they are offered. */
export class WorkerPool {
  readonly #sessions = new Map<string, Session>();
  #served: ServedRun | null = null;
  #listener: RunListener | null = null;
  #lastLines: LastLines | null = null;

  constructor(readonly name: string) {}

  /** Sessions in the order in which they came, whether they can compute yet or not. */
  get sessions(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Those that compute for the present run. */
  get workers(): Session[] {
    return this.sessions.filter((session) => session.ready);
  }

  /** Those that are there, and are given no work for the present run. */
  get idle(): Session[] {
    return this.#served === null ? [] : this.sessions.filter((session) => !session.ready);
  }

  get served(): ServedRun | null {
    return this.#served;
  }

  /** The run's listener; null between two runs. */
  get listener(): RunListener | null {
    return this.#listener;
  }

  /** Whether there is nobody, and nothing to do. */
  get isIdle(): boolean {
    return this.#sessions.size === 0 && this.#served === null;
  }

  /** By the worker's id in the state machine. */
  session(worker: string): Session | undefined {
    return this.#sessions.get(worker);
  }

  /** Offers a run to all workers, and to each that comes until its end. */
  begin(served: ServedRun, listener: RunListener): void {
    assert(this.#served === null, `pool ${this.name} works for ${this.#served?.id} already`);
    this.#served = served;
    this.#listener = listener;
    for (const session of this.#sessions.values()) session.startRun(served, startRunOf(served));
  }

  /**
   * Ends the run: workers hear why, and wait for the next.
   * @returns when the last lines of their logs about it are here, or LAST_LINES_TIMEOUT_MS have passed.
   */
  end(reason: string): Promise<void> {
    const [served, listener] = [this.#served, this.#listener];
    if (served === null || listener === null) return Promise.resolve();
    this.#served = null;
    this.#listener = null;
    return new Promise((resolve) => {
      const timer = setTimeout(() => over(), limits.LAST_LINES_TIMEOUT_MS);
      const over = (): void => {
        clearTimeout(timer);
        if (this.#lastLines?.over === over) this.#lastLines = null;
        resolve();
      };
      const awaited = new Set(this.#sessions.values());
      this.#lastLines = { activation: served.numbers.activation, listener, awaited, over };
      for (const session of awaited) session.endRun(served, reason);
      if (awaited.size === 0) over();
    });
  }

  /**
   * Lines of a worker's log about the present run, or about the one that has just ended.
   * @returns whether they are one of these two's.
   */
  logged(session: Session, { json, activation, last }: LogLinesMessage): boolean {
    const ending = this.#lastLines;
    if (ending !== null && activation === ending.activation) {
      ending.listener.logged(session, json);
      if (last) this.#hasSaidItsLast(session);
      return true;
    }
    if (activation !== this.#served?.numbers.activation) return json.length === 0;
    this.#listener!.logged(session, json);
    return true;
  }

  add(session: Session): void {
    this.#sessions.set(session.worker, session);
    if (this.#served) session.startRun(this.#served, startRunOf(this.#served));
  }

  /** @param lost whether the session's end was no decision of the worker's. */
  remove(session: Session, reason: string, lost: boolean): void {
    if (!this.#sessions.delete(session.worker)) return this.#hasSaidItsLast(session);
    if (session.ready) this.#listener?.left(session, reason, lost);
    else this.#served?.admission.left(session);
    this.#hasSaidItsLast(session);
  }

  #hasSaidItsLast(session: Session): void {
    const ending = this.#lastLines;
    if (ending?.awaited.delete(session) && ending.awaited.size === 0) ending.over();
  }
}

function startRunOf({ id, configJson, layoutSha256, corpus, numbers }: ServedRun): StartRunMessage {
  return {
    run: id,
    configJson,
    layoutSha256,
    corpus: {
      sha256: corpus.sha256,
      length: corpus.ids.length,
      idBytes: corpus.ids.BYTES_PER_ELEMENT,
      vocabularySize: corpus.vocabularySize,
    },
    ...numbers,
  };
}
