/**
 * Goal: `doctor` tells of each thing that can be wrong between here and a coordinator once, with what was expected and what to
 * do, and nothing else as wrong. Method: a daemon in plain and one under mutual TLS with tokens, and servers whose certificates have
 * ended.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bookLine,
  makeAuthority,
  makeCertificate,
  newToken,
  type ClientSecurity,
  type IssuedPair,
} from '@rocinante/access';
import { dial, PROTOCOL_VERSION } from '@rocinante/wire';
import { Coordinator } from '../client/coordinator.js';
import { Daemon, type DaemonOptions } from '../daemon/daemon.js';
import { VERSION } from '../version.js';
import { coordinatorFindings } from './coordinator-checks.js';
import { DOCTOR_POOL } from './coordinator-probe.js';
import type { Finding } from './finding.js';
import { reportText } from './report.js';

const DAY_MS = 86_400_000;
const tokens = { operator: newToken(), reader: newToken(), worker: newToken() };
let folder: string;
let plain: Daemon;
let secured: Daemon;
let ours: IssuedPair;
let theirs: IssuedPair;
/** A client of our authority. */
let own: IssuedPair;

const issue = (
  authority: IssuedPair,
  altNames: string[],
  days = 100,
  now = Date.now(),
): Promise<IssuedPair> => makeCertificate({ authority, name: 'spec', altNames, days, now });

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

function start(data: string, options: Partial<DaemonOptions>): Promise<Daemon> {
  const places = { listen: '127.0.0.1:0', http: '127.0.0.1:0', advertise: null, data: join(folder, data) };
  return Daemon.start({ ...places, insecure: false, logLevel: 'error', ...options }, (error) =>
    expect(error).toBeUndefined(),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-doctor-'));
  ours = await makeAuthority({ name: 'ours', days: 200 });
  theirs = await makeAuthority({ name: 'theirs', days: 200 });
  own = await issue(ours, []);
  const server = await issue(ours, ['127.0.0.1']);
  const lines = Object.entries(tokens).map(([role, token]) =>
    bookLine(role as keyof typeof tokens, `some-${role}`, token),
  );
  plain = await start('plain', {});
  secured = await start('secured', {
    tlsCert: await file('server.crt', server.cert),
    tlsKey: await file('server.key', server.key),
    tlsCa: await file('ca.crt', ours.cert),
    tokenFile: await file('tokens', `${lines.join('\n')}\n`),
  });
});
afterAll(async () => {
  await plain.stop();
  await secured.stop();
  await rm(folder, { recursive: true });
});

/** How an operator shows who he is, with changes. */
const shown = (changes: Partial<ClientSecurity> = {}): ClientSecurity => ({
  ca: Buffer.from(ours.cert),
  cert: Buffer.from(own.cert),
  key: Buffer.from(own.key),
  token: tokens.operator,
  ...changes,
});
const nothing: ClientSecurity = { ca: null, token: null };

function look(daemon: Daemon, access: ClientSecurity, address = daemon.addresses.grpc): Promise<Finding[]> {
  const open = (): Coordinator => new Coordinator(address, access);
  return coordinatorFindings({ address, httpAddress: daemon.addresses.http, access, open });
}

/** What measures the machine that a spec runs on. */
const MEASURED = ['round trip', 'clock', 'disk room of the coordinator'];

/** All that is not well, as it is shown. */
function trouble(findings: readonly Finding[]): string[] {
  const bad = findings.filter(({ status, check }) => status !== 'ok' && !MEASURED.includes(check));
  return reportText([{ title: 'there', findings: bad }])
    .split('\n')
    .slice(1, -3)
    .map((line) => line.trim());
}

const found = (findings: readonly Finding[], check: string): string | undefined =>
  findings.find((finding) => finding.check === check)?.found;

