import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import { assert } from '@rocinante/base';
import { isRefusal, type Refusal } from '@rocinante/metrics';
import {
  callerOf,
  limits,
  statusOf,
  WireError,
  type ContributeSummary,
  type ContributionRangeMessage,
  type CoordinatorMessage,
  type CorpusChunk,
  type CorpusRequestMessage,
  type LogLinesMessage,
  type ParametersRequestMessage,
  type ReadyMessage,
  type TrainingHandlers,
  type TroubleMessage,
  type WorkerMessageReceived,
} from '@rocinante/wire';
import { sendCorpus } from './corpus-sender.js';
import { JoinAllowance } from './join-allowance.js';
import { DEFAULT_POOL, Session } from './session.js';
import { WorkerPool, type RunNumbers } from './worker-pool.js';

/** Versions and assignments that one run may number. */
const NUMBERS_PER_RUN = 2 ** 32;

/**
 * A stream that is cut looks as if the worker had ended it, and is known as cut a moment later: so long is waited before a
 * worker is said to have left by itself.
 */
const LEFT_AFTER_MS = 50;

/** Characters of what a worker says of its own trouble, at most: it goes into logs. */
const TROUBLE_LENGTH_MAX = 500;

/** What a worker says without being asked, or may say twice. */
const ownAccord: ReadonlySet<WorkerMessageReceived['message']> = new Set([
  'ready',
  'sampleResult',
  'metrics',
  'logLines',
  'trouble',
]);

/** Who is told of sessions, whatever they work for. Telling changes nothing. */
export interface SessionObserver {
  opened?(session: Session): void;
  closed?(session: Session, reason: string, lost: boolean): void;
  /** A call was refused, or a session ended for a fault; `code` is the WireError's, or INTERNAL. */
  refused?(code: Refusal, message: string): void;
  /** So many lines of a worker's log came when nobody waited for them any more. */
  late?(session: Session, lines: number): void;
}

/** The gRPC service for workers: checks what arrives, and passes it on. It decides nothing about runs. */
export class TrainingService {
  readonly #observer: SessionObserver;
  readonly #pools = new Map<string, WorkerPool>();
  /** By the id that the wire knows. */
  readonly #sessions = new Map<string, Session>();
  /** Each session's end, for the coordinator to bring about. */
  readonly #sendAway = new Map<Session, (reason: string) => void>();
  readonly #joins = new JoinAllowance();
  #sessionCount = 0;
  #runCount = 0;

  constructor(observer: SessionObserver = {}) {
    this.#observer = observer;
  }

