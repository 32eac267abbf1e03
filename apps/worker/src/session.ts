import type { ClientDuplexStream, ClientReadableStream, ClientWritableStream } from '@grpc/grpc-js';
import { join } from 'node:path';
import { cacheDirectory, RocinanteError } from '@rocinante/base';
import type { Logger } from '@rocinante/log';
import {
  checkWelcomedTo,
  limits,
  mayRetry,
  WireError,
  type AssignMessage,
  type CoordinatorMessageReceived,
  type Hello,
  type ParametersRangeMessage,
  type StartRunMessage,
  type TrainingClient,
  type WelcomeMessage,
  type WorkerMessage,
} from '@rocinante/wire';
import type { EngineProxy } from './engine-proxy.js';
import type { LogRelay } from './log-relay.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { ParametersReceiver } from './parameters-receiver.js';
import type { RunPreparation } from './run-preparation.js';
import { RunWork } from './run-work.js';

/** What a worker has for all its sessions. */
export interface SessionSetting {
  readonly engine: EngineProxy;
  readonly preparation: RunPreparation;
  readonly hello: Hello;
  /** Whether encoded corpora are kept on this machine. */
  readonly corpusCache: boolean;
  readonly log: Logger;
  readonly relay: LogRelay;
  readonly metrics: WorkerMetrics;
  /** The coordinator has taken this worker, to a version of the protocol. */
  readonly onWelcome: (protocol: number) => void;
}

/** The run that the coordinator has begun and not ended. `work` is null while it is prepared, and where it cannot be. */
interface OpenedRun {
  readonly id: string;
  readonly activation: number;
  readonly firstVersion: number;
  readonly firstAssignment: number;
  readonly over: AbortController;
  work: RunWork | null;
}

/**
 * One session with the coordinator, from Hello to the end of the control stream: it serves run after run, and waits between
 * them. `ended` rejects with the error that ended it; a session that either side closed resolves it.
 */
export class Session {
  readonly ended: Promise<void>;
  /** Both sides have heard of the end, or SHUTDOWN_GRACE_MS have passed: the connection may be closed. */
  readonly left: Promise<void>;
  readonly #client: TrainingClient;
  readonly #setting: SessionSetting;
  readonly #control: ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  readonly #joining: NodeJS.Timeout;
  #relaying: NodeJS.Timeout | null = null;
  #id = '';
  #contributions: ClientWritableStream<Buffer> | null = null;
  #parameters: ClientReadableStream<ParametersRangeMessage> | null = null;
  #run: OpenedRun | null = null;
  #over = false;
  #end!: (error: Error | null) => void;

