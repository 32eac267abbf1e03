import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientDuplexStream, ClientReadableStream, ClientWritableStream } from '@grpc/grpc-js';
import type { ClientSecurity } from '@rocinante/access';
import { crc32 } from '@rocinante/base';
import { RANGE_BLOCKS, BLOCK_ELEMENTS, type ParameterRange } from '@rocinante/parameters';
import {
  dial,
  encodeContributionRange,
  FIRST_CORPUS_PIECE_BYTES,
  rangeElements,
  limits,
  nextCorpusPieceBytes,
  PROTOCOL_VERSION,
  type AssignMessage,
  type CoordinatorMessageReceived,
  type CorpusChunkMessage,
  type ParametersRangeMessage,
  type ReportMessage,
  type StartRunMessage,
  type TrainingClient,
  type WorkerMessage,
} from '@rocinante/wire';
import { LightRun } from './light-run.js';

export interface LightWorkerOptions {
  /** What a micro-batch takes, in milliseconds: it is waited, and reported. */
  readonly computeMs?: number;
  /** How it shows who it is, where the coordinator asks. */
  readonly security?: ClientSecurity;
}

/** A run that this worker was offered, and is not over. */
interface Offered {
  readonly activation: number;
  readonly firstVersion: number;
  light: LightRun | null;
}

/** The last run of this process, by what it follows from: all its workers share what is the same for all. */
let last: { readonly key: string; readonly light: LightRun } | null = null;

/**
 * A worker that speaks the protocol as a worker does, over a connection of its own, and computes a `LightRun` in place of
 * gradients: hundreds fit in a process. It checks what it is sent, keeps none of it, and does not come back once it is cut off.
 */
export class LightWorker {
  readonly name: string;
  /** How its session ended; null where it left, or was let go. */
  readonly ended: Promise<Error | null>;
  /** Micro-batches that it reported gradients of, and ranges that it sent. */
  microBatches = 0;
  rangesSent = 0;
  /** What a micro-batch takes from now on, in milliseconds. */
  computeMs: number;
  readonly #client: TrainingClient;
  readonly #control: ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  readonly #room = new Int32Array(RANGE_BLOCKS * BLOCK_ELEMENTS);
  #session = '';
  #contributions: ClientWritableStream<Buffer> | null = null;
  #parameters: ClientReadableStream<ParametersRangeMessage> | null = null;
  #run: Offered | null = null;
  /** By number, from when they are given until the last range is sent or they are withdrawn. */
  readonly #held = new Map<number, AssignMessage>();
  #computing: Promise<void> = Promise.resolve();
  #arriving = { version: -1, nextRange: 0 };
  #whole = -1;
  #wholeComes: () => void = () => undefined;
  #end!: (error: Error | null) => void;

