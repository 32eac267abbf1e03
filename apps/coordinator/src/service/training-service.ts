import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import { bytesOf, crc32 } from '@rocinante/base';
import type { SymbolIds } from '@rocinante/corpus';
import {
  limits,
  statusOf,
  WireError,
  type ContributeSummary,
  type ContributionRangeMessage,
  type CoordinatorMessage,
  type CorpusChunk,
  type CorpusRequestMessage,
  type EvaluationMessage,
  type ParametersRequestMessage,
  type ReportMessage,
  type SampleResultMessage,
  type TrainingHandlers,
  type WorkerMessageReceived,
} from '@rocinante/wire';
import type { ParameterFeed } from './parameter-feed.js';
import { Session } from './session.js';

/** A run as the service offers it to workers. */
export interface ServedRun {
  readonly id: string;
  readonly configJson: string;
  readonly layoutSha256: string;
  readonly rangeCount: number;
  readonly corpus: { readonly sha256: string; readonly ids: SymbolIds; readonly vocabularySize: number };
  readonly feed: ParameterFeed;
}

/** Who is told of what workers do. A handler that throws a WireError ends the session it came from. */
export interface SessionListener {
  ready(session: Session): void;
  /** `reason` is a sentence for people. */
  left(session: Session, reason: string): void;
  reported(session: Session, report: ReportMessage): void;
  evaluated(session: Session, evaluation: EvaluationMessage): void;
  /** @returns whether the range was added. */
  rangeArrived(session: Session, range: ContributionRangeMessage): boolean;
  sampled(session: Session, result: SampleResultMessage): void;
}

/** The gRPC service: checks what arrives, and passes it on. It decides nothing about the run. */
export class TrainingService {
  readonly #run: ServedRun;
  readonly #listener: SessionListener;
  /** By the id that the wire knows, and by the one that the state machine knows. */
  readonly #sessions = new Map<string, Session>();
  readonly #byWorker = new Map<string, Session>();
  #sessionCount = 0;

  constructor(run: ServedRun, listener: SessionListener) {
    this.#run = run;
    this.#listener = listener;
  }

