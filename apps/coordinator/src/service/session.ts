import { randomUUID } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Assignment, WorkKind } from '@rocinante/training';
import {
  limits,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  statusOf,
  WireError,
  type CoordinatorMessage,
  type EngineDescriptionMessage,
  type HelloMessage,
  type WorkerMessageReceived,
} from '@rocinante/wire';
import { Downlink } from './downlink.js';
import type { ParameterFeed } from './parameter-feed.js';

const wireKinds: Readonly<Record<WorkKind, 'WORK_KIND_TRAIN' | 'WORK_KIND_EVALUATE' | 'WORK_KIND_AUDIT'>> = {
  train: 'WORK_KIND_TRAIN',
  evaluate: 'WORK_KIND_EVALUATE',
  audit: 'WORK_KIND_AUDIT',
};

/** One worker, from its Hello to the end of its control stream: what it is, and how to speak to it. */
export class Session {
  /** Unguessable, since it admits to the other streams: for the wire only. */
  readonly id = randomUUID();
  /** The worker's id in the run's state machine, which people may see: its name and the session's number. */
  readonly worker: string;
  /** What logs call the worker. */
  readonly name: string;
  readonly engine: EngineDescriptionMessage | null;
  readonly threads: number;
  readonly downlink: Downlink;
  /** Whether the worker has said that it can compute. */
  ready = false;
  readonly #control: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>;

  /**
   * Welcomes a worker.
   * @param ordinal the session's number in this coordinator's life.
   * @throws {WireError} PROTOCOL_VERSION: no version in common. MALFORMED: a name too long.
   */
  constructor(
    control: ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>,
    hello: HelloMessage,
    ordinal: number,
    feed: ParameterFeed,
    rangeCount: number,
  ) {
    const protocol = Math.min(hello.protocolMax, PROTOCOL_VERSION);
    if (protocol < Math.max(hello.protocolMin, PROTOCOL_VERSION_MIN)) {
      throw new WireError(
        'PROTOCOL_VERSION',
        `worker ${hello.name}: expected protocol ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}, ` +
          `received ${hello.protocolMin} to ${hello.protocolMax}; use the same release on both sides`,
      );
    }
    if (hello.name.length === 0 || hello.name.length > limits.NAME_LENGTH_MAX) {
      throw new WireError('MALFORMED', `worker's name: expected 1 to ${limits.NAME_LENGTH_MAX} characters`);
    }
    this.name = hello.name;
    this.worker = `${hello.name}#${ordinal}`;
    this.engine = hello.engine;
    this.threads = hello.threads;
    this.downlink = new Downlink(feed, rangeCount);
    this.#control = control;
    this.send({ welcome: { protocol, session: this.id } });
  }

  send(message: CoordinatorMessage): void {
    this.#control.write(message);
  }

  /** @param gridExponents one int8 a block; empty for an evaluation. */
  assign(assignment: Assignment, parametersVersion: number, gridExponents: Int8Array): void {
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
    this.downlink.need(parametersVersion);
  }

  /** Ends the session from this side, with a reason where it is the worker's fault. */
  end(error?: Error): void {
    this.downlink.end();
    // A destroyed stream never sends its status; an error that is emitted does.
    if (error) this.#control.emit('error', Object.assign(new Error(error.message), statusOf(error)));
    else this.#control.end();
  }
}