  /** Dials, and says Hello; the rest follows from what the coordinator answers. */
  constructor(coordinator: string, name: string, { computeMs = 20, security }: LightWorkerOptions = {}) {
    this.name = name;
    this.computeMs = computeMs;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#client = dial(coordinator, security);
    this.#control = this.#client.work();
    this.#control.on('data', (message: CoordinatorMessageReceived) =>
      this.#guard(() => this.received(message)),
    );
    this.#control.on('error', (error) => this.#close(error));
    this.#control.on('end', () => this.#close(null));
    this.send({ hello: { protocolMin: PROTOCOL_VERSION, protocolMax: PROTOCOL_VERSION, name, threads: 1 } });
  }

  /** Leaves the coordinator; `ended` settles. */
  leave(): void {
    this.#close(null);
  }

  protected get session(): string {
    return this.#session;
  }

  /** Null where it is prepared for no run. */
  protected get light(): LightRun | null {
    return this.#run?.light ?? null;
  }

  protected get contributions(): ClientWritableStream<Buffer> {
    return this.#contributions!;
  }

  protected send(message: WorkerMessage): void {
    this.#control.write(message);
  }

  /** Reads nothing any more, while the connection stays: keep-alives are answered. */
  protected stopReading(): void {
    this.#control.pause();
    this.#parameters!.pause();
  }

  protected received(message: CoordinatorMessageReceived): void {
    const { welcome, startRun, assign, withdraw, grant, sampleRequest, endRun } = message;
    if (welcome) this.#welcomed(welcome.session);
    if (startRun) void this.#prepare(startRun).catch((error: Error) => this.#close(error));
    if (assign) this.#assigned(assign);
    if (withdraw) this.#held.delete(withdraw.assignment);
    if (grant) this.#granted(grant.assignment, grant.range);
    if (sampleRequest) {
      const { request, length } = sampleRequest;
      this.send({ sampleResult: { request, symbols: new Array<number>(length).fill(0) } });
    }
    if (endRun) {
      this.#run = null;
      this.#held.clear();
      this.send({ logLines: { json: [], activation: endRun.activation, last: true } });
    }
  }

  #welcomed(session: string): void {
    this.#session = session;
    this.#contributions = this.#client.contribute(() => undefined);
    this.#contributions.on('error', (error) => this.#close(error));
    this.#parameters = this.#client.parameters({ session });
    this.#parameters.on('data', (range: ParametersRangeMessage) => this.#guard(() => this.#take(range)));
    this.#parameters.on('error', (error) => this.#close(error));
    this.send({ credit: { ranges: limits.CREDITS_OUTSTANDING_MAX } });
  }

  async #prepare(message: StartRunMessage): Promise<void> {
    const { run, activation, firstVersion, configJson, corpus, layoutSha256 } = message;
    const offered: Offered = (this.#run = { activation, firstVersion, light: null });
    await this.#fetchCorpus(corpus!);
    const key = JSON.stringify([configJson, corpus, layoutSha256]);
    if (last?.key !== key) last = { key, light: new LightRun(message) };
    if (this.#run !== offered) return;
    offered.light = last.light;
    this.send({ ready: { run, activation, proof: offered.light.proof } });
  }

  /** Reads the encoded text as it comes, and keeps none of it. @throws {Error} it is not the text that was announced. */
  async #fetchCorpus({ sha256, length, idBytes }: NonNullable<StartRunMessage['corpus']>): Promise<void> {
    const hash = createHash('sha256');
    let pieceBytes = FIRST_CORPUS_PIECE_BYTES;
    for (let offset = 0; offset < length * idBytes;) {
      const [bytes, start] = [Math.min(pieceBytes, length * idBytes - offset), performance.now()];
      const call = this.#client.corpus({ session: this.#session, sha256, offset, bytes });
      for await (const { data, checksum } of call as AsyncIterable<CorpusChunkMessage>) {
        if (crc32(data) !== checksum) throw new Error(`${this.name}: a chunk of the corpus is damaged`);
        hash.update(data);
      }
      pieceBytes = nextCorpusPieceBytes(bytes, performance.now() - start);
      offset += bytes;
    }
    if (hash.digest('hex') !== sha256) throw new Error(`${this.name}: the corpus is another one`);
  }

  /** @throws {WireError} it is damaged, or of another length. @throws {Error} it is out of order. */
  #take(message: ParametersRangeMessage): void {
    const { version, range } = message;
    const light = this.#run?.light;
    if (light && version >= this.#run!.firstVersion) {
      if (version !== this.#arriving.version) this.#arriving = { version, nextRange: 0 };
      if (range !== this.#arriving.nextRange) throw new Error(`${this.name}: range ${range} is out of order`);
      rangeElements(message, light.layout, this.#room);
      this.#arriving.nextRange += 1;
      if (this.#arriving.nextRange === light.layout.ranges.length) {
        this.#whole = version;
        this.#wholeComes();
      }
    }
    this.send({ credit: { ranges: 1 } });
  }

  #assigned(assign: AssignMessage): void {
    this.#held.set(assign.assignment, assign);
    this.#computing = this.#computing
      .then(() => this.#compute(assign))
      .catch((error: unknown) => this.#close(error as Error));
  }

  async #compute(assign: AssignMessage): Promise<void> {
    const { assignment, kind, microBatches, parametersVersion } = assign;
    const light = this.#run?.light;
    const isWanted = (): boolean => this.#held.has(assignment) && this.#run?.light === light;
    while (isWanted() && this.#whole < parametersVersion) {
      await new Promise<void>((resolve) => (this.#wholeComes = resolve));
    }
    if (isWanted() && this.#whole === parametersVersion) await sleep(this.computeMs * microBatches.length);
    if (!isWanted() || !light || this.#whole > parametersVersion) return;
    if (kind === 'WORK_KIND_EVALUATE') {
      const results = microBatches.map((microBatch) => ({ microBatch, lossSum: 1 }));
      this.send({ evaluation: { assignment, results, computeSeconds: this.#seconds(microBatches.length) } });
    } else {
      this.send({ report: this.reportOf(assign, light) });
    }
    if (kind === 'WORK_KIND_TRAIN') this.microBatches += microBatches.length;
    else this.#held.delete(assignment);
  }

  protected reportOf(assign: AssignMessage, light: LightRun): ReportMessage {
    return light.report(assign, this.#seconds(1));
  }

  /** A range of an assignment's sum, in multiples of the grid. */
  protected sumOf(assign: AssignMessage, range: ParameterRange, light: LightRun): Int32Array {
    return light.sum(assign, range);
  }

  #seconds(microBatches: number): number {
    return (this.computeMs * microBatches) / 1000;
  }

  /** A grant that crossed a withdrawal is void. */
  #granted(assignment: number, index: number): void {
    const assign = this.#held.get(assignment);
    const light = this.#run?.light;
    if (!assign || !light) return;
    const range = light.layout.ranges[index];
    const values = this.sumOf(assign, range, light);
    const place = { ...range, start: 0, end: values.length };
    this.#contributions!.write(encodeContributionRange(this.#session, assignment, values, place));
    this.rangesSent += 1;
    if (index === light.layout.ranges.length - 1) this.#held.delete(assignment);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#close(error as Error);
    }
  }

  #close(error: Error | null): void {
    this.#run = null;
    this.#held.clear();
    this.#wholeComes();
    this.#end(error);
    this.#control.end();
    this.#contributions?.end();
    this.#parameters?.cancel();
    // What was written last goes out first.
    setTimeout(() => this.#client.close(), 100);
  }
}