describe('doctor', () => {
  it('finds nothing wrong where all is well', async () => {
    const findings = await look(secured, shown());
    expect(trouble(findings)).toEqual([]);
    expect(found(findings, 'certificate authority')).toBe('signed by "ours"');
    expect(found(findings, 'certificate names')).toBe('it is for 127.0.0.1');
    const until = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
    for (const check of ['certificate time', 'own certificate time'])
      expect(found(findings, check)).toBe(`valid until ${until(100)}: 99 days`);
    expect(found(findings, 'authority time')).toBe(`valid until ${until(200)}: 199 days`);
    expect(found(findings, 'token')).toBe('its role is operator, called some-operator');
    const inPlain = await look(plain, nothing);
    expect(trouble(inPlain)).toEqual([]);
    expect(found(inPlain, 'token')).toBe('none is asked for');
    expect(found(inPlain, 'http')).toBe(`/readyz and /metrics answer at ${plain.addresses.http}`);
    // It left, and was not lost, as a worker for a moment.
    const metrics = await (await fetch(`http://${plain.addresses.http}/metrics`)).text();
    expect(metrics).toMatch(/^rocinante_coordinator_lost_workers_total 0$/m);
  });

  it('counts workers, and neither itself nor another doctor', async () => {
    const client = dial(plain.addresses.grpc);
    const join = (name: string, pool: string): Promise<unknown> => {
      const call = client.work();
      call.on('error', () => undefined);
      const versions = { protocolMin: PROTOCOL_VERSION, protocolMax: PROTOCOL_VERSION };
      call.write({ hello: { ...versions, name, pool, threads: 1 } });
      return new Promise((resolve) => call.once('data', resolve));
    };
    try {
      // This one does not leave, so that each look finds it.
      await join('doctor@elsewhere', DOCTOR_POOL);
      expect(found(await look(plain, nothing), 'releases')).toBe(`coordinator ${VERSION}, here too`);
      await join('rucio', 'default');
      for (let time = 0; time < 5; time++) {
        expect(found(await look(plain, nothing), 'releases')).toBe(
          `coordinator ${VERSION}, here too; 1 worker not asked: serving metrics elsewhere, or none sent yet`,
        );
      }
    } finally {
      client.close();
    }
  });

  it('says where nobody is', async () => {
    expect(trouble(await look(plain, nothing, '127.0.0.1:1'))).toEqual([
      'problem  connection: refused: nothing listens there (ECONNREFUSED)',
      'expected: 127.0.0.1:1 takes connections',
      'to do: start the coordinator there (./rocinante serve), or open the port in firewalls and network policies',
    ]);
  });

  it('says that one side speaks TLS and the other does not', async () => {
    expect(trouble(await look(secured, nothing))).toEqual([
      'problem  TLS: it speaks TLS, as 127.0.0.1',
      'expected: a coordinator in plain, since no --tls-ca was given',
      'to do: give --tls-ca with the ca.crt of its folder of ./rocinante certs',
    ]);
    expect(trouble(await look(plain, shown()))).toEqual([
      expect.stringMatching(/^problem {2}TLS: it does not speak TLS: /) as string,
      'expected: a coordinator that speaks TLS, since --tls-ca was given',
      'to do: start serve with --tls-cert and --tls-key; or leave --tls-ca out, where the network is trusted',
    ]);
  });

  it('says whose the certificate is, where another authority is believed', async () => {
    const lines = trouble(await look(secured, shown({ ca: Buffer.from(theirs.cert) })));
    expect(lines).toEqual([
      expect.stringMatching(
        /^problem {2}certificate authority: signed by "ours", which --tls-ca does not believe \(\w+\)$/,
      ) as string,
      'expected: a certificate signed by "theirs", which --tls-ca names',
      expect.stringContaining('to do: give --tls-ca the ca.crt of the folder') as string,
    ]);
  });

  it('says for whom the certificate is, where another name is dialled', async () => {
    const address = secured.addresses.grpc.replace('127.0.0.1', 'localhost');
    expect(trouble(await look(secured, shown(), address))).toEqual([
      'problem  certificate names: it is for 127.0.0.1',
      'expected: a certificate for localhost, the name dialled',
      expect.stringMatching(/^to do: use a name that it has .* certs --renew --name localhost$/) as string,
    ]);
    const named = trouble(await look(secured, shown({ serverName: 'gpu1.lan' })));
    expect(named[1]).toBe('expected: a certificate for gpu1.lan, the name of --tls-server-name');
    expect(trouble(await look(secured, shown({ serverName: '127.0.0.1' }), address))).toEqual([]);
  });

  it('says which certificate has ended, or ends soon', async () => {
    const old = await issue(ours, ['127.0.0.1'], 10, Date.now() - 20 * DAY_MS);
    const server = createServer({ ...old, ALPNProtocols: ['h2'] }, (socket) =>
      socket.on('error', () => undefined).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const day = new Date(Date.now() - 10 * DAY_MS).toISOString().slice(0, 10);
      expect(trouble(await look(secured, shown(), address))).toEqual([
        `problem  certificate time: valid until ${day}, which is over`,
        'expected: at least 30 days',
        expect.stringContaining('to do: renew it where ca.key is (./rocinante certs --renew)') as string,
      ]);
    } finally {
      server.close();
    }
    const short = await issue(ours, [], 9);
    const soon = await look(secured, shown({ cert: Buffer.from(short.cert), key: Buffer.from(short.key) }));
    expect(trouble(soon)).toEqual([
      expect.stringMatching(/^warning {2}own certificate time: valid until \S+: 8 days$/) as string,
      'expected: at least 30 days',
      expect.stringContaining('bring the new one here with its key') as string,
    ]);
    const ended = await look(secured, shown({ cert: Buffer.from(old.cert), key: Buffer.from(old.key) }));
    expect(trouble(ended)[0]).toMatch(/^problem {2}own certificate time: .*, which is over$/);
  });

  it('says that the coordinator takes no such certificate', async () => {
    const other = await issue(theirs, []);
    const lines = trouble(
      await look(secured, shown({ cert: Buffer.from(other.cert), key: Buffer.from(other.key) })),
    );
    expect(lines[0]).toBe(
      `problem  own certificate: expected a client certificate of the coordinator's authority, received one of "theirs"`,
    );
    expect(lines).toHaveLength(3);
  });

  it('says that a token is wrong, or missing, and no more', async () => {
    for (const [token, words] of [
      [newToken(), 'the coordinator does not know it'],
      [null, 'none was given, and one is asked for'],
    ] as const) {
      expect(trouble(await look(secured, shown({ token })))).toEqual([
        `problem  token: ${words}`,
        'expected: one that the coordinator knows',
        expect.stringMatching(/^to do: give --token-file with a token of this coordinator’s;/) as string,
      ]);
    }
  });

  it.each(['worker', 'reader'] as const)('finds nothing wrong with the token of a %s', async (role) => {
    const findings = await look(secured, shown({ token: tokens[role] }));
    expect(trouble(findings)).toEqual([]);
    expect(found(findings, 'token')).toBe(`its role is ${role}, called some-${role}`);
    expect(found(findings, 'protocol')).toMatch(role === 'worker' ? /^version \d+$/ : /^not asked/);
    expect(found(findings, 'http')).toMatch(
      role === 'worker' ? /^\/readyz answers at \S+; metrics are not asked for/ : /^\/readyz and \/metrics/,
    );
    expect(found(findings, 'runs')).toMatch(role === 'worker' ? /^not asked/ : /^0 active/);
  });
});