  /** Dials, and introduces the worker; everything else follows from what the coordinator answers. */
  constructor(client: TrainingClient, setting: SessionSetting) {
    this.#client = client;
    this.#setting = setting;
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error));
    });
    // A connection may be refused before anyone waits for the end.
    this.ended.catch(() => undefined);
    this.#control = client.work();
    this.#control.on('data', (message: CoordinatorMessageReceived) =>
      this.#guard(() => this.#receive(message)),
    );
    this.#control.on('error', (error) => this.#close(error, { lost: true }));
    this.#control.on('end', () => this.#close(null, { lost: true }));
    this.left = new Promise((resolve) => this.#control.once('status', () => resolve()));
    this.#joining = setTimeout(() => {
      this.#close(new WireError('TIMEOUT', `no answer within ${limits.CONNECT_TIMEOUT_MS} ms`));
    }, limits.CONNECT_TIMEOUT_MS);
    this.#send({ hello: setting.hello });
  }

  /** Whether the coordinator has welcomed this worker. */
  get welcomed(): boolean {
    return this.#id !== '';
  }

  /** Leaves: what this worker holds is given to others. */
  close(): void {
    this.#close(null);
  }

  #receive(message: CoordinatorMessageReceived): void {
    if (!this.welcomed && message.message !== 'welcome') {
      throw new WireError(
        'MALFORMED',
        `expected Welcome first, received ${message.message ?? 'nothing known'}`,
      );
    }
    switch (message.message) {
      case 'welcome':
        return this.#welcome(message.welcome!);
      case 'startRun':
        return this.#startRun(message.startRun!);
      case 'endRun':
        // One that crossed our giving up is of no run that is open.
        if (this.#run?.activation !== message.endRun!.activation) return;
        this.#setting.log.info({ run: this.#run.id }, `the run is over: ${message.endRun!.reason}`);
        this.#setting.relay.end();
        return this.#closeRun();
      case 'assign':
        return this.#assign(message.assign!);
      case 'withdraw':
        return this.#run?.work?.withdraw(message.withdraw!.assignment);
      case 'grant':
        return this.#run?.work?.grant(message.grant!.assignment, message.grant!.range);
      case 'sampleRequest':
        return this.#run?.work?.sample(message.sampleRequest!);
      case undefined:
        throw new WireError('MALFORMED', 'the coordinator sent a message of no known kind');
    }
  }

  #welcome({ session, protocol }: WelcomeMessage): void {
    if (this.welcomed) throw new WireError('MALFORMED', 'the coordinator said Welcome twice');
    const { protocolMin = 0, protocolMax = 0 } = this.#setting.hello;
    checkWelcomedTo(protocol, [protocolMin, protocolMax]);
    clearTimeout(this.#joining);
    this.#id = session;
    this.#contributions = this.#client.contribute(() => {
      // Its end is the session's, which the control stream tells.
    });
    this.#contributions.on('error', (error) => this.#close(error, { lost: true }));
    this.#parameters = this.#client.parameters({ session });
    this.#parameters.on('data', (range: ParametersRangeMessage) =>
      this.#guard(() => this.#receiveParameters(range)),
    );
    this.#parameters.on('error', (error) => this.#close(error, { lost: true }));
    this.#send({ credit: { ranges: ParametersReceiver.initialCredit } });
    this.#relaying = setInterval(() => void this.#relayMetrics(), limits.METRICS_INTERVAL_MS).unref();
    this.#setting.metrics.connected();
    this.#setting.onWelcome(protocol);
    void this.#relayMetrics();
  }

  /** A credit is the session's: it goes back also for a range that no run wants any more. */
  #receiveParameters(range: ParametersRangeMessage): void {
    if (this.#run && range.version >= this.#run.firstVersion) this.#run.work?.receiveParameters(range);
    this.#setting.metrics.received(range.values.byteLength);
    this.#send({ credit: { ranges: 1 } });
  }

  #assign(message: AssignMessage): void {
    if (this.#run && message.assignment >= this.#run.firstAssignment) this.#run.work?.assign(message);
  }

  #startRun(message: StartRunMessage): void {
    if (this.#run) {
      throw new WireError('MALFORMED', `run ${message.run} begins before run ${this.#run.id} has ended`);
    }
    const { run: id, activation, firstVersion, firstAssignment } = message;
    const over = new AbortController();
    const run: OpenedRun = { id, activation, firstVersion, firstAssignment, over, work: null };
    this.#run = run;
    this.#setting.relay.attach(id, (json, last) => this.#send({ logLines: { json, activation, last } }));
    void this.#prepare(run, message).catch((error: unknown) => {
      if (run.over.signal.aborted) return;
      if (error instanceof RocinanteError && !mayRetry(error)) this.#refuse(run, error);
      else this.#giveUp(error);
    });
  }

  /** Says that this worker cannot work for the run, and waits for the next. */
  #refuse({ id, activation }: OpenedRun, { code, message }: RocinanteError): void {
    this.#setting.log.error({ run: id, code }, `cannot work for the run, and waits for the next: ${message}`);
    this.#send({ trouble: { code, message, activation } });
  }

  /** At each pause the run may have ended, and another may have begun: the engine is that one's then. */
  async #prepare(run: OpenedRun, message: StartRunMessage): Promise<void> {
    const { engine, preparation, corpusCache, metrics, log } = this.#setting;
    const { signal } = run.over;
    log.info({ run: run.id }, 'preparing the run');
    const started = performance.now();
    const prepared = await preparation.prepare(message, {
      client: this.#client,
      session: this.#id,
      cacheFolder: corpusCache ? join(cacheDirectory(process.env), 'encoded') : null,
      signal,
      warn: (line) => log.warn({ run: run.id }, line),
    });
    if (prepared === null) return;
    const outlets = {
      session: this.#id,
      send: (answer: WorkerMessage): void => this.#send(answer),
      contribute: (range: Buffer): void => {
        if (!this.#over) this.#contributions!.write(range);
      },
      fail: (error: Error): void => this.#giveUp(error),
    };
    run.work = new RunWork(engine, prepared, outlets, metrics);
    const { precision } = prepared.opening.config;
    if (!prepared.kept) for (const notice of prepared.notices) log.warn({ run: run.id, precision }, notice);
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    const how = prepared.kept ? 'everything was here still' : `prepared in ${seconds} s`;
    log.info({ run: run.id }, `ready to work for the run: ${how}`);
    this.#send({ ready: { run: run.id, activation: run.activation, proof: prepared.proof } });
  }

  /**
   * Nothing more is sent of the run. What was asked of the engine before is done before this is; the run stays open there, in
   * case it is offered again.
   */
  #closeRun(): void {
    if (!this.#run) return;
    this.#run.over.abort();
    this.#run.work?.abandon();
    this.#run = null;
    this.#setting.preparation.rest();
  }

  async #relayMetrics(): Promise<void> {
    const text = await this.#setting.metrics.text();
    if (Buffer.byteLength(text) <= limits.METRICS_BYTES_MAX) this.#send({ metrics: { text } });
  }

  #send(message: WorkerMessage): void {
    if (!this.#over) this.#control.write(message);
  }

  #guard(action: () => void): void {
    if (this.#over) return;
    try {
      action();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Says why, then leaves. */
  #giveUp(error: unknown): void {
    const code = error instanceof RocinanteError ? error.code : 'INTERNAL';
    this.#send({ trouble: { code, message: (error as Error).message } });
    this.#close(error as Error);
  }

  /** @param lost whether it is the other side's end: what is said now, nobody hears. */
  #close(error: Error | null, { lost = false } = {}): void {
    if (this.#over) return;
    if (lost) this.#setting.relay.detach();
    else this.#setting.relay.end();
    this.#over = true;
    clearTimeout(this.#joining);
    if (this.#relaying) clearInterval(this.#relaying);
    this.#closeRun();
    this.#setting.metrics.disconnected();
    if (this.welcomed) {
      // Half-closing lets what was written last go out; the coordinator answers by ending the other half.
      this.#control.end();
      this.#contributions?.end();
      this.#parameters?.cancel();
      const timer = setTimeout(() => this.#control.cancel(), limits.SHUTDOWN_GRACE_MS);
      void this.left.then(() => clearTimeout(timer));
    } else {
      this.#control.cancel();
    }
    this.#end(error);
  }
}
