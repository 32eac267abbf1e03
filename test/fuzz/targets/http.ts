import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import type { Holder } from '@rocinante/access';
import { anyGuard, line, serveHttp, tokenGuard, type HttpServer, type Route } from '@rocinante/http';
import { behindFirst } from '../byte-edits.js';
import { coordinatorReaders } from '../coordinator-modules.js';
import { editRequest } from '../http-edits.js';
import { exchangeBytes } from '../byte-exchange.js';
import { lineProblem, type Target } from '../target.js';

/** Bytes of an input at most: a connection with more says nothing new. */
const BYTES_MAX = 128 << 10;

const TOKEN = 'rocinante-token-of-the-fuzzer';
const holderOf = (token: string): Holder | null =>
  token === TOKEN ? { name: 'ana', role: 'operator' } : null;

/** How long whoever else asks may wait, on a busy machine. */
const OTHERS_WAIT_MS = 60_000;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/open', { needs: 'open', answer: () => line(200, 'open') }],
  ['/read', { needs: 'reader', answer: ({ query }) => line(200, `${[...query].length} words`) }],
  ['/stream', { needs: 'reader', answer: streamed }],
  [
    '/files/*',
    { needs: 'reader', answer: ({ rest, host, peer }) => line(200, JSON.stringify({ rest, host, peer })) },
  ],
  ['POST /act', { needs: 'operator', answer: ({ body }) => line(200, `${body.length} bytes`) }],
]);

function streamed(): ReturnType<Route['answer']> {
  return {
    status: 200,
    contentType: 'text/event-stream',
    body: Readable.from(['data: 1\n\n', 'data: 2\n\n']),
  };
}

/** Another client of the server, on a connection of its own that stays. */
function ask(agent: Agent, address: string): Promise<number> {
  const [, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const sent = request({ agent, host: '127.0.0.1', port, path: '/read', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    sent.setTimeout(OTHERS_WAIT_MS, () => sent.destroy(new Error('it had no answer')));
    sent.on('error', reject).end();
  });
}

/** The bytes of a connection to a server that asks nobody who he is, or to one that does: the first byte says to which. */
export const httpBytes = async (): Promise<Target> => {
  const { PageSessions } = await coordinatorReaders();
  const sessions = new PageSessions(holderOf, () => performance.now());
  const problems: string[] = [];
  const onDropped = (code: string, message: string): void => {
    const problem = lineProblem(message) ?? (message.includes(TOKEN) ? 'a message with a token' : null);
    if (problem !== null) problems.push(`${code}: ${problem}`);
  };
  const onError = (error: unknown, path: string): void =>
    void problems.push(`a route threw at ${path.slice(0, 80)}: ${String(error)}`);
  const guard = anyGuard([sessions.guard, tokenGuard(holderOf)]);
  const servers: readonly HttpServer[] = [
    await serveHttp('127.0.0.1:0', routes, { onDropped, onError }),
    await serveHttp('127.0.0.1:0', routes, { guard, onDropped, onError }),
  ];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const known = `Host: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  const requests = [
    `GET /open HTTP/1.1\r\nHost: 127.0.0.1:7070\r\n\r\n`,
    `GET /read?a=b&c=d HTTP/1.1\r\n${known}Accept: */*\r\n\r\n`,
    `GET /stream HTTP/1.1\r\n${known}Cookie: rocinante-session=${'a'.repeat(43)}\r\n\r\n`,
    `HEAD /files/a%20b/../c HTTP/1.1\r\n${known}Connection: close\r\n\r\n`,
    `POST /act HTTP/1.1\r\n${known}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`,
    `POST /act HTTP/1.1\r\n${known}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
    `POST /act HTTP/1.1\r\n${known}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
  ];
  return {
    name: 'HTTP',
    inputs: requests.flatMap((text) => ['0', '1'].map((server) => Buffer.from(server + text))),
    edits: [behindFirst(editRequest)],
    read: async (bytes) => {
      const server = servers[(bytes[0] ?? 0) % servers.length];
      const port = Number(server.address.split(':')[1]);
      // Whoever ends his side has said all: the server answers what it has, and closes.
      const said = { quietMs: 0, isOver: () => false, closeMs: OTHERS_WAIT_MS };
      const { bytes: answer, closed } = await exchangeBytes(port, bytes.subarray(1, BYTES_MAX), said);
      const text = answer.toString('latin1');
      if (!closed) problems.push('it keeps a connection whose other side has ended');
      if (text !== '' && !/^HTTP\/1\.1 [1-5]\d\d /.test(text)) problems.push('what it says is no HTTP');
      if (/^HTTP\/1\.1 500/m.test(text)) problems.push('it answers 500');
      if ((await ask(agent, server.address)) !== 200) problems.push('another client has no answer');
      const problem = problems.at(-1);
      problems.length = 0;
      if (problem !== undefined) throw new Error(problem);
      return text.includes('HTTP/1.1 200');
    },
  };
};
