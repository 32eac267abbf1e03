import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { bytesOf, crc32, sha256 } from '@rocinante/base';
import { networkLayout } from '@rocinante/model';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import { networkOf, type RunConfig } from '@rocinante/training';
import {
  encodeParametersRange,
  listen,
  PROTOCOL_VERSION,
  statusOf,
  type ContributionRangeMessage,
  type CoordinatorMessage,
  type ListeningServer,
  type ParametersRequestMessage,
  type WorkerMessageReceived,
} from '@rocinante/wire';
import { specRunConfig } from './spec-run-config.js';

type Assign = NonNullable<CoordinatorMessage['assign']>;
type StartRun = NonNullable<CoordinatorMessage['startRun']>;

/** A small run for specs: its ids, its layout, and how it is announced. */
export interface ScriptedRun {
  readonly ids: Uint8Array;
  readonly layout: ParameterLayout;
  readonly start: StartRun;
}

const VOCABULARY_SIZE = 16;

/**
 * @param units width of its one layer: 256 make two ranges of parameters, fewer make one.
 * @param changes of its configuration.
 */
export function scriptedRun(
  name: string,
  units: number,
  first: { version: number; assignment: number },
  changes: Partial<RunConfig> = {},
): ScriptedRun {
  const config = specRunConfig({
    network: {
      input: 'one-hot',
      layers: [{ units, dropout: 0 }],
      recurrentActivation: 'sigmoid',
      loss: 'last',
    },
    text: { normalisation: 'none', window: 8, stride: 1, heldOut: false, order: 'shuffled' },
    batch: { size: 64, microBatch: 2 },
    ...changes,
  });
  const ids = Uint8Array.from({ length: 1000 }, (_, i) => (i * i + units) % VOCABULARY_SIZE);
  const layout = networkLayout(networkOf(config, VOCABULARY_SIZE));
  return {
    ids,
    layout,
    start: {
      run: name,
      activation: first.assignment,
      configJson: JSON.stringify(config),
      corpus: { sha256: sha256(ids), length: ids.length, idBytes: 1, vocabularySize: VOCABULARY_SIZE },
      layoutSha256: layoutSha256(layout),
      firstVersion: first.version,
      firstAssignment: first.assignment,
    },
  };
}

/** An assignment that no gradient of these runs fails to fit: a grid of multiples of 2^-10. */
export function assignment(run: ScriptedRun, id: number, version: number, microBatches = [0]): Assign {
  return {
    assignment: id,
    kind: 'WORK_KIND_TRAIN',
    step: 0,
    issue: 1,
    microBatches,
    parametersVersion: version,
    gridExponents: Buffer.from(new Int8Array(run.layout.blockCount).fill(-10).buffer),
    firstRange: 0,
    magnitudesOnly: false,
  };
}

type Control = ServerDuplexStream<WorkerMessageReceived, CoordinatorMessage>;

/**
 * A coordinator over a real connection that says only what a spec tells it to, and keeps what its worker says. It welcomes
 * each worker, unless a refusal is given.
 */
export class ScriptedCoordinator {
  /** Everything that workers said, but for their metrics. */
  readonly received: WorkerMessageReceived[] = [];
  readonly ranges: ContributionRangeMessage[] = [];
  /** The last metrics that a worker relayed. */
  metricsText = '';
  /** Sessions until now. */
  sessions = 0;
  /** What it welcomes to. */
  protocol = PROTOCOL_VERSION;
  /** Calls for a corpus. */
  corpusCalls = 0;
  /** Calls for a corpus that were not answered, and those of them that the worker gave up. */
  corpusCallsHeld = 0;
  corpusCallsCancelled = 0;
  /** While it is set, calls for a corpus are not answered. */
  holdCorpus = false;
  /** While it is set, a worker that leaves is not answered. */
  holdSessions = false;
  /** Sessions that the worker half-closed: it left, and was not lost. */
  leftBy = 0;
  readonly #corpora = new Map<string, Uint8Array>();
  readonly #refusal: Error | null;
  #control: Control | null = null;
  #parameters: ServerWritableStream<ParametersRequestMessage, Buffer> | null = null;
  #server!: ListeningServer;