  /** Sessions of workers that are ready, in the order in which they joined. */
  get workers(): Session[] {
    return [...this.#sessions.values()].filter((session) => session.ready);
  }

  /** The session of a worker, by its id in the state machine. */
  session(worker: string): Session | undefined {
    return this.#byWorker.get(worker);
  }

  readonly handlers: TrainingHandlers = {
    Work: (call) => this.#work(call),
    Contribute: (call, callback) => this.#contribute(call, callback),
    Parameters: (call) => this.#parameters(call),
    Corpus: (call) => void this.#corpus(call),
  };

  /** Ends every session; workers hear why. */
  endRun(reason: string): void {
    for (const session of this.#sessions.values()) {
      this.#forget(session);
      session.send({ endRun: { run: this.#run.id, reason } });
      session.end();
    }
  }

  /** @returns whether it was there. */
  #forget(session: Session): boolean {
    this.#byWorker.delete(session.worker);
    return this.#sessions.delete(session.id);
  }

  #work(call: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>): void {
    let session: Session | null = null;
    const close = (reason: string, error?: Error): void => {
      clearTimeout(timer);
      if (session && this.#forget(session)) {
        this.#listener.left(session, reason);
        session.downlink.end();
      }
      if (error) call.emit('error', statusOf(error));
      else call.end();
    };
    const timer = setTimeout(
      () => close('', new WireError('TIMEOUT', `no Hello within ${limits.HELLO_TIMEOUT_MS} ms`)),
      limits.HELLO_TIMEOUT_MS,
    );
    call.on('data', (message: WorkerMessageReceived) => {
      try {
        if (session) this.#receive(session, message);
        else session = this.#welcome(call, message);
        clearTimeout(timer);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        close(error.message, error);
      }
    });
    call.on('end', () => close('it left'));
    call.on('cancelled', () => close('its connection was lost'));
    call.on('error', (error) => close(error.message));
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
    const { id, configJson, corpus, layoutSha256, feed, rangeCount } = this.#run;
    const session = new Session(call, message.hello, (this.#sessionCount += 1), feed, rangeCount);
    this.#sessions.set(session.id, session);
    this.#byWorker.set(session.worker, session);
    session.send({
      startRun: {
        run: id,
        configJson,
        layoutSha256,
        corpus: {
          sha256: corpus.sha256,
          length: corpus.ids.length,
          idBytes: corpus.ids.BYTES_PER_ELEMENT,
          vocabularySize: corpus.vocabularySize,
        },
      },
    });
    return session;
  }

  #receive(session: Session, message: WorkerMessageReceived): void {
    switch (message.message) {
      case 'hello':
        throw new WireError('MALFORMED', `worker ${session.name} said Hello twice`);
      case 'ready':
        if (session.ready) throw new WireError('MALFORMED', `worker ${session.name} said Ready twice`);
        session.ready = true;
        return this.#listener.ready(session);
      case 'credit':
        return session.downlink.addCredits(message.credit!.ranges);
      case 'report':
        return this.#listener.reported(session, message.report!);
      case 'evaluation':
        return this.#listener.evaluated(session, message.evaluation!);
      case 'sampleResult':
        return this.#listener.sampled(session, message.sampleResult!);
      case 'trouble':
        throw new WireError('CONNECTION_LOST', `${message.trouble!.code}: ${message.trouble!.message}`);
      case undefined:
        throw new WireError('MALFORMED', `worker ${session.name} sent a message of no known kind`);
    }
  }

  #contribute(
    call: ServerReadableStream<ContributionRangeMessage, ContributeSummary>,
    callback: sendUnaryData<ContributeSummary>,
  ): void {
    const summary = { rangesAdded: 0, rangesIgnored: 0 };
    call.on('data', (message: ContributionRangeMessage) => {
      try {
        const session = this.#sessions.get(message.session);
        if (!session) throw unknownSession();
        if (this.#listener.rangeArrived(session, message)) summary.rangesAdded += 1;
        else summary.rangesIgnored += 1;
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.#sessions.get(message.session)?.end(error);
        callback(statusOf(error));
      }
    });
    call.on('end', () => callback(null, summary));
    call.on('error', () => {
      // The control stream tells of a session's end, and why.
    });
  }

  #parameters(call: ServerWritableStream<ParametersRequestMessage, Buffer>): void {
    const session = this.#sessions.get(call.request.session);
    if (session) session.downlink.attach(call);
    else call.emit('error', statusOf(unknownSession()));
    call.on('error', () => session?.downlink.end());
  }

  async #corpus(call: ServerWritableStream<CorpusRequestMessage, CorpusChunk>): Promise<void> {
    const { session, sha256, offset, bytes } = call.request;
    const ids = bytesOf(this.#run.corpus.ids);
    const end = offset + bytes;
    if (!this.#sessions.has(session)) return void call.emit('error', statusOf(unknownSession()));
    if (sha256 !== this.#run.corpus.sha256) {
      const error = new WireError(
        'UNKNOWN_CORPUS',
        `corpus ${sha256}: this run's is ${this.#run.corpus.sha256}`,
      );
      return void call.emit('error', statusOf(error));
    }
    if (bytes > limits.CORPUS_CALL_BYTES_MAX || end > ids.byteLength) {
      const error = new WireError('MALFORMED', `corpus: bytes ${offset} to ${end} of ${ids.byteLength}`);
      return void call.emit('error', statusOf(error));
    }
    for (let at = offset; at < end && !call.cancelled; at += limits.CORPUS_CHUNK_BYTES_MAX) {
      const data = Buffer.from(ids.subarray(at, Math.min(end, at + limits.CORPUS_CHUNK_BYTES_MAX)));
      if (!call.write({ offset: at, data, checksum: crc32(data) })) {
        await new Promise<void>((resolve) => call.once('drain', resolve).once('close', resolve));
      }
    }
    call.end();
  }
}

function unknownSession(): WireError {
  return new WireError('UNKNOWN_SESSION', 'this session is over, or never was');
}
