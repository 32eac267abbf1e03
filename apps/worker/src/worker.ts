import { setTimeout as sleep } from 'node:timers/promises';
import { readClientSecurity, type ClientSecurity } from '@rocinante/access';
import { RocinanteError } from '@rocinante/base';
import type { Logger } from '@rocinante/log';
import {
  connectionTrouble,
  dial,
  isAboutAccess,
  limits,
  mayRetry,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  type Hello,
} from '@rocinante/wire';
import type { WorkerConfig } from './config.js';
import type { EngineFacts } from './engine-messages.js';
import type { EngineProxy } from './engine-proxy.js';
import type { LogRelay } from './log-relay.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { RunPreparation } from './run-preparation.js';
import { Session } from './session.js';

export interface WorkerParts {
  readonly engine: EngineProxy;
  readonly log: Logger;
  readonly relay: LogRelay;
  readonly metrics: WorkerMetrics;
}

/** Joins the coordinator, works, and comes back after any loss of connection, until it is stopped. */
export class Worker {
  readonly #config: WorkerConfig;
  readonly #parts: WorkerParts;
  readonly #preparation: RunPreparation;
  readonly #stopping = new AbortController();
  #session: Session | null = null;
  /** Whether the log's last word was that there is no coordinator. */
  #saidAway = false;
  /** Whether it has ever been welcomed. */
  #wasWelcome = false;
  #security: ClientSecurity;
  /** What it computes on, as people call it: `cpu AMD EPYC 9254, 2 threads`. */
  #kind = '';

  /** @throws {RocinanteError} exit code 2: the token or a certificate cannot be read. */
  constructor(config: WorkerConfig, parts: WorkerParts) {
    this.#config = config;
    this.#security = readClientSecurity(config, config.coordinator, process.env);
    this.#parts = parts;
    this.#preparation = new RunPreparation(parts.engine);
  }

  /** Whether it has a session. */
  get connected(): boolean {
    return this.#session?.welcomed ?? false;
  }

