/** HTTP over TLS, and who asks by a token: real servers and clients on the loopback. */
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, type Holder, type IssuedPair } from '@rocinante/access';
import { anyGuard, tokenGuard } from './guards.js';
import { serveHttp, type HttpCertificate, type HttpServer } from './http-server.js';
import { line, type Route } from './routes.js';

let ours: IssuedPair;
let theirs: IssuedPair;
let server: HttpServer;
let dropped: string[];
let drop: () => void;

const issue = async (authority: IssuedPair): Promise<HttpCertificate> => {
  const { cert, key } = await makeCertificate({ authority, name: 'spec', altNames: ['127.0.0.1'], days: 2 });
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
};
const holderOf = (token: string): Holder | null =>
  token === 'good' ? { name: 'eye', role: 'reader' } : null;

beforeAll(async () => {
  ours = await makeAuthority({ name: 'ours', days: 5 });
  theirs = await makeAuthority({ name: 'theirs', days: 5 });
});
beforeEach(async () => {
  dropped = [];
  const routes = new Map<string, Route>([
    ['/open', { needs: 'open', answer: ({ secure }) => line(200, secure ? 'over TLS' : 'in plain') }],
    ['/read', { needs: 'reader', answer: ({ holder }) => line(200, holder!.name) }],
    ['POST /act', { needs: 'operator', answer: () => line(200, 'done') }],
  ]);
  server = await serveHttp('127.0.0.1:0', routes, {
    tls: await issue(ours),
    guard: anyGuard([() => null, tokenGuard(holderOf)]),
    onDropped: (code, message) => {
      dropped.push(`${code} ${message}`);
      drop();
    },
  });
  drop = () => undefined;
});
afterEach(() => server.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(path: string, { method = 'GET', token = '', authority = ours } = {}): Promise<Answer> {
  const { hostname, port } = new URL(`https://${server.address}`);
  const headers = token === '' ? {} : { authorization: token };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path, method, headers, ca: authority.cert, agent: false };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, text: text.trim() }));
    });
    sent.on('error', reject).end();
  });
}

async function raw(bytes: string): Promise<Socket> {
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

const dropping = (): Promise<void> => new Promise((resolve) => (drop = resolve));

it('answers over TLS, and shows another certificate when it is given one', async () => {
  expect(await ask('/open')).toEqual({ status: 200, text: 'over TLS' });
  server.replaceCertificate(await issue(theirs));
  await expect(ask('/open')).rejects.toThrow(/certificate/);
  expect(await ask('/open', { authority: theirs })).toEqual({ status: 200, text: 'over TLS' });
});

it('names who speaks in plain', async () => {
  const plain = dropping();
  const { localPort } = await raw('GET /open HTTP/1.1\r\nHost: a\r\n\r\n');
  await plain;
  expect(dropped).toEqual([`NOT_TLS 127.0.0.1:${localPort}: it speaks in plain, where TLS is expected`]);
});

it('knows who asks by a token, and counts whom it refuses', async () => {
  expect(await ask('/read', { token: 'Bearer good' })).toEqual({ status: 200, text: 'eye' });
  expect(await ask('/read', { token: 'bearer  good' })).toEqual({ status: 200, text: 'eye' });
  for (const token of ['', 'Bearer bad', 'Basic good', 'good']) {
    expect(await ask('/read', { token })).toMatchObject({ status: 401 });
  }
  expect(await ask('/act', { method: 'POST', token: 'Bearer good' })).toMatchObject({ status: 403 });
  expect(dropped.map((text) => text.split(' ')[0])).toEqual([
    ...new Array<string>(4).fill('UNAUTHENTICATED'),
    'PERMISSION_DENIED',
  ]);
  expect(dropped[1]).toMatch(
    /^UNAUTHENTICATED 127\.0\.0\.1:\d+: GET \/read: expected a token: Authorization: Bearer <token>, received another$/,
  );
  expect(dropped.join()).not.toContain('bad');
});