  private constructor(refusal: Error | null) {
    this.#refusal = refusal;
  }

  static async start(address = '127.0.0.1:0', refusal: Error | null = null): Promise<ScriptedCoordinator> {
    const coordinator = new ScriptedCoordinator(refusal);
    await coordinator.#listen(address);
    return coordinator;
  }

  get address(): string {
    return this.#server.address;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  send(message: CoordinatorMessage): void {
    this.#control!.write(message);
  }

  /** Ends the session from this side, without a fault. */
  endSession(): void {
    this.#control!.end();
  }

  startRun(run: ScriptedRun): void {
    this.#corpora.set(run.start.corpus!.sha256!, run.ids);
    this.send({ startRun: run.start });
  }

  /** Sends ranges of a version whose values are small multiples of one. */
  sendParameters(
    run: ScriptedRun,
    version: number,
    ranges = run.layout.ranges.map(({ index }) => index),
    value = 0.01,
  ): void {
    const vector = Float32Array.from({ length: run.layout.length }, (_, i) => value * ((i % 5) - 2));
    for (const range of ranges) {
      this.#parameters!.write(encodeParametersRange(version, vector, run.layout.ranges[range]));
    }
  }

  /** Credits that the worker has given in all. */
  get credits(): number {
    return this.received.reduce((sum, { credit }) => sum + (credit?.ranges ?? 0), 0);
  }

  /** The first message of a kind that has come, or comes soon. */
  async message(
    kind: NonNullable<WorkerMessageReceived['message']>,
    of: (message: WorkerMessageReceived) => boolean = () => true,
  ): Promise<WorkerMessageReceived> {
    const find = (): WorkerMessageReceived | undefined =>
      this.received.find((message) => message.message === kind && of(message));
    await until(() => find() !== undefined, kind);
    return find()!;
  }

  async #listen(address: string): Promise<void> {
    this.#server = await listen(address, {
      training: {
        Work: (call) => this.#work(call),
        Contribute: (call, callback) => {
          call.on('data', (range: ContributionRangeMessage) => this.ranges.push(range));
          call.on('end', () => callback(null, {}));
          call.on('error', () => undefined);
        },
        Parameters: (call) => {
          this.#parameters = call;
        },
        Corpus: (call) => {
          this.corpusCalls += 1;
          if (this.holdCorpus) {
            this.corpusCallsHeld += 1;
            return void call.on('cancelled', () => (this.corpusCallsCancelled += 1));
          }
          const { offset, bytes, sha256: wanted } = call.request;
          const data = Buffer.from(bytesOf(this.#corpora.get(wanted)!).subarray(offset, offset + bytes));
          call.write({ offset, data, checksum: crc32(data) });
          call.end();
        },
      },
    });
  }

  #work(call: Control): void {
    this.#control = call;
    call.on('data', (message: WorkerMessageReceived) => {
      if (message.hello) this.#answerHello(call);
      if (message.metrics) this.metricsText = message.metrics.text;
      else this.received.push(message);
    });
    call.on('end', () => {
      this.leftBy += 1;
      if (this.holdSessions) return;
      this.#parameters?.end();
      call.end();
    });
    call.on('error', () => undefined);
  }

  #answerHello(call: Control): void {
    if (this.#refusal) return void call.emit('error', statusOf(this.#refusal));
    this.sessions += 1;
    call.write({ welcome: { protocol: this.protocol, session: `session-${this.sessions}` } });
  }
}

/** Waits until it is so. @throws {Error} it is not within the time. */
export async function until(isSo: () => boolean, what: string, withinMs = 100_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what}: expected within ${withinMs} ms`);
    await sleep(5);
  }
}
