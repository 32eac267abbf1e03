/** The HTTP server over loopback: what it answers, what it refuses, and that no client can hold it up. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpAddressError } from './errors.js';
import { healthRoutes } from './health-routes.js';
import { HEADERS_BYTES_MAX, URL_LENGTH_MAX } from './http-limits.js';
import { line, serveHttp, type HttpServer, type Route } from './http-server.js';

let server: HttpServer;
let notReady: string | null;
let dropped: string[];
let failures: string[];

beforeEach(async () => {
  notReady = null;
  dropped = [];
  failures = [];
  const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('a 1\n') };
  const routes = new Map<string, Route>([
    ...healthRoutes(metrics, () => notReady),
    ['/things/*', ({ rest, host }) => line(200, `${rest} by ${host}`)],
    ['/things/own', () => line(200, 'own')],
    [
      '/broken',
      () => {
        throw new Error('broken');
      },
    ],
  ]);
  server = await serveHttp('127.0.0.1:0', routes, {
    onDropped: (code) => dropped.push(code),
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
  it('serves metrics with their content type, and health', async () => {
    expect(await get('/metrics')).toEqual({ status: 200, body: 'a 1\n', type: 'text/plain; version=0.0.4' });
    expect(await get('/healthz?verbose')).toMatchObject({ status: 200, body: 'alive\n' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    notReady = 'no coordinator at 10.0.0.1:7070';
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: no coordinator at 10.0.0.1:7070\n',
    });
  });

  it('answers HEAD with the headers alone', async () => {
    const response = await fetch(`http://${server.address}/metrics`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('4');
    expect(await response.text()).toBe('');
  });

  it('takes a route of its own before one with a star', async () => {
    expect((await get('/things/own')).body).toBe('own\n');
    expect((await get('/things/a/b')).body).toBe(`a/b by ${server.address}\n`);
  });

  it.each(['/', '/things', '/metrics/', '/..%2fetc/passwd', '/things/*/../../metrics2', '/constructor'])(
    'has nothing at %s',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatch(/^nothing is served at .*\n$/);
    },
  );

  it('refuses other methods, and says which it takes', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`http://${server.address}/metrics`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
      expect(await response.text()).toBe(`expected GET or HEAD, received ${method}\n`);
    }
  });

  it('refuses a long path, long headers, and what is no HTTP, and counts what it dropped', async () => {
    expect((await get(`/${'a'.repeat(URL_LENGTH_MAX)}`)).status).toBe(414);
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(HEADERS_BYTES_MAX)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await raw(Buffer.from([0, 255, 22, 3, 1, 10, 13, 10]))).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(dropped).toEqual(['MESSAGE_TOO_LARGE', 'MALFORMED']);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('reads no body, and nothing after one', async () => {
    const second = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await raw(
      `GET /readyz HTTP/1.1\r\nHost: a\r\nContent-Length: ${second.length}\r\n\r\n${second}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[^]*ready\n$/);
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

  it('does not give on a Host header that is none', async () => {
    const answer = await raw('GET /things/x HTTP/1.1\r\nHost: a"b\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('x by null');
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
