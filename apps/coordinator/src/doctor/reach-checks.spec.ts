/** Goal: what a certificate lacks is named. Method: real handshakes with certificates that openssl makes, where it is there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handshake, plainFinding, reachFindings, tlsFindings } from './reach-checks.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'rocinante-tls-'));
const DAY_MS = 86_400_000;

/** A certificate that is its own authority, for 90 days. */
function makeCertificate(name: string, altName: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = ['key', 'pem'].map((kind) => join(folder, `${name}.${kind}`));
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '90',
  ];
  const names = [
    '-subj',
    `/CN=${name}`,
    '-addext',
    `subjectAltName=${altName}`,
    '-keyout',
    key,
    '-out',
    cert,
  ];
  const { status, stderr } = spawnSync('openssl', [...words, ...names], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!hasOpenssl)('a server with a certificate', () => {
  let server: Server;
  let address = '';
  let cert: Buffer;
  let other: Buffer;
  beforeAll(async () => {
    const made = makeCertificate('authority', 'DNS:localhost,IP:127.0.0.1');
    other = makeCertificate('other', 'DNS:localhost').cert;
    cert = made.cert;
    server = createServer({ ...made, ALPNProtocols: ['h2'] }, (socket) =>
      socket.on('error', () => undefined).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const statuses = async (to: string, ca: Buffer, days = 0): Promise<Record<string, string>> => {
    const findings = tlsFindings(
      to,
      await handshake(address, { ca, token: null }),
      new Date(Date.now() + days * DAY_MS),
    );
    return Object.fromEntries(
      findings.map(({ check, status }) => [check.replace('certificate ', ''), status]),
    );
  };

  it('is well where authority, name and time are right', async () => {
    expect(await statuses(address, cert)).toEqual({ authority: 'ok', names: 'ok', time: 'ok' });
  });

  it('is of another authority, of another name, or near its end', async () => {
    expect(await statuses(address, other)).toMatchObject({ authority: 'problem', names: 'ok' });
    expect(await statuses('trainer.example.org:7070', cert)).toMatchObject({
      authority: 'ok',
      names: 'problem',
    });
    expect(await statuses(address, cert, 70)).toMatchObject({ time: 'warning' });
    expect(await statuses(address, cert, 100)).toMatchObject({ time: 'problem' });
    expect(await statuses(address, cert, -2)).toMatchObject({ time: 'problem' });
  });
});

it('says where nobody is, and that there is no such name', async () => {
  const nobody = await reachFindings('127.0.0.1:1');
  expect(nobody.map(({ check, status }) => [check, status])).toEqual([
    ['name', 'ok'],
    ['connection', 'problem'],
  ]);
  expect(nobody[1].found).toBe('ECONNREFUSED');
  const unknown = await reachFindings('no-such-host.invalid:7070');
  expect(unknown).toMatchObject([{ check: 'name', status: 'problem' }]);
});

it('warns of plain traffic over a network', () => {
  expect([plainFinding('127.0.0.1:7070').status, plainFinding('10.0.0.5:7070').status]).toEqual([
    'ok',
    'warning',
  ]);
});
