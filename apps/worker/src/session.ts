import type { ClientDuplexStream, ClientReadableStream, ClientWritableStream } from '@grpc/grpc-js';
import { join } from 'node:path';
import { cacheDirectory, RocinanteError } from '@rocinante/base';
import { networkLayout } from '@rocinante/model';
import { layoutSha256 } from '@rocinante/parameters';
import { networkOf, runConfigSchema } from '@rocinante/training';
import {
  limits,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  WireError,
  type CoordinatorMessageReceived,
  type ParametersRangeMessage,
  type StartRunMessage,
  type TrainingClient,
  type WorkerMessage,
} from '@rocinante/wire';
import type { WorkerConfig } from './config.js';
import { corpusIds } from './corpus-source.js';
import type { EngineFacts } from './engine-messages.js';
import type { EngineProxy } from './engine-proxy.js';
import { ParametersReceiver } from './parameters-receiver.js';
import { RunWork } from './run-work.js';

/**
 * One session with the coordinator, from Hello to the end of the control stream. It rejects with the error that ended it;
 * a session that the coordinator closed resolves.
 */
export class Session {
  readonly #client: TrainingClient;
  readonly #engine: EngineProxy;
  readonly #config: WorkerConfig;
  readonly #control: ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  #id = '';
  #contributions: ClientWritableStream<Buffer> | null = null;
  #parameters: ClientReadableStream<ParametersRangeMessage> | null = null;
  #run: RunWork | null = null;
  #over = false;
  readonly ended: Promise<void>;
  #end!: (error: Error | null) => void;

  /** Dials, and introduces the worker; everything else follows from what the coordinator answers. */
  constructor(client: TrainingClient, engine: EngineProxy, facts: EngineFacts, config: WorkerConfig) {
    this.#client = client;
    this.#engine = engine;
    this.#config = config;
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error));
    });
    // A connection may be refused before anyone waits for the end.
    this.ended.catch(() => undefined);
    this.#control = client.work();
    this.#control.on('data', (message: CoordinatorMessageReceived) =>
      this.#guard(() => this.#receive(message)),
    );
    this.#control.on('error', (error) => this.#close(error));
    this.#control.on('end', () => this.#close(null));
    this.#send({
      hello: {
        protocolMin: PROTOCOL_VERSION_MIN,
        protocolMax: PROTOCOL_VERSION,
        name: config.name,
        engine: { ...facts, features: [...facts.features] },
        threads: config.threads,
      },
    });
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
    switch (message.message) {
      case 'welcome':
        this.#id = message.welcome!.session;
        return this.#openStreams();
      case 'startRun':
        void this.#startRun(message.startRun!).catch((error: unknown) => this.#giveUp(error));
        return;
      case 'endRun':
        process.stderr.write(`rocinante worker: ${message.endRun!.reason}\n`);
        this.#run?.abandon();
        this.#run = null;
        void this.#engine.request({ type: 'close-run' });
        return;
      case 'assign':
        return this.#run?.assign(message.assign!);
      case 'withdraw':
        return this.#run?.withdraw(message.withdraw!.assignment);
      case 'grant':
        return this.#run?.grant(message.grant!.assignment, message.grant!.range);
      case 'sampleRequest':
        return this.#run?.sample(message.sampleRequest!);
      case undefined:
        throw new WireError('MALFORMED', 'the coordinator sent a message of no known kind');
    }
  }

  #openStreams(): void {
    this.#contributions = this.#client.contribute(() => {
      // Its end is the session's, which the control stream tells.
    });
    this.#contributions.on('error', (error) => this.#close(error));
    this.#parameters = this.#client.parameters({ session: this.#id });
    this.#parameters.on('data', (range: ParametersRangeMessage) =>
      this.#guard(() => {
        this.#run?.receiveParameters(range);
        this.#send({ credit: { ranges: 1 } });
      }),
    );
    this.#parameters.on('error', (error) => this.#close(error));
    this.#send({ credit: { ranges: ParametersReceiver.initialCredit } });
  }

  async #startRun(message: StartRunMessage): Promise<void> {
    const corpus = message.corpus!;
    const config = runConfigSchema.parse(JSON.parse(message.configJson));
    const layout = networkLayout(networkOf(config, corpus.vocabularySize));
    const sha256 = layoutSha256(layout);
    if (sha256 !== message.layoutSha256) {
      throw new WireError('MALFORMED', `layout: expected ${message.layoutSha256}, received ${sha256}`);
    }
    const ids = await corpusIds({
      client: this.#client,
      session: this.#id,
      corpus,
      cacheFolder: this.#config.corpusCache ? join(cacheDirectory(process.env), 'encoded') : null,
    });
    // Meanwhile the session may have ended, and another may have begun: the engine is that one's.
    if (this.#over) return;
    await this.#engine.request({
      type: 'open-run',
      config,
      vocabularySize: corpus.vocabularySize,
      ids,
      idBytes: corpus.idBytes,
    });
    if (this.#over) return;
    this.#run = new RunWork(this.#engine, layout, {
      session: this.#id,
      send: (answer) => this.#send(answer),
      contribute: (range) => this.#over || this.#contributions!.write(range),
      fail: (error) => this.#giveUp(error),
    });
    this.#send({ ready: { run: message.run } });
  }

  #send(message: WorkerMessage): void {
    if (!this.#over) this.#control.write(message);
  }

  #guard(action: () => void): void {
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

  #close(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#run?.abandon();
    // Half-closing lets what was written last go out; the coordinator answers by ending the other half.
    this.#control.end();
    this.#contributions?.end();
    this.#parameters?.cancel();
    setTimeout(() => this.#control.cancel(), limits.SHUTDOWN_GRACE_MS).unref();
    this.#end(error);
  }
}
