import type { Metadata } from '@grpc/grpc-js';
import type { Holder } from '@rocinante/access';
import {
  dialRuns,
  encodeContributionRange,
  listen,
  runsService,
  trainingService,
  type ListeningServer,
  type RunsClient,
  type RunsHandlers,
  type TrainingHandlers,
} from '@rocinante/wire';
import { networkLayout } from '@rocinante/model';
import { behindFirst, splice } from '../byte-edits.js';
import { editConnection } from '../http2-edits.js';
import {
  answersLastPing,
  callFrames,
  connectionBytes,
  FRAME,
  LAST_PING,
  type Frame,
  type Headers,
} from '../http2-frames.js';
import { exchangeBytes } from '../byte-exchange.js';
import { lineProblem, type Target } from '../target.js';

/** Bytes of an input at most: a connection with more says nothing new. */
const BYTES_MAX = 128 << 10;

const TOKEN = 'rocinante-token-of-the-fuzzer';
const holderOf = (token: string): Holder | null =>
  token === TOKEN ? { name: 'ana', role: 'operator' } : null;

/** How long whoever else asks may wait, on a busy machine. */
const OTHERS_WAIT_MS = 60_000;

/**
 * How long a connection whose last ping is not answered is listened to; and how long what is no HTTP/2 any more is waited for,
 * which the server keeps till its keep-alive finds nobody.
 */
const QUIET_MS = 10;
const CLOSE_MS = 10;

interface AnyCall {
  on(event: string, listener: () => void): AnyCall;
  write(message: unknown): boolean;
  end(): void;
  resume(): void;
  readonly metadata: Metadata;
}

/** Handlers that take all of a call and answer with messages without contents. */
function handlersOf(service: typeof trainingService | typeof runsService): unknown {
  const methods = Object.entries(service).map(([name, { requestStream, responseStream }]) => {
    const handler = (call: AnyCall, callback?: (error: null, answer: object) => void): void => {
      const answer = (): void => {
        if (!responseStream) return callback?.(null, {});
        // Those of parameters are written as bytes.
        call.write(name === 'Parameters' ? Buffer.alloc(0) : {});
        call.end();
      };
      if (!requestStream) return answer();
      call.on('error', () => undefined).on('end', answer);
      call.resume();
    };
    return [name, handler];
  });
  return Object.fromEntries(methods);
}

/** As a client of gRPC sends them. */
function headersOf(path: string): Headers {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', '127.0.0.1'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ['user-agent', 'a client'],
    ['authorization', `Bearer ${TOKEN}`],
  ];
}

const SETTINGS: Frame = { type: FRAME.settings, flags: 0, stream: 0, payload: new Uint8Array() };
const UPDATE: Frame = {
  type: FRAME.windowUpdate,
  flags: 0,
  stream: 0,
  payload: Buffer.from('00100000', 'hex'),
};

function connections(): Uint8Array[] {
  const layout = networkLayout({
    input: 'scaled',
    layers: [{ units: 8, dropout: 0 }],
    loss: 'last',
    recurrentActivation: 'sigmoid',
    vocabularySize: 3,
  });
  const { Work, Contribute, Parameters, Corpus } = trainingService;
  const { List, Start, Push, Watch } = runsService;
  const hello = Work.requestSerialize({
    hello: { protocolMin: 1, protocolMax: 1, name: 'sancho', threads: 2 },
  });
  const report = Work.requestSerialize({
    report: { assignment: 3, results: [{ microBatch: 1, lossSum: 2.5 }], magnitudes: Buffer.alloc(8) },
  });
  const range = encodeContributionRange('session', 3, new Int32Array(layout.length), layout.ranges[0]);
  const push = Push.requestSerialize({ sha256: 'ab'.repeat(32), bytes: 3, data: Buffer.from('abc') });
  const run = Buffer.from('0a027231', 'hex');
  const calls: [string, readonly Uint8Array[]][] = [
    [Work.path, [hello, report]],
    [Contribute.path, [range, range]],
    [Parameters.path, [Parameters.requestSerialize({ session: 'session' })]],
    [Corpus.path, [Corpus.requestSerialize({ session: 'session', bytes: 100 })]],
    [List.path, [new Uint8Array()]],
    [Start.path, [Start.requestSerialize({ name: 'run', tags: ['a'], configJson: '{}' })]],
    [Push.path, [push, push]],
    [Watch.path, [run]],
  ];
  const all = calls.flatMap(([path, messages], index) =>
    callFrames(1 + 2 * index, headersOf(path), messages),
  );
  return [
    ...calls.map(([path, messages]) =>
      connectionBytes([SETTINGS, UPDATE, ...callFrames(1, headersOf(path), messages)]),
    ),
    connectionBytes([SETTINGS, UPDATE, ...all]),
  ];
}

/** Another client of the server, on a connection of its own that stays. */
function ask(client: RunsClient): Promise<boolean> {
  return new Promise((resolve) => {
    client.list({ tag: '' }, { deadline: Date.now() + OTHERS_WAIT_MS }, (error) => resolve(error === null));
  });
}

interface Served {
  readonly server: ListeningServer;
  readonly other: RunsClient;
}

/** The bytes of a connection to a server that asks nobody who he is, or to one that does: the first byte says to which. */
export const grpcBytes = async (): Promise<Target> => {
  const problems: string[] = [];
  const refused = (code: string, message: string): void => {
    const problem = lineProblem(message) ?? (message.includes(TOKEN) ? 'a message with a token' : null);
    if (problem !== null) problems.push(`${code}: ${problem}`);
  };
  const handlers = {
    training: handlersOf(trainingService) as TrainingHandlers,
    runs: handlersOf(runsService) as RunsHandlers,
    refused,
  };
  const serve = async (asksForTokens: boolean): Promise<Served> => {
    const server = await listen('127.0.0.1:0', handlers, asksForTokens ? { holderOf } : {});
    return { server, other: dialRuns(server.address, { ca: null, token: asksForTokens ? TOKEN : null }) };
  };
  const served = [await serve(false), await serve(true)];
  return {
    name: 'gRPC',
    inputs: connections().flatMap((bytes) =>
      ['0', '1'].map((server) => splice(bytes, 0, 0, Buffer.from(server))),
    ),
    edits: [behindFirst(editConnection)],
    read: async (bytes) => {
      const { server, other } = served[(bytes[0] ?? 0) % served.length];
      const port = Number(server.address.split(':')[1]);
      const all = Buffer.concat([bytes.subarray(1, BYTES_MAX), LAST_PING]);
      const said = { quietMs: QUIET_MS, isOver: answersLastPing, closeMs: CLOSE_MS };
      const { bytes: answer } = await exchangeBytes(port, all, said);
      if (!(await ask(other))) problems.push('another client has no answer');
      const problem = problems.at(-1);
      problems.length = 0;
      if (problem !== undefined) throw new Error(problem);
      return answersLastPing(answer);
    },
  };
};
