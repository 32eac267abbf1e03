/** The HTTP server over loopback: what it answers, what it refuses, and that no client can hold it up. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '@rocinante/access';
import { HttpAddressError } from './errors.js';
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  CONNECTIONS_PER_HOLDER_MAX,
  HEADERS_BYTES_MAX,
  OPEN_CONNECTIONS_MAX,
  STRANGERS_PER_ADDRESS_MAX,
  URL_LENGTH_MAX,
} from './http-limits.js';
import type { Guard } from './guards.js';
import { serveHttp, type HttpServer } from './http-server.js';
import { line, type Route } from './routes.js';

let server: HttpServer;
/** Who asks; everybody is an operator unless a test says otherwise. */
let guard: Guard;
let dropped: string[];
/** What the clients of what was dropped call themselves. */
let droppedBy: unknown[];
let failures: string[];
let endless: Readable;
/** Told of each order that came to its route. */
let ordered: string[];
/** Told of each connection that is dropped. */
let onDropped: () => void;

beforeEach(async () => {
  guard = () => ({ name: 'anybody', role: 'operator' });
  endless = new Readable({ read: () => undefined });
  dropped = [];
  droppedBy = [];
  failures = [];
  ordered = [];
  onDropped = () => undefined;
  const route = (answer: Route['answer'], needs: Route['needs'] = 'reader'): Route => ({ needs, answer });
  const routes = new Map<string, Route>([
    ['/metrics', route(() => ({ status: 200, contentType: 'text/plain; version=0.0.4', body: 'a 1\n' }))],
    ['/healthz', route(() => line(200, 'alive'), 'open')],
    ['/things/*', route(({ rest, host, query }) => line(200, `${rest} by ${host}, ${query.get('q')}`))],
    ['/things/own', route(() => line(200, 'own'))],
    [
      '/stream',
      route(() => ({ status: 200, contentType: 'text/event-stream', body: Readable.from(['a', 'b']) })),
    ],
    ['/endless', route(() => ({ status: 200, contentType: 'text/event-stream', body: endless }))],
    [
      'POST /orders',
      route(({ body, holder }) => {
        ordered.push(Buffer.from(body).toString());
        return line(200, `${Buffer.from(body).toString()} by ${holder?.name}`);
      }, 'operator'),
    ],
    [
      '/broken',
      route(() => {
        throw new Error('broken');
      }),
    ],
  ]);
  server = await serveHttp('127.0.0.1:0', routes, {
    guard: (request) => guard(request),
    onDropped: (code, _message, client) => {
      dropped.push(code);
      droppedBy.push(client);
      onDropped();
    },
    onError: (error, path) => failures.push(`${path}: ${(error as Error).message}`),
  });
});

afterEach(() => server.stop());

async function get(
  path: string,
  method = 'GET',
): Promise<{ status: number; body: string; type: string | null }> {
  const response = await fetch(`http://${server.address}${path}`, { method });
  return { status: response.status, body: await response.text(), type: response.headers.get('content-type') };
}

