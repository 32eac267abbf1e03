/** A worker's own pages, in plain and over TLS with a book of tokens: real ports and files. */
import { get } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bookLine, makeAuthority, makeCertificate, newToken } from '@rocinante/access';
import { createLogger } from '@rocinante/log';
import type { WorkerConfig } from './config.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { ownRoutes, serveOwnHttp } from './own-http.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-own-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What probes may ask without a token. A route that is to be open must be written here too. */
const OPEN_PATHS = ['/healthz', '/readyz'];

const token = newToken();
const log = createLogger({ level: 'error', destination: { write: () => undefined } });
const routes = ownRoutes(new WorkerMetrics('0.0.0'), '127.0.0.1:7070', () => true);
let ca: string;
let server: Awaited<ReturnType<typeof serveOwnHttp>> = null;
afterEach(() => server?.stop());

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

beforeAll(async () => {
  const authority = await makeAuthority({ name: 'spec', days: 3 });
  ca = authority.cert;
  const { cert, key } = await makeCertificate({ authority, name: 'spec', altNames: ['127.0.0.1'], days: 2 });
  file('own.crt', cert);
  file('own.key', key);
  file('tokens', bookLine('reader', 'eye', token));
});

const config = (change: Partial<WorkerConfig>): WorkerConfig => ({ ...change }) as WorkerConfig;

function status(path: string, authorization: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { ca, headers: authorization, agent: false };
    const sent = get(`https://${server!.address}${path}`, options, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject);
  });
}

it('serves nothing where it is not told to', async () => {
  expect(await serveOwnHttp(config({}), routes, log)).toBeNull();
});

it('serves in plain to everybody without a book', async () => {
  server = await serveOwnHttp(config({ http: '127.0.0.1:0' }), routes, log);
  expect((await fetch(`http://${server!.address}/metrics`)).status).toBe(200);
});

it('serves over TLS to holders of tokens with one, and health to all', async () => {
  const files = { tlsCert: join(folder, 'own.crt'), tlsKey: join(folder, 'own.key') };
  const httpTokenFile = join(folder, 'tokens');
  server = await serveOwnHttp(config({ http: '127.0.0.1:0', httpTokenFile, ...files }), routes, log);
  const open: string[] = [];
  for (const path of routes.keys()) {
    if ((await status(path)) !== 401) open.push(path);
    const wrong = await status(path, { authorization: `Bearer ${newToken()}` });
    if (wrong !== 401 && !OPEN_PATHS.includes(path)) open.push(`${path} with a wrong token`);
  }
  expect(open).toEqual(OPEN_PATHS);
  expect(await status('/metrics', { authorization: `Bearer ${token}` })).toBe(200);
  for (const path of OPEN_PATHS) expect(await status(path)).toBe(200);
  await expect(fetch(`http://${server!.address}/healthz`)).rejects.toThrow();
});