  /**
   * Until `stop`.
   * @throws {RocinanteError} what dialling again would not mend: another protocol, a message that makes no sense.
   */
  async run(facts: EngineFacts): Promise<void> {
    const { coordinator, threads, precision } = this.#config;
    const { signal } = this.#stopping;
    const { device, model } = facts;
    const how = device === 'gpu' ? precision : `${threads} thread${threads === 1 ? '' : 's'}`;
    this.#kind = `${device} ${model}, ${how}`;
    let spacingMs: number = limits.RECONNECT_BACKOFF_MIN_MS;
    while (!signal.aborted) {
      const began = performance.now();
      // A client of its own for each attempt: names are looked up again, and a connection that hangs is not waited for.
      const client = dial(coordinator, this.#readSecurity());
      const session = new Session(client, {
        ...this.#parts,
        preparation: this.#preparation,
        corpusCache: this.#config.corpusCache,
        hello: this.#hello(facts),
        onWelcome: (protocol) => this.#joined(protocol),
      });
      this.#session = session;
      const loss = await session.ended.then(
        () => null,
        async (error: Error) => (await connectionTrouble(client, error)) ?? error,
      );
      const left = session.left.then(() => client.close());
      this.#session = null;
      const lasted = performance.now() - began;
      if (signal.aborted || (loss !== null && !this.#mayRetry(loss))) {
        await left;
        if (signal.aborted) return;
        throw this.#final(loss!);
      }
      this.#away(session.welcomed, loss);
      // Attempts begin so far apart, however long each takes: one that waited in vain is followed at once.
      if (lasted > limits.RECONNECT_BACKOFF_MAX_MS) spacingMs = limits.RECONNECT_BACKOFF_MIN_MS;
      await sleep(Math.max(0, spacingMs - lasted), undefined, { signal }).catch(() => undefined);
      spacingMs = Math.min(2 * spacingMs, limits.RECONNECT_BACKOFF_MAX_MS);
    }
  }

  /** Leaves the coordinator, which gives what this worker holds to others; `run` ends. */
  stop(): void {
    this.#stopping.abort();
    this.#session?.close();
  }

  /**
   * A worker that was never let in ends, so that whoever started it sees why. One that was let in before waits: the
   * coordinator's book or certificate, or this worker's, is being renewed, and both sides read theirs again.
   */
  #mayRetry(loss: Error): boolean {
    return mayRetry(loss) || (this.#wasWelcome && isAboutAccess(loss));
  }

  /** The files as they are now: a token or a certificate may have been renewed. */
  #readSecurity(): ClientSecurity {
    try {
      this.#security = readClientSecurity(this.#config, this.#config.coordinator, process.env);
    } catch (error) {
      if (!(error instanceof RocinanteError)) throw error;
      if (!this.#saidAway) this.#parts.log.warn(`${error.message}; what was read before is used`);
    }
    return this.#security;
  }

  #hello({ tensorflow, device, model, features }: EngineFacts): Hello {
    const { name, pool, threads, http, httpTokenFile } = this.#config;
    return {
      protocolMin: PROTOCOL_VERSION_MIN,
      protocolMax: PROTOCOL_VERSION,
      name,
      engine: described({ tensorflow, device, model, features }),
      threads,
      pool,
      // Who asks for tokens there is not scraped by the coordinator's word: its metrics are relayed.
      httpAddress: httpTokenFile === undefined ? (http ?? '') : '',
    };
  }

  #joined(protocol: number): void {
    this.#saidAway = false;
    this.#wasWelcome = true;
    this.#parts.log.info(
      { protocol },
      `joined the coordinator at ${this.#config.coordinator}, to compute on ${this.#kind}`,
    );
  }

  /** One line for each loss, however many attempts fail after it. */
  #away(wasJoined: boolean, loss: Error | null): void {
    if (this.#saidAway) return;
    this.#saidAway = true;
    const { coordinator } = this.#config;
    if (wasJoined && loss === null) {
      this.#parts.log.info(`the coordinator at ${coordinator} ended the session; waiting for it`);
    } else if (wasJoined) {
      this.#parts.log.warn(`lost the coordinator at ${coordinator}, waiting for it: ${lineOf(loss)}`);
    } else {
      this.#parts.log.info(`waiting for the coordinator at ${coordinator}: ${lineOf(loss)}`);
    }
  }

  /**
   * A status that ends a worker is the coordinator's word; an error of ours is as it is. The exit code is 2 where an operator's command
   * ends with that too: the token is missing or wrong, or TLS is expected. For what may be the other side's mistake it is 1.
   */
  #final(error: Error): Error {
    if (error instanceof RocinanteError && isAboutAccess(error)) {
      const line = `coordinator at ${this.#config.coordinator}: ${error.message}`;
      return new RocinanteError(error.code, error.code === 'EXPECTS_TLS' ? 2 : 1, line, { cause: error });
    }
    if (error instanceof RocinanteError || !('details' in error)) return error;
    const line = `the coordinator at ${this.#config.coordinator} sent this worker away: ${lineOf(error)}`;
    return new RocinanteError('SENT_AWAY', isAboutAccess(error) ? 2 : 1, line, { cause: error });
  }
}

/** gRPC's statuses put their number before what was said. */
function lineOf(error: Error | null): string {
  if (error === null) return 'it ended the session';
  return 'details' in error ? String(error.details).replace(/\.? Resolution note: $/, '') : error.message;
}

/** As long as a coordinator takes it: a feature may be a library's path. */
function described({
  tensorflow,
  device,
  model,
  features,
}: Pick<EngineFacts, 'tensorflow' | 'device' | 'model' | 'features'>): Hello['engine'] {
  const short = (text: string): string => text.slice(0, limits.ENGINE_TEXT_LENGTH_MAX);
  const some = features.slice(0, limits.ENGINE_FEATURES_MAX);
  return { tensorflow: short(tensorflow), device, model: short(model), features: some.map(short) };
}
