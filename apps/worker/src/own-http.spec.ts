/** A worker's own pages, in plain and over TLS with a book of tokens: real ports and files. */
import { get } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bookLine, makeAuthority, makeCertificate, newToken } from '@rocinante/access';
import { line, type Routes } from '@rocinante/http';
import { createLogger } from '@rocinante/log';
import type { WorkerConfig } from './config.js';
import { serveOwnHttp } from './own-http.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-own-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

const token = newToken();
const log = createLogger({ level: 'error', destination: { write: () => undefined } });
const routes: Routes = new Map([
  ['/metrics', { needs: 'reader', answer: () => line(200, 'a 1') }],
  ['/healthz', { needs: 'open', answer: () => line(200, 'alive') }],
]);
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
  expect(await status('/metrics')).toBe(401);
  expect(await status('/metrics', { authorization: `Bearer ${newToken()}` })).toBe(401);
  expect(await status('/metrics', { authorization: `Bearer ${token}` })).toBe(200);
  expect(await status('/healthz')).toBe(200);
  await expect(fetch(`http://${server!.address}/healthz`)).rejects.toThrow();
});
