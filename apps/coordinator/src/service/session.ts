import { randomUUID } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Assignment, WorkKind } from '@rocinante/training';
import {
  agreeOnProtocol,
  limits,
  meterConnection,
  statusOf,
  WireError,
  type CoordinatorMessage,
  type EngineDescriptionMessage,
  type HelloMessage,
  type StartRunMessage,
  type Traffic,
  type WorkerMessageReceived,
} from '@rocinante/wire';
import { Downlink } from './downlink.js';
import { checkEngine, checkName } from './hello-checks.js';
import { READER_STALL_MS } from './stream-room.js';
import { TalkAllowance } from './talk-allowance.js';
import type { ServedRun } from './worker-pool.js';

const wireKinds: Readonly<Record<WorkKind, 'WORK_KIND_TRAIN' | 'WORK_KIND_EVALUATE' | 'WORK_KIND_AUDIT'>> = {
  train: 'WORK_KIND_TRAIN',
  evaluate: 'WORK_KIND_EVALUATE',
  audit: 'WORK_KIND_AUDIT',
};

/**
 * What a worker is to the run that it was offered last. `ready`: it is given work. `parked`: it could be, but its joining proof
 * is another than the run's. `refused`: it cannot work for this run. `set-aside`: it computed what is wrong too often. In the last
 * three it stays, and waits for the next run.
 */
export type Standing = 'preparing' | 'ready' | 'parked' | 'refused' | 'set-aside';

/** Why a session is over, in a sentence for people, and whether that was no decision of the worker's. */
export interface SessionEnd {
  readonly reason: string;
  readonly lost: boolean;
}

/** The pool of a worker that names none. */
export const DEFAULT_POOL = 'default';

/** One worker, from its Hello to the end of its control stream: what it is, and how to speak to it. */
export class Session {
  /** Unguessable, since it admits to the other streams: for the wire only. */
  readonly id = randomUUID();
  /** The worker's id in the run's state machine, which people may see: its name and the session's number. */
  readonly worker: string;
  /** What logs call the worker. */
  readonly name: string;
  /** What metrics call the worker: its name, or where a live worker is called so already, its id. */
  readonly label: string;
  /** The version of the protocol that it speaks. */
  readonly protocol: number;
  readonly engine: EngineDescriptionMessage | null;
  readonly threads: number;
  readonly pool: string;
  /** `host:port` of the worker's own metrics; empty where it serves none. */
  readonly httpAddress: string;
  readonly joinedAt = new Date();
  readonly downlink = new Downlink(() => {
    const silence = `took no parameters for ${READER_STALL_MS / 1000} s`;
    this.end(new WireError('TIMEOUT', `worker ${this.name} ${silence}`));
  });
  readonly talk: TalkAllowance;
  standing: Standing = 'preparing';
  /** Why it is parked or refused, in one sentence; else empty. */
  standingReason = '';
  /** The metrics that the worker sent last, in Prometheus's text format, and when. */
  metrics: { readonly text: string; readonly at: number } | null = null;
  /** How it ended; null while it lives. */
  over: SessionEnd | null = null;
  readonly #control: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>;
  readonly #traffic: () => Traffic;

  /**
   * Welcomes a worker.
   * @param ordinal the session's number in this coordinator's life.
   * @param live the other sessions.
   * @throws {WireError} PROTOCOL_VERSION: no version in common. MALFORMED: a name that is none, an engine described too long.
   */
  constructor(
    control: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>,
    hello: HelloMessage,
    ordinal: number,
    live: readonly Session[],
  ) {
    checkName("worker's name", hello.name);
    this.protocol = agreeOnProtocol(hello);
    this.pool = hello.pool || DEFAULT_POOL;
    checkName("worker's pool", this.pool);
    checkEngine(hello.name, hello.engine);
    this.httpAddress = hello.httpAddress.slice(0, limits.ADDRESS_LENGTH_MAX);
    this.name = hello.name;
    this.worker = `${hello.name}#${ordinal}`;
    this.talk = new TalkAllowance(this.name, performance.now());
    this.label = live.some(({ label }) => label === hello.name) ? this.worker : hello.name;
    this.engine = hello.engine;
    this.threads = hello.threads;
    this.#control = control;
    this.#traffic = meterConnection(control.getPeer());
    this.send({ welcome: { protocol: this.protocol, session: this.id } });
  }

  /** Whether it is given work for the present run. */
  get ready(): boolean {
    return this.standing === 'ready';
  }

  /** What its connection has moved since its Hello; also after its end. */
  get traffic(): Traffic {
    return this.#traffic();
  }

  send(message: CoordinatorMessage): void {
    this.#control.write(message);
  }

  /** Offers a run: the worker says Ready when it can compute for it. */
  startRun(served: ServedRun, message: StartRunMessage): void {
    this.stand('preparing');
    this.downlink.serve(served.feed);
    this.send({ startRun: message });
  }

  endRun({ id, numbers }: ServedRun, reason: string): void {
    this.stand('preparing');
    this.downlink.serve(null);
    this.send({ endRun: { run: id, activation: numbers.activation, reason } });
  }

  stand(standing: Standing, reason = ''): void {
    this.standing = standing;
    this.standingReason = reason;
  }

  /**
   * @param gridExponents one int8 a block; empty for an evaluation.
   * @param received told when the worker has all of the parameters that it needs.
   */
  assign(
    assignment: Assignment,
    parametersVersion: number,
    gridExponents: Int8Array,
    received: () => void,
  ): void {
    const { buffer, byteOffset, byteLength } = gridExponents;
    this.send({
      assign: {
        assignment: assignment.id,
        kind: wireKinds[assignment.kind],
        step: assignment.step,
        issue: assignment.issue,
        microBatches: [...assignment.microBatches],
        parametersVersion,
        gridExponents: Buffer.from(buffer, byteOffset, byteLength),
        firstRange: assignment.firstRange,
        magnitudesOnly: assignment.magnitudesOnly,
      },
    });
    this.downlink.need(parametersVersion, received);
  }

  /** Ends the session from this side, with a reason where it is the worker's fault. */
  end(error?: WireError): void {
    this.downlink.end();
    // A destroyed stream never sends its status; an error that is emitted does.
    if (error)
      this.#control.emit('error', Object.assign(new Error(error.message, { cause: error }), statusOf(error)));
    else this.#control.end();
  }
}