  /** All sessions, in the order in which they came. */
  get sessions(): Session[] {
    return [...this.#sessions.values()];
  }

  /** The pool of a name; undefined where it has no workers and no run. */
  pool(name = DEFAULT_POOL): WorkerPool | undefined {
    return this.#pools.get(name);
  }

  /** The pool of a name, for who begins a run in it or joins it now: it is made where it is not there. */
  poolFor(name = DEFAULT_POOL): WorkerPool {
    const found = this.#pools.get(name);
    if (found) return found;
    // Those whose run ended when nobody was there any more.
    for (const other of this.#pools.values()) if (other.isIdle) this.#pools.delete(other.name);
    const pool = new WorkerPool(name);
    this.#pools.set(name, pool);
    return pool;
  }

  /** The pool of a session that is there. */
  #poolOf(session: Session): WorkerPool {
    const pool = this.#pools.get(session.pool);
    assert(pool !== undefined, `worker ${session.name} is in pool ${session.pool}`);
    return pool;
  }

  /** Numbers for a run's versions and assignments, which no other run of this process has. */
  takeNumbers(): RunNumbers {
    const first = this.#runCount * NUMBERS_PER_RUN + 1;
    this.#runCount += 1;
    return { activation: this.#runCount, firstVersion: first, firstAssignment: first };
  }

  readonly handlers: TrainingHandlers = {
    Work: (call) => this.#work(call),
    Contribute: (call, callback) => this.#contribute(call, callback),
    Parameters: (call) => this.#parameters(call),
    Corpus: (call) => this.#corpus(call),
  };

  /** Ends every session: the coordinator itself ends. */
  close(): void {
    for (const sendAway of [...this.#sendAway.values()]) sendAway('this coordinator is ending');
  }

  #work(call: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>): void {
    let session: Session | null = null;
    let closed = false;
    let leaving: NodeJS.Timeout | undefined;
    const close = (reason: string, lost: boolean, error?: Error): void => {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      clearTimeout(leaving);
      if (error) this.#refused(error);
      if (session) {
        this.#sessions.delete(session.id);
        this.#sendAway.delete(session);
        const pool = this.#poolOf(session);
        session.over = { reason, lost };
        pool.remove(session, reason, lost);
        if (pool.isIdle) this.#pools.delete(pool.name);
        session.downlink.end();
        this.#observer.closed?.(session, reason, lost);
      }
      if (error) call.emit('error', statusOf(error));
      else call.end();
    };
    const timer = setTimeout(() => {
      const error = new WireError('TIMEOUT', `no Hello within ${limits.HELLO_TIMEOUT_MS} ms`);
      close(error.message, true, error);
    }, limits.HELLO_TIMEOUT_MS);
    call.on('data', (message: WorkerMessageReceived) => {
      // What was on its way when the session ended.
      if (closed) return;
      try {
        if (session) this.#receive(session, message);
        else {
          session = this.#welcome(call, message);
          this.#sendAway.set(session, (reason) => close(reason, false));
        }
        clearTimeout(timer);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        close(error.message, true, error);
      }
    });
    call.on('end', () => {
      leaving = setTimeout(() => close('it left', false), LEFT_AFTER_MS);
    });
    call.on('cancelled', () => close('its connection was lost', true));
    // From this side: `Session.end` with a fault of the worker's.
    call.on('error', (error) => {
      if (!closed && error.cause instanceof WireError) this.#refused(error.cause);
      close(error.message, true);
    });
  }

  #welcome(
    call: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>,
    message: WorkerMessageReceived,
  ): Session {
    if (!message.hello) throw new WireError('MALFORMED', 'the first message of a session must be Hello');
    if (this.#sessions.size >= limits.SESSIONS_MAX) {
      throw new WireError(
        'TOO_MANY_SESSIONS',
        `this coordinator holds ${limits.SESSIONS_MAX} sessions already`,
      );
    }
    this.#joins.take(callerOf(call).holder?.name ?? null, performance.now());
    const session = new Session(call, message.hello, (this.#sessionCount += 1), this.sessions);
    this.#sessions.set(session.id, session);
    this.#observer.opened?.(session);
    this.poolFor(session.pool).add(session);
    return session;
  }

  #receive(session: Session, message: WorkerMessageReceived): void {
    const pool = this.#poolOf(session);
    // What a worker that is not ready says of its work is about a run that has ended.
    const listener = session.ready ? pool.listener : null;
    if (ownAccord.has(message.message)) session.talk.take(performance.now());
    switch (message.message) {
      case 'hello':
        throw new WireError('MALFORMED', `worker ${session.name} said Hello twice`);
      case 'ready':
        return this.#ready(session, message.ready!);
      case 'credit':
        return session.downlink.addCredits(message.credit!.ranges);
      case 'report':
        return listener?.reported(session, message.report!);
      case 'evaluation':
        return listener?.evaluated(session, message.evaluation!);
      case 'sampleResult':
        return listener?.sampled(session, message.sampleResult!);
      case 'metrics':
        return this.#keepMetrics(session, message.metrics!.text);
      case 'logLines':
        return this.#logged(session, message.logLines!);
      case 'trouble':
        return this.#trouble(session, message.trouble!);
      case undefined:
        throw new WireError('MALFORMED', `worker ${session.name} sent a message of no known kind`);
    }
  }

  /** @throws {WireError} MALFORMED: it said so before, or its proof is no SHA-256. */
  #ready(session: Session, { activation, proof }: ReadyMessage): void {
    const pool = this.#poolOf(session);
    if (activation !== pool.served?.numbers.activation) return;
    if (session.standing !== 'preparing') {
      throw new WireError('MALFORMED', `worker ${session.name} said Ready twice`);
    }
    if (!/^([0-9a-f]{64})?$/.test(proof)) {
      throw new WireError(
        'MALFORMED',
        `joining proof of worker ${session.name}: expected a SHA-256 of 64 lower-case hexadecimal digits`,
      );
    }
    const parked = pool.served.admission.judge(session, proof);
    if (parked !== null) return session.stand('parked', parked);
    session.stand('ready');
    pool.listener!.ready(session);
  }

  /** A worker that cannot work for a run stays for the next; any other trouble is the end of its session. */
  #trouble(session: Session, trouble: TroubleMessage): void {
    const reason = troubleOf(trouble);
    const { served } = this.#poolOf(session);
    const { activation } = trouble;
    if (activation === 0) throw new WireError('CONNECTION_LOST', reason);
    if (served?.numbers.activation === activation && session.standing === 'preparing') {
      session.stand('refused', reason);
      served.admission.refused(session, reason);
    }
  }

  #keepMetrics(session: Session, text: string): void {
    refuseMore(
      `metrics of worker ${session.name}`,
      'bytes',
      Buffer.byteLength(text),
      limits.METRICS_BYTES_MAX,
    );
    session.metrics = { text, at: performance.now() };
  }

