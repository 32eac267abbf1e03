/** For specs: a coordinator's parts as the daemon puts them together, over a real folder and a real port. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { createLogger } from '@rocinante/log';
import type { RunConfig } from '@rocinante/training';
import {
  dial,
  dialRuns,
  listen,
  type ListeningServer,
  type RunsClient,
  type StartRequest,
  type TrainingClient,
} from '@rocinante/wire';
import { presets } from '../presets.js';
import { DEFAULT_LIMITS } from '../run/run-limits.js';
import { TrainingService } from '../service/training-service.js';
import { AuditLog } from './audit-log.js';
import { ContentStore } from './content-store.js';
import { EntryHub } from './entry-hub.js';
import { RunStore, type NewRun, type StoredRun } from './run-store.js';
import { RunsService } from './runs-service.js';
import { Scheduler } from './scheduler.js';

export const text = Buffer.from('En un lugar de la Mancha, y nada mas. '.repeat(20));
export const textSha256 = createHash('sha256').update(text).digest('hex');

/** A network that is laid out in no time. Nobody computes it in these specs. */
export const smallConfig: RunConfig = {
  ...presets.quick,
  network: { ...presets.quick.network, embeddingSize: 4, layers: [{ units: 4, dropout: 0 }] },
  text: { ...presets.quick.text, window: 10, stride: 10 },
  batch: { size: 4, microBatch: 2 },
  steps: 5,
};

export const smallRun: NewRun = {
  name: '',
  tags: [],
  note: '',
  priority: 0,
  pool: 'default',
  config: smallConfig,
  corpus: { sha256: textSha256, name: 'mancha.txt' },
  limits: DEFAULT_LIMITS,
  createdAt: '2026-11-24T10:00:00.000Z',
};

export const startRequest: StartRequest = {
  configJson: JSON.stringify(smallConfig),
  corpusSha256: textSha256,
  corpusName: 'mancha.txt',
};

/** A coordinator's parts. Whatever goes wrong that nobody foresaw is in `fatal`. */
export class SpecCoordinator {
  readonly fatal: unknown[] = [];
  readonly logged: string[] = [];
  /** Runs that are active no more, by their ids. */
  readonly ended: string[] = [];
  readonly dropped: string[] = [];
  /** What the clients of what was dropped call themselves. */
  readonly droppedBy: (string | null)[] = [];
  readonly hub = new EntryHub();
  readonly service = new TrainingService();
  readonly scheduler: Scheduler;
  readonly runsService: RunsService;
  readonly audit: AuditLog;
  readonly #closing: (() => unknown)[] = [];
  #server: ListeningServer | null = null;

  private constructor(
    readonly folder: string,
    readonly store: RunStore,
    readonly contents: ContentStore,
  ) {
    const { hub, service } = this;
    const logger = createLogger({
      level: 'info',
      pretty: false,
      destination: { write: (line: string) => this.logged.push(line) },
    });
    this.scheduler = new Scheduler(
      {
        store,
        contents,
        service,
        hub,
        logger,
        outside: null,
        remainders: null,
        observers: () => [],
        ended: (id) => this.ended.push(id),
      },
      (error) => this.fatal.push(error),
    );
    this.audit = new AuditLog(join(folder, 'audit.jsonl'), logger);
    this.runsService = new RunsService({
      store,
      contents,
      hub,
      service,
      scheduler: this.scheduler,
      audit: this.audit,
      boundBy: () => '',
      dropped: (code, _message, name) => {
        this.dropped.push(code);
        this.droppedBy.push(name);
      },
    });
  }

  /** @param folder that of one before; default: a new one, with the text in it. */
  static async open(folder?: string): Promise<SpecCoordinator> {
    const place = folder ?? (await mkdtemp(join(tmpdir(), 'rocinante-daemon-')));
    const store = await RunStore.open(place);
    const coordinator = new SpecCoordinator(place, store, await ContentStore.open(place));
    if (!coordinator.contents.has(textSha256)) {
      const writer = await coordinator.contents.receive(textSha256, text.length);
      await writer.write(text);
      await writer.finish();
    }
    return coordinator;
  }

  /** `host:port` of its gRPC services. */
  async address(): Promise<string> {
    this.#server ??= await listen('127.0.0.1:0', {
      training: this.service.handlers,
      runs: this.runsService.handlers,
    });
    return this.#server.address;
  }

  /** @param name what it calls itself; absent for nothing. */
  async operator(name?: string): Promise<RunsClient> {
    const named = { ca: null, token: null, ...(name !== undefined && { client: name }) };
    const client = dialRuns(await this.address(), named);
    this.#closing.push(() => client.close());
    return client;
  }

  async worker(): Promise<TrainingClient> {
    const client = dial(await this.address());
    this.#closing.push(() => client.close());
    return client;
  }

  /** The run's record once it is as wanted. */
  run(id: string, isWanted: (run: StoredRun) => boolean): Promise<StoredRun> {
    return eventually(() => {
      const run = this.store.find(id);
      return isWanted(run) ? run : null;
    });
  }

  /** The run once it is active, and executed. */
  async executed(id: string): Promise<void> {
    await eventually(() => this.scheduler.active(id)?.execution ?? null);
  }

  /** Ends as a daemon does; the folder stays. */
  async end(): Promise<void> {
    await this.scheduler.end();
    this.hub.close();
    this.service.close();
    for (const close of this.#closing) close();
    await this.#server?.stop();
    await this.audit.written();
    await this.store.close();
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true });
  }
}

/**
 * What `look` finds, once it is not null; asked again and again. What does not come is the test's own limit to tell, since a
 * busy machine takes many times as long as a quiet one: this one only ends the asking after it.
 */
export async function eventually<Found>(look: () => Found | null | Promise<Found | null>): Promise<Found> {
  for (let turn = 0; turn < 12_000; turn++) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it did not come');
}

interface Refusal {
  readonly code: number;
  readonly details: string;
}

/** A call's answer: what it gives, or how it is refused. */
export type Answer<Response> = Partial<Response> & Partial<Refusal>;

/** Asks once. */
export function ask<Request, Response>(
  client: RunsClient,
  call: (
    request: Request,
    options: object,
    callback: (error: Refusal | null, response?: Response) => void,
  ) => unknown,
  request: Request,
): Promise<Answer<Response>> {
  return new Promise((resolve) => {
    call.call(client, request, {}, (error, response) =>
      resolve((error ? { code: error.code, details: error.details } : response) as Answer<Response>),
    );
  });
}

/** A stream's messages to its end, and with what status it was refused. */
export async function readAll<Message>(
  stream: ClientReadableStream<Message>,
): Promise<{ messages: Message[]; refused: Refusal | null }> {
  const messages: Message[] = [];
  try {
    for await (const message of stream) messages.push(message as Message);
    return { messages, refused: null };
  } catch (error) {
    const { code, details } = error as Refusal;
    return { messages, refused: { code, details } };
  }
}
