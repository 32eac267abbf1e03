import { createServer, type Server } from 'node:net';
import { status } from '@grpc/grpc-js';
import { listen, type ListeningServer, type PushChunk, type RunsHandlers } from '@rocinante/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { contentOfBytes } from './content.js';
import { Coordinator } from './coordinator.js';
import { ConnectionLostError, CoordinatorError, NoCoordinatorError, RefusedError } from './errors.js';
import { CONTENT_CHUNK_BYTES_MAX } from './limits.js';
import { detailOf, refusal, runningRun, serveRuns } from './spec-scripted-coordinator.js';

let server: ListeningServer | null = null;
let stranger: Server | null = null;
let coordinator: Coordinator | null = null;

afterEach(async () => {
  coordinator?.close();
  await server?.stop();
  stranger?.close();
  server = stranger = coordinator = null;
});

async function connect(handlers: Partial<RunsHandlers>): Promise<Coordinator> {
  server = await serveRuns(handlers);
  coordinator = new Coordinator(server.address);
  return coordinator;
}

async function caught(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe('a coordinator that is not there', () => {
  it('is named at once where the connection is refused', async () => {
    const gone = await serveRuns({});
    await gone.stop();
    coordinator = new Coordinator(gone.address);
    const error = await caught(coordinator.list());
    expect(error).toBeInstanceOf(NoCoordinatorError);
    expect(error).toMatchObject({
      exitCode: 1,
      message: `no coordinator at ${gone.address}: connection refused; start one with ./rocinante serve`,
    });
  });

  it('is given up where somebody takes the connection and says nothing', async () => {
    const address = await listenSilently();
    coordinator = new Coordinator(address);
    const error = await caught(coordinator.show('r1'));
    expect(error.message).toMatch(
      /^no coordinator at 127\.0\.0\.1:\d+: [^();]*; start one with .\/rocinante serve$/,
    );
  });

  it('is no other program that listens there', async () => {
    const address = await listenSilently('HTTP/1.1 400 Bad Request\r\n\r\n');
    coordinator = new Coordinator(address);
    const error = await caught(coordinator.list());
    expect(error.message).toBe(
      `coordinator at ${address}: what answers there does not speak gRPC but HTTP: expected the port of serve --listen ` +
        '(7070 by default), received perhaps that of --http, the page (7071 by default)',
    );
    expect(error).toMatchObject({ code: 'SPEAKS_HTTP', exitCode: 2 });
  });

  it('is one without the service, of another release or another command', async () => {
    const unused = (): never => {
      throw new Error('not called in this test');
    };
    server = await listen('127.0.0.1:0', {
      training: { Work: unused, Contribute: unused, Parameters: unused, Corpus: unused },
    });
    coordinator = new Coordinator(server.address);
    const error = await caught(coordinator.list());
    expect(error).toBeInstanceOf(CoordinatorError);
    expect(error.message).toContain('it serves no runs');
  });
});

describe('what a coordinator refuses', () => {
  it.each([status.NOT_FOUND, status.INVALID_ARGUMENT, status.FAILED_PRECONDITION])(
    'is its own line, and a mistake of ours: status %i',
    async (code) => {
      const afar = await connect({
        Show: (_call, callback) => callback(refusal(code, 'run r9: there is none')),
      });
      const error = await caught(afar.show('r9'));
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ exitCode: 2, message: 'run r9: there is none' });
    },
  );

  it('for reasons of its own is a failure', async () => {
    const afar = await connect({
      Start: (_call, callback) => callback(refusal(status.RESOURCE_EXHAUSTED, 'the disk is too full')),
    });
    expect(await caught(afar.start({}))).toMatchObject({
      exitCode: 1,
      message: `coordinator at ${afar.address}: the disk is too full (RESOURCE_EXHAUSTED)`,
    });
  });
});

describe('a content', () => {
  const bytes = Uint8Array.from({ length: 3 * CONTENT_CHUNK_BYTES_MAX + 17 }, (_, index) => index % 251);
  const content = contentOfBytes('corpus x', bytes);

  it('is pushed in pieces, with its length and hash in the first', async () => {
    const chunks: PushChunk[] = [];
    const afar = await connect({
      Push: (call, callback) => {
        call.on('data', (chunk: PushChunk) => chunks.push(chunk));
        call.on('end', () => callback(null, { sha256: content.sha256, known: false }));
      },
    });
    const progress: number[] = [];
    expect(await afar.push(content, (sent) => progress.push(sent))).toBe(false);
    expect(chunks.map(({ sha256, bytes: length, data }) => [sha256, length, data?.length])).toEqual([
      [content.sha256, bytes.length, CONTENT_CHUNK_BYTES_MAX],
      ['', 0, CONTENT_CHUNK_BYTES_MAX],
      ['', 0, CONTENT_CHUNK_BYTES_MAX],
      ['', 0, 17],
    ]);
    expect(Buffer.concat(chunks.map(({ data }) => data as Buffer)).equals(bytes)).toBe(true);
    expect(progress.at(-1)).toBe(bytes.length);
  });

  it('is not pushed to its end where it is known already', async () => {
    const afar = await connect({
      Push: (call, callback) => {
        call.once('data', () => callback(null, { sha256: content.sha256, known: true }));
      },
    });
    expect(await afar.push(content, () => undefined)).toBe(true);
  });

  it('that is refused in the middle is told in the coordinator’s words', async () => {
    const afar = await connect({
      Push: (call, callback) => {
        call.once('data', () =>
          callback(refusal(status.INVALID_ARGUMENT, 'content: expected another length')),
        );
      },
    });
    const large = contentOfBytes('corpus y', new Uint8Array(64 * CONTENT_CHUNK_BYTES_MAX));
    const error = await caught(afar.push(large, () => undefined));
    expect(error).toMatchObject({ exitCode: 2, message: 'content: expected another length' });
  });
});

describe('a stream', () => {
  it('brings what came before its end, and then its end', async () => {
    const afar = await connect({
      Losses: (call) => {
        call.write({ firstStep: 1, losses: [3, 2] });
        call.write({ firstStep: 3, losses: [1] });
        call.end();
      },
    });
    const losses: number[] = [];
    for await (const chunk of afar.losses('r1')) losses.push(...chunk.losses);
    expect(losses).toEqual([3, 2, 1]);
  });

  it('that is cut is a lost connection, after what had come', async () => {
    const afar = await connect({
      Show: (_call, callback) => callback(null, detailOf(runningRun)),
      Watch: (call) => {
        call.write({ json: '{}' });
        setImmediate(() => call.emit('error', refusal(status.UNAVAILABLE, 'going away')));
      },
    });
    const lines: string[] = [];
    const error = await caught(
      (async () => {
        for await (const { json } of afar.watch('r1')) lines.push(json);
      })(),
    );
    expect(lines).toEqual(['{}']);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error.message).toContain('going away');
  });

  it('ends at the coordinator where nobody reads on', async () => {
    let ended!: () => void;
    const cancelled = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const afar = await connect({
      Watch: (call) => {
        call.write({ json: '1' });
        call.on('cancelled', ended);
      },
    });
    for await (const { json } of afar.watch('r1')) {
      expect(json).toBe('1');
      break;
    }
    await cancelled;
  });
});

/** Takes connections, says `greeting` on each, and nothing else. */
async function listenSilently(greeting?: string): Promise<string> {
  const sockets = createServer((socket) => {
    socket.on('error', () => undefined);
    if (greeting !== undefined) socket.end(greeting);
  });
  stranger = sockets;
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(sockets.address() as { port: number }).port}`;
}