  #logged(session: Session, message: LogLinesMessage): void {
    const { json } = message;
    const bytes = json.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    const what = `log of worker ${session.name}`;
    refuseMore(what, 'lines', json.length, limits.LOG_LINES_MAX);
    refuseMore(what, 'bytes', bytes, limits.LOG_LINES_BYTES_MAX);
    if (!this.#poolOf(session).logged(session, message)) this.#observer.late?.(session, json.length);
  }

  #contribute(
    call: ServerReadableStream<ContributionRangeMessage, ContributeSummary>,
    callback: sendUnaryData<ContributeSummary>,
  ): void {
    const summary = { rangesAdded: 0, rangesIgnored: 0 };
    let answered = false;
    const answer = (error: Error | null): void => {
      if (answered) return;
      answered = true;
      if (error) callback(statusOf(error));
      else callback(null, summary);
    };
    call.on('data', (message: ContributionRangeMessage) => {
      if (answered) return;
      try {
        if (this.#add(message)) summary.rangesAdded += 1;
        else summary.rangesIgnored += 1;
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        const session = this.#sessions.get(message.session);
        // A session's end is counted once, where it ends.
        if (session) session.end(error);
        else this.#refused(error);
        answer(error);
      }
    });
    call.on('end', () => answer(null));
    call.on('error', () => {
      // The control stream tells of a session's end, and why.
    });
  }

  /** @returns whether the range was added. @throws {WireError} */
  #add(message: ContributionRangeMessage): boolean {
    const session = this.#sessions.get(message.session);
    if (!session) throw unknownSession();
    const { listener, served } = this.#poolOf(session);
    const earlier = served !== null && message.assignment < served.numbers.firstAssignment;
    if (!session.ready || listener === null || earlier) return false;
    return listener.rangeArrived(session, message);
  }

  #parameters(call: ServerWritableStream<ParametersRequestMessage, Buffer>): void {
    const session = this.#sessions.get(call.request.session);
    if (!session) return this.#refuse(call, unknownSession());
    try {
      session.downlink.attach(call);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      session.end(error);
      call.emit('error', statusOf(error));
      return;
    }
    call.on('close', () => session.downlink.detach());
  }

  #corpus(call: ServerWritableStream<CorpusRequestMessage, CorpusChunk>): void {
    const session = this.#sessions.get(call.request.session);
    const served = session && this.#poolOf(session).served;
    sendCorpus(call, served?.corpus ?? null, session !== undefined).catch((error: unknown) => {
      if (!(error instanceof WireError)) throw error;
      this.#refuse(call, error);
    });
  }

  #refuse(call: { emit(event: 'error', status: unknown): boolean }, error: WireError): void {
    this.#refused(error);
    call.emit('error', statusOf(error));
  }

  #refused(error: Error): void {
    const code = error instanceof WireError && isRefusal(error.code) ? error.code : 'INTERNAL';
    this.#observer.refused?.(code, error.message);
  }
}

/** @throws {WireError} MESSAGE_TOO_LARGE. */
function refuseMore(what: string, unit: string, received: number, most: number): void {
  if (received <= most) return;
  throw new WireError(
    'MESSAGE_TOO_LARGE',
    `${what}: expected at most ${most} ${unit} in a message, received ${received}`,
  );
}

function troubleOf({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code}: ${message}`.slice(0, TROUBLE_LENGTH_MAX);
}

function unknownSession(): WireError {
  return new WireError('UNKNOWN_SESSION', 'this session is over, or never was');
}