/** A connection that says nothing yet. */
function connected(): Socket {
  return connect(Number(server.address.split(':')[1]), '127.0.0.1')
    .on('error', () => undefined)
    .resume();
}

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket: Socket = connect(Number(server.address.split(':')[1]), '127.0.0.1', () =>
      socket.write(bytes),
    );
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('an HTTP server', () => {
  it('serves a page with its content type, whatever the query', async () => {
    expect(await get('/metrics?verbose')).toEqual({
      status: 200,
      body: 'a 1\n',
      type: 'text/plain; version=0.0.4',
    });
  });

  it('answers HEAD with the headers alone', async () => {
    const response = await fetch(`http://${server.address}/metrics`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('4');
    expect(await response.text()).toBe('');
  });

  it('takes a route of its own before one with a star', async () => {
    expect((await get('/things/own')).body).toBe('own\n');
    expect((await get('/things/a/b?q=1')).body).toBe(`a/b by ${server.address}, 1\n`);
  });

  it.each(['/', '/things', '/metrics/', '/..%2fetc/passwd', '/things/*/../../metrics2', '/constructor'])(
    'has nothing at %s',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatch(/^nothing is served at .*\n$/);
    },
  );

  it.each([
    ['PUT', '/metrics', 'GET, HEAD, POST', 'expected GET, HEAD or POST, received PUT'],
    ['POST', '/metrics', 'GET, HEAD', 'expected GET or HEAD at /metrics, received POST'],
    ['GET', '/orders', 'POST', 'expected POST at /orders, received GET'],
  ])('refuses %s at %s, and says what it takes', async (method, path, allowed, text) => {
    const response = await fetch(`http://${server.address}${path}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
    expect(await response.text()).toBe(`${text}\n`);
  });

  it('takes an order of a bounded length', async () => {
    const order = (length: number): Promise<Response> =>
      fetch(`http://${server.address}/orders`, { method: 'POST', body: 'a'.repeat(length) });
    expect(await (await order(3)).text()).toBe('aaa by anybody\n');
    expect((await order(BODY_BYTES_MAX)).status).toBe(200);
    expect((await order(BODY_BYTES_MAX + 1)).status).toBe(413);
  });

  it('asks who comes, and whether that is enough', async () => {
    guard = ({ header }) => (header('authorization') === 'Bearer r' ? { name: 'eye', role: 'reader' } : null);
    const authorization = { headers: { authorization: 'Bearer r' } };
    const ask = (path: string, init = {}): Promise<Response> =>
      fetch(`http://${server.address}${path}`, init);
    for (const path of ['/metrics', '/things/a', '/none']) {
      const answer = await ask(path);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="rocinante"');
    }
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/metrics', authorization)).status).toBe(200);
    expect((await ask('/none', authorization)).status).toBe(404);
    const order = await ask('/orders', { ...authorization, method: 'POST', body: 'x' });
    expect(order.status).toBe(403);
    expect(await order.text()).toBe("expected a token of role operator, received eye's, of role reader\n");
  });

  it('sends a stream as it comes, and destroys it when the client goes', async () => {
    expect((await get('/stream')).body).toBe('ab');
    const gone = new AbortController();
    const answer = await fetch(`http://${server.address}/endless`, { signal: gone.signal });
    endless.push('one');
    await answer.body!.getReader().read();
    const closed = new Promise((resolve) => endless.on('close', resolve));
    gone.abort();
    await closed;
  });

  it('cuts a stream, once it is asked again, whose holder is not known any more or may do less', async () => {
    let known = true;
    let role: Role = 'reader';
    guard = ({ header }) =>
      known || header('x-other') !== null ? { name: 'eye', role: header('x-other') ? 'reader' : role } : null;
    for (const change of [() => (known = false), () => (role = 'worker')]) {
      known = true;
      const own = (endless = new Readable({ read: () => undefined }));
      const answer = await fetch(`http://${server.address}/endless`);
      const other = (endless = new Readable({ read: () => undefined }));
      const gone = new AbortController();
      const request = { headers: { 'x-other': 'yes' }, signal: gone.signal };
      await fetch(`http://${server.address}/endless`, request);
      server.recheck();
      expect([own.destroyed, other.destroyed]).toEqual([false, false]);
      change();
      const closed = once(own, 'close');
      server.recheck();
      await closed;
      await expect(answer.text()).rejects.toThrow();
      expect(other.destroyed).toBe(false);
      gone.abort();
    }
    expect(dropped).toEqual(['UNAUTHENTICATED', 'PERMISSION_DENIED']);
    expect(droppedBy).toEqual(['node', 'node']);
  });

  it('refuses a long path, long headers, and what is no HTTP, and counts what it dropped', async () => {
    expect((await get(`/${'a'.repeat(URL_LENGTH_MAX)}`)).status).toBe(414);
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(HEADERS_BYTES_MAX)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await raw(Buffer.from([0, 255, 22, 3, 1, 10, 13, 10]))).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(dropped).toEqual(['MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE', 'MALFORMED']);
    // Of headers that are too long, or none, nothing is known.
    expect(droppedBy).toEqual(['node', undefined, undefined]);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('counts a connection once, whatever still comes on it after it was refused', async () => {
    const { hostname, port } = new URL(`http://${server.address}`);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const timer = setInterval(() => socket.write('a'.repeat(HEADERS_BYTES_MAX)), 1);
    await once(socket.resume(), 'close');
    clearInterval(timer);
    expect(dropped).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('reads no body, and nothing after one', async () => {
    const second = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await raw(
      `GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: ${second.length}\r\n\r\n${second}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[^]*a 1\n$/);
    expect(answer).not.toContain('alive');
  });

  it('answers 500 for a route that fails, and lives on', async () => {
    expect(await get('/broken')).toMatchObject({
      status: 500,
      body: 'this could not be answered; the log says why\n',
    });
    expect(failures).toEqual(['/broken: broken']);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('takes a client that goes away in its order for no error', async () => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    guard = () => {
      asked();
      return { name: 'anybody', role: 'operator' };
    };
    const socket = connected();
    socket.write('POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
    await arrived;
    socket.resetAndDestroy();
    // What comes later is answered later.
    for (let turn = 0; turn < 3; turn++) expect((await get('/healthz')).status).toBe(200);
    expect([...failures, ...dropped, ...ordered]).toEqual([]);
  });

  it('keeps the connection of whoever is known alone', async () => {
    guard = ({ header }) => (header('authorization') === 'Bearer r' ? { name: 'eye', role: 'reader' } : null);
    const ask = async (path: string, headers = {}): Promise<string | null> =>
      (await fetch(`http://${server.address}${path}`, { headers })).headers.get('connection');
    for (const path of ['/healthz', '/metrics', `/${'a'.repeat(URL_LENGTH_MAX)}`])
      expect(await ask(path)).toBe('close');
    expect(await ask('/healthz', { authorization: 'Bearer r' })).toBe('keep-alive');
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1.1 200 OK[^]*alive\n$/);
  });

  it('has a limit for the connections of one address on which nobody was let in', async () => {
    const known = Array.from({ length: 3 }, connected);
    for (const socket of known) {
      socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve));
    }
    const strangers = Array.from({ length: STRANGERS_PER_ADDRESS_MAX }, connected);
    await Promise.all(strangers.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
    const told = new Promise<void>((resolve) => (onDropped = resolve));
    const socket = connected();
    await Promise.all([told, new Promise((resolve) => socket.on('close', resolve))]);
    expect(dropped).toEqual(['TOO_MANY_CONNECTIONS']);
    const [first] = strangers;
    const gone = new Promise((resolve) => first.on('close', resolve));
    // One that is answered is let in, and makes room.
    first.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await gone;
    expect((await get('/healthz')).status).toBe(200);
    for (const socket of [...known, ...strangers]) socket.destroy();
  });

  /** Asks on a connection that is kept, and gives the answer's first piece. */
  async function asked(path: string, token: string, socket = connected()): Promise<[string, Socket]> {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return [answer.toString('latin1'), socket];
  }

  it('has a limit for the connections of one holder, who is told so; others are answered', async () => {
    guard = ({ header }) => ({ name: header('authorization')!.slice(7), role: 'reader' });
    const sockets: Socket[] = [];
    for (let count = 0; count < CONNECTIONS_PER_HOLDER_MAX; count++)
      sockets.push((await asked('/metrics', 'eye'))[1]);
    const [refused, more] = await asked('/metrics', 'eye');
    expect(refused).toMatch(
      /^HTTP\/1.1 503 [^]*Connection: close[^]*eye has 64 HTTP connections already; try again later\n$/,
    );
    await once(more, 'close');
    expect(dropped).toEqual(['TOO_MANY_CONNECTIONS']);
    sockets.push((await asked('/metrics', 'hand'))[1]);
    // On his own connections he goes on.
    expect((await asked('/metrics', 'eye', sockets[0]))[0]).toMatch(/^HTTP\/1.1 200 /);
    sockets[0].destroy();
    const answered = async (): Promise<string> => (await asked('/metrics', 'eye'))[0];
    await expect.poll(answered, { timeout: 20_000 }).toMatch(/^HTTP\/1.1 200 /);
    for (const socket of sockets) socket.destroy();
  });

  it('keeps its last connections for what is open to all', async () => {
    guard = ({ header }) => ({ name: header('authorization')!.slice(7), role: 'reader' });
    const sockets: Socket[] = [];
    for (let count = 0; count < CONNECTIONS_MAX; count++)
      sockets.push((await asked('/metrics', `reader-${count % 8}`))[1]);
    for (let count = 0; count <= OPEN_CONNECTIONS_MAX; count++) {
      const [refused, late] = await asked('/metrics', 'late');
      expect(refused).toMatch(
        /^HTTP\/1.1 503 [^]*there are 256 HTTP connections already; try again later\n$/,
      );
      if (!late.destroyed) await once(late, 'close');
      expect((await asked('/healthz', 'late'))[0]).toMatch(
        /^HTTP\/1.1 200 [^]*Connection: close[^]*alive\n$/,
      );
    }
    expect(new Set(dropped)).toEqual(new Set(['TOO_MANY_CONNECTIONS']));
    for (const socket of sockets) socket.destroy();
  });

  it('does not give on a Host header that is none', async () => {
    const answer = await raw('GET /things/x HTTP/1.1\r\nHost: a"b\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('x by null,');
  });

  it('tells whoever comes by a foreign name nothing but health, where nobody knows who asks', async () => {
    const answer = (): ReturnType<Route['answer']> => line(200, 'told');
    const routes = new Map<string, Route>([
      ['/metrics', { needs: 'reader', answer }],
      ['/healthz', { needs: 'open', answer }],
    ]);
    await server.stop();
    server = await serveHttp('127.0.0.1:0', routes, {
      ownNames: ['trainer.lan:7071'],
      onDropped: (code, message, client) =>
        dropped.push(`${code} ${message.replace(/^\S+ /, '')} by ${client}`),
    });
    const agent = 'User-Agent: curl/8.1\r\n';
    const status = async (host: string, path: string): Promise<string> =>
      (await raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${agent}Connection: close\r\n\r\n`)).slice(9, 12);
    for (const host of ['127.0.0.1:1', 'localhost', 'Trainer.lan:7071'])
      expect(await status(host, '/metrics')).toBe('200');
    expect(await status('evil.example:7071', '/healthz')).toBe('200');
    for (const path of ['/metrics', '/nothing']) expect(await status('evil.example:7071', path)).toBe('421');
    expect(dropped).toEqual(
      ['/metrics', '/nothing'].map(
        (path) =>
          expect.stringMatching(
            `^FOREIGN_HOST GET ${path}: without tokens: .*"evil.example:7071" by curl/8.1$`,
          ) as string,
      ),
    );
  });

  it('names the port that is taken', async () => {
    const port = server.address.split(':')[1];
    const failure = serveHttp(server.address, new Map());
    await expect(failure).rejects.toThrow(
      `cannot serve HTTP at ${server.address}: port ${port} is taken; end what listens there, or choose another with --http`,
    );
    await expect(failure).rejects.toBeInstanceOf(HttpAddressError);
    await expect(failure).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', exitCode: 1 });
  });

  it('says of an address that is not this machine’s that it is', async () => {
    await expect(serveHttp('192.0.2.1:7071', new Map())).rejects.toMatchObject({
      code: 'ADDRESS_UNUSABLE',
      exitCode: 1,
    });
  });

  it('stops although clients are connected that say nothing', async () => {
    const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1');
    await new Promise((resolve) => socket.on('connect', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await server.stop();
    await closed;
  });
});
