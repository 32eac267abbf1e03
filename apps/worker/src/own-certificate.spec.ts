/** Goal: a certificate does not end unnoticed. Method: real files, and moments that are told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, type IssuedPair } from '@rocinante/access';
import { createLogger } from '@rocinante/log';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { OwnCertificate } from './own-certificate.js';
import { workerConfig } from './spec-worker-config.js';

const DAY_MS = 86_400_000;
const now = Date.UTC(2027, 0, 1);
const folder = mkdtempSync(join(tmpdir(), 'rocinante-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

let authority: IssuedPair;
let lines: string[];
let metrics: WorkerMetrics;
beforeEach(() => {
  lines = [];
  metrics = new WorkerMetrics('0');
});

const path = (name: string): string => join(folder, name);

async function issue(days: number, at = now): Promise<void> {
  authority ??= await makeAuthority({ name: 'spec', days: 1000, now });
  const { cert, key } = await makeCertificate({ authority, name: 'worker', altNames: [], days, now: at });
  writeFileSync(path('ca.crt'), authority.cert);
  writeFileSync(path('worker.crt'), cert);
  writeFileSync(path('worker.key'), key, { mode: 0o600 });
}

function watch(shows = true): OwnCertificate {
  const files = { tlsCa: path('ca.crt'), tlsCert: path('worker.crt'), tlsKey: path('worker.key') };
  const log = createLogger({
    level: 'info',
    destination: { write: () => undefined },
    onLine: (line) => lines.push((JSON.parse(line) as { msg: string }).msg),
  });
  return new OwnCertificate(workerConfig('10.0.0.5:7070', shows ? files : {}), log, metrics);
}

async function expiry(): Promise<number> {
  const [, value] = /^rocinante_worker_certificate_expiry_timestamp_seconds (\S+)$/m.exec(
    await metrics.text(),
  )!;
  return Number(value);
}

it('is told of once a day when it ends in less than two weeks, and no more once it is renewed', async () => {
  await issue(20);
  const own = watch();
  own.look(now);
  expect(await expiry()).toBe((now + 20 * DAY_MS) / 1000);
  expect(lines).toEqual([]);
  for (let hour = 0; hour < 48; hour += 1) own.look(now + 7 * DAY_MS + hour * 3_600_000);
  expect(lines).toEqual([
    expect.stringContaining(
      'worker.crt: this certificate ends in 13 days, at 2027-01-21T00:00:00Z',
    ) as string,
    expect.stringContaining('ends in 12 days') as string,
  ]);
  const later = now + 10 * DAY_MS;
  await issue(365, later);
  own.look(later);
  expect(await expiry()).toBe((later + 365 * DAY_MS) / 1000);
  expect(lines).toHaveLength(2);
});

it('that has ended is told of too, and its end stays', async () => {
  await issue(1);
  const own = watch();
  own.look(now);
  own.look(now + 2 * DAY_MS);
  expect(lines).toEqual([
    expect.stringContaining('ends in 1 day') as string,
    expect.stringContaining('received one that ended at 2027-01-02T00:00:00Z') as string,
  ]);
  expect(await expiry()).toBe((now + DAY_MS) / 1000);
});

it('that is not there has no end', async () => {
  watch(false).look(now);
  expect(await expiry()).toBeNaN();
  expect(lines).toEqual([]);
});
