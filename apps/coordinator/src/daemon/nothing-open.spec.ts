/**
 * Goal: nothing but health answers whoever shows no token; and where nobody is asked for one, whoever comes by a name that is not
 * the coordinator's. Method: a daemon with a book of tokens, and one without; every method of the protos as they are loaded, and
 * every route of the router that the daemon serves, so that a new one cannot be forgotten.
 */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bookLine, newToken } from '@rocinante/access';
import { methodPaths } from '@rocinante/wire';
import { Daemon } from './daemon.js';

/** What probes may ask without a token. A route that is to be open must be written here too. */
const OPEN_PATHS = ['/healthz', '/readyz'];

const FORM = 'application/x-www-form-urlencoded';

const token = newToken();
let folder: string;
let daemon: Daemon;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-open-'));
  const tokenFile = join(folder, 'tokens');
  await writeFile(tokenFile, `${bookLine('reader', 'eye', token)}\n`, { mode: 0o600 });
  daemon = await start('data', { tokenFile });
  client = new Client(daemon.addresses.grpc, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await daemon.stop();
  await rm(folder, { recursive: true });
});

function start(
  data: string,
  options: { readonly tokenFile?: string; readonly advertise?: string },
): Promise<Daemon> {
  return Daemon.start(
    {
      listen: '127.0.0.1:0',
      http: '127.0.0.1:0',
      advertise: null,
      data: join(folder, data),
      insecure: false,
      logLevel: 'error',
      ...options,
    },
    (error) => expect(error).toBeUndefined(),
  );
}

/** How a call of no content ends. */
function call(path: string): Promise<ServiceError | null> {
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error) => resolve(error));
  });
}

it.each(methodPaths)('%s asks for a token', async (path) => {
  expect(await call(path)).toMatchObject({ code: status.UNAUTHENTICATED });
});

it('health is open, and a method that is not there is refused', async () => {
  expect(await call('/grpc.health.v1.Health/Check')).toBeNull();
  expect(await call('/rocinante.training.v1.Runs/Sudo')).toMatchObject({ code: status.UNIMPLEMENTED });
});

it('every route asks for a token, but those of probes', async () => {
  const open: string[] = [];
  for (const [pattern] of daemon.routes) {
    const [path, method] = pattern.startsWith('POST ') ? [pattern.slice(5), 'POST'] : [pattern, 'GET'];
    const url = `http://${daemon.addresses.http}${path.replace('*', 'anything')}`;
    // As the page itself sends it, so that a POST is refused for want of a token, and for nothing else.
    const sent: RequestInit & { headers: Record<string, string> } =
      method === 'POST'
        ? {
            method,
            headers: { origin: `http://${daemon.addresses.http}`, 'content-type': FORM },
            body: `token=${newToken()}`,
          }
        : { method, headers: {} };
    const bare = await fetch(url, sent);
    if (bare.status !== 401) open.push(pattern);
    if (pattern === 'POST /login') expect(await bare.text()).toContain('This is no reader’s');
    const authorization = `Bearer ${newToken()}`;
    const wrong = await fetch(url, { ...sent, headers: { ...sent.headers, authorization } });
    if (wrong.status !== 401 && !OPEN_PATHS.includes(pattern)) open.push(`${pattern} with a wrong token`);
  }
  expect(open).toEqual(OPEN_PATHS);
  expect([...daemon.routes.keys()]).toContain('POST /login');
  expect(daemon.routes.size).toBeGreaterThan(4);
});

it('whoever shows a token is let in as far as its role goes', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const metrics = await fetch(`http://${daemon.addresses.http}/metrics`, { headers });
  expect(metrics.status).toBe(200);
  expect(await metrics.text()).toMatch(/refused_connections_total\{why="UNAUTHENTICATED"\} [1-9]/);
});

it('without tokens, every route but those of probes asks for a name of the coordinator', async () => {
  const open = await start('open-data', { advertise: 'trainer.lan:7071' });
  try {
    const [hostname, port] = open.addresses.http.split(':');
    const statusAt = async (host: string, pattern: string): Promise<number> => {
      const [path, method] = pattern.startsWith('POST ') ? [pattern.slice(5), 'POST'] : [pattern, 'GET'];
      // In a page of that name, an order is of the page's own site.
      const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' };
      const options = { hostname, port, path: path.replace('*', 'anything'), method, headers, agent: false };
      const asked = request(options).end(method === 'POST' ? '{}' : undefined);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.destroy();
      return answer.statusCode!;
    };
    const told: string[] = [];
    for (const pattern of open.routes.keys()) {
      if ((await statusAt(`evil.example:${port}`, pattern)) !== 421) told.push(pattern);
    }
    // There is nothing to log in to.
    expect(told).toEqual([...OPEN_PATHS, 'POST /login']);
    expect(await statusAt(`evil.example:${port}`, 'POST /login')).toBe(404);
    for (const host of [`trainer.lan:${port}`, `localhost:${port}`]) {
      for (const pattern of ['/metrics', '/sd/workers', '/api/runs']) {
        expect(await statusAt(host, pattern)).toBe(200);
      }
    }
  } finally {
    await open.stop();
  }
});
