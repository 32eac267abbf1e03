/**
 * For specs: a service over gRPC, clients of it, and a listener that notes what it is told, in place of a run.
 *
 * A spec that imports this has a service of its own for each test, which ends with it.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { createLayout } from '@rocinante/parameters';
import {
  dial,
  encodeContributionRange,
  listen,
  PROTOCOL_VERSION,
  WireError,
  type CoordinatorMessageReceived,
  type ListeningServer,
  type TrainingClient,
  type WorkerMessage,
} from '@rocinante/wire';
import { afterEach, beforeEach } from 'vitest';
import { eventually } from '../daemon/spec-coordinator.js';
import { ParameterFeed } from './parameter-feed.js';
import { TrainingService } from './training-service.js';
import type { Admission, RunListener, ServedRun } from './worker-pool.js';

const layout = createLayout([{ name: 'w', shape: [8] }]);
export const ids = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 7);

export let told: string[];
export let refused: string[];
export let service: TrainingService;
let server: ListeningServer;
export let client: TrainingClient;

beforeEach(async () => {
  [told, refused] = [[], []];
  service = new TrainingService({
    opened: ({ name }) => told.push(`${name} opened`),
    closed: ({ name }, reason, lost) => told.push(`${name} ${lost ? 'lost' : 'left'}: ${reason}`),
    refused: (code) => refused.push(code),
    late: ({ name }, lines) => told.push(`${name} ${lines} late`),
  });
  server = await listen('127.0.0.1:0', { training: service.handlers });
  client = dial(server.address);
});
afterEach(async () => {
  service.close();
  client.close();
  await server.stop();
});

/** A worker's control stream, with what came down it. */
export class Worker {
  readonly messages: CoordinatorMessageReceived[] = [];
  readonly call: ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  ended: { code: number; details: string } | null = null;

  constructor(hello: object | null) {
    this.call = client.work();
    this.call.on('data', (message: CoordinatorMessageReceived) => this.messages.push(message));
    this.call.on('error', () => undefined);
    this.call.on('status', ({ code, details }) => (this.ended = { code, details }));
    if (hello)
      this.call.write({
        hello: {
          protocolMin: PROTOCOL_VERSION,
          protocolMax: PROTOCOL_VERSION,
          name: 'a',
          threads: 1,
          ...hello,
        },
      });
  }

  message<Kind extends keyof CoordinatorMessageReceived>(
    kind: Kind,
  ): Promise<CoordinatorMessageReceived[Kind]> {
    return eventually(() => this.messages.find(({ message }) => message === kind)?.[kind] ?? null);
  }

  async session(): Promise<string> {
    return (await this.message('welcome'))!.session;
  }

  end(): Promise<{ code: number; details: string }> {
    return eventually(() => this.ended);
  }
}

export function served(id: string): ServedRun {
  const numbers = service.takeNumbers();
  const feed = new ParameterFeed(layout, numbers.firstVersion, 'float32');
  feed.publish(new Float32Array(layout.length));
  const corpus = { sha256: 'ab'.repeat(32), ids, vocabularySize: 7 };
  return { id, configJson: '{}', layoutSha256: '', rangeCount: 1, corpus, feed, numbers, admission };
}

/** Parks one that comes with this proof. */
export const OTHER_PROOF = 'b'.repeat(64);
const admission: Admission = {
  judge: (_session, proof) => (proof === OTHER_PROOF ? 'its bits are others' : null),
  refused: ({ name }, reason) => told.push(`${name} refused: ${reason}`),
  left: ({ name }) => told.push(`${name} left without work`),
};

export const listener: RunListener = {
  ready: ({ name }) => told.push(`${name} ready`),
  left: ({ name }, reason, lost) => told.push(`${name} ${lost ? 'lost' : 'left'} the run: ${reason}`),
  reported: ({ name }) => told.push(`${name} reported`),
  evaluated: ({ name }) => told.push(`${name} evaluated`),
  rangeArrived: ({ name }, { range }) => {
    if (range === 9) throw new WireError('CHECKSUM_MISMATCH', 'range 9: it is damaged');
    told.push(`${name} range ${range}`);
    return true;
  },
  sampled: ({ name }) => told.push(`${name} sampled`),
  logged: ({ name }, lines) => told.push(`${name} logged ${lines.length}`),
};

/** A worker's contribution to a range, of zeros. */
export function range(session: string, assignment: number, index: number): Buffer {
  return encodeContributionRange(session, assignment, new Int32Array(layout.length), {
    ...layout.ranges[0],
    index,
  });
}
