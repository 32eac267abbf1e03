/**
 * Goal: what is no TLS, too long, or leads elsewhere is refused by name, counted and written to a file, whoever sends it, and
 * the run that the coordinator works on ends with the bits of an undisturbed one. Method: `SecuredRun`.
 */
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '@rocinante/wire';
import { until } from '../support/daemon.js';
import { RawConnection } from '../support/raw-connection.js';
import { Workspace } from '../support/rocinante.js';
import { closed, SecuredRun } from '../support/secured-run.js';

const LIST = '/rocinante.training.v1.Runs/List';
const REMOVE = '/rocinante.training.v1.Runs/Remove';

const workspace = new Workspace();
let secured: SecuredRun;

beforeAll(async () => {
  secured = await SecuredRun.start(workspace);
}, 240_000);

afterAll(async () => {
  await secured?.end();
  workspace.remove();
});

describe.concurrent('what is no TLS, or no end of it', { timeout: 180_000 }, () => {
  it('a renewed certificate is shown to whoever connects from then on', async () => {
    const serials = (): Promise<string[]> =>
      Promise.all([secured.daemon.grpc, secured.daemon.http].map(serialOf));
    const before = await serials();
    expect(before[1]).toBe(before[0]);
    await secured.ours.issue('coordinator');
    await until('another certificate', async () => (await serials()).every((serial) => serial !== before[0]));
    await until('a line of it', () =>
      secured.daemon.log.some(({ msg }) => msg === 'another certificate is shown from now on'),
    );
  });

  it('a page that is followed by whose token leaves the book', async () => {
    const socket = await secured.tlsTo(secured.daemon.http);
    socket.write(`GET /api/events HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${secured.guest}\r\n\r\n`);
    await once(socket, 'data');
    const lines = readFileSync(secured.book.bookFile, 'utf8').split('\n');
    writeFileSync(secured.book.bookFile, lines.filter((line) => !line.includes(' guest ')).join('\n'));
    await closed(socket);
    await secured.isTold(
      'UNAUTHENTICATED',
      'GET /api/events: its token or its session is not known any more',
    );
  });

  it.each(['grpc', 'http'] as const)('plain text to the port of %s', async (port) => {
    const connection = await RawConnection.open(secured.daemon[port], 'GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await connection.closed;
    expect(connection.received).toBe('');
    await secured.isTold('NOT_TLS', `${connection.name}: it speaks in plain, where TLS is expected`);
  });

  it.each(['grpc', 'http'] as const)('a handshake with %s that never ends', async (port) => {
    const connection = await RawConnection.open(secured.daemon[port], Buffer.from('1603010200', 'hex'));
    await connection.closed;
    await secured.isTold('TIMEOUT', `${connection.name}: its TLS handshake did not end in time`);
  });

  it('a request over TLS that comes a letter at a time', async () => {
    const socket = await secured.tlsTo(secured.daemon.http);
    const name = `127.0.0.1:${socket.localPort}`;
    socket.write('GET /metrics HTTP/1.1\r\nHost: here\r\n');
    const timer = setInterval(() => socket.write('X-A: b\r\n'), 200);
    await closed(socket);
    clearInterval(timer);
    await secured.isTold('TIMEOUT', `${name}: HTTP 408`);
  });
});

describe.concurrent('what is too long, or leads elsewhere', { timeout: 180_000 }, () => {
  it('headers without end, over HTTP/1.1 and HTTP/2', async () => {
    const socket = await secured.tlsTo(secured.daemon.http);
    const name = `127.0.0.1:${socket.localPort}`;
    socket.write(`GET /metrics HTTP/1.1\r\nHost: here\r\nX: ${'x'.repeat(100_000)}`);
    await closed(socket);
    await secured.isTold('MESSAGE_TOO_LARGE', `${name}: HTTP 431`);
    const session = http2.connect(`https://${secured.daemon.grpc}`, secured.own);
    session.on('error', () => undefined);
    const call = session.request({ ':method': 'POST', ':path': LIST, bomb: 'x'.repeat(40_000) });
    call.on('error', () => undefined).resume();
    await closed(session);
    await secured.isTold(
      'MESSAGE_TOO_LARGE',
      `${LIST}: its headers: expected at most ${limits.HEADERS_BYTES_MAX} bytes`,
    );
  });

  it('a run’s name that is a path, or a link in the folder of runs', async () => {
    const security = { ...secured.own, token: secured.book.tokens.operator };
    symlinkSync('/etc', join(secured.daemon.data, 'runs', 'r999'));
    const before = await secured.refused('RUN_NAME');
    for (const [name, code] of [
      ['../../etc', status.INVALID_ARGUMENT],
      ['/etc/passwd', status.INVALID_ARGUMENT],
      [`../runs/${secured.run.id}`, status.INVALID_ARGUMENT],
      ['n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1), status.INVALID_ARGUMENT],
      ['r999', status.NOT_FOUND],
    ] as const) {
      const removed = await secured.asOperator(security, (client, done) =>
        client.remove({ run: name }, {}, (error) => done(error)),
      );
      expect(removed).toMatchObject({ code });
      const pulled = await secured.asOperator(security, (client, done) =>
        client
          .weights({ run: name, which: 'final' })
          .on('error', done as (error: Error) => void)
          .resume(),
      );
      expect(pulled).toMatchObject({ code });
    }
    await secured.isCounted('RUN_NAME', before + 8);
    await secured.isTold('RUN_NAME', `${REMOVE}: run: expected an id, or a name of at most 64 characters`);
    const acts = secured
      .audited()
      .filter(({ act, what }) => act !== undefined && String(what).includes('../../etc'));
    expect(acts.map(({ act, by }) => [act, by])).toEqual([
      ['remove', 'some-operator'],
      ['pull', 'some-operator'],
    ]);
  });

  it('a text’s name that is a path, and names that are too long', async () => {
    const security = { ...secured.own, token: secured.book.tokens.operator };
    const before = await secured.refused('INVALID_ARGUMENT');
    const pushed = await secured.asOperator(security, (client, done) => {
      const call = client.push((error) => done(error));
      call.write({ sha256: '../../etc/passwd', bytes: 1, data: Buffer.of(1) });
      call.end();
    });
    expect(pushed).toMatchObject({ code: status.INVALID_ARGUMENT });
    await secured.isTold('CONTENT_NAME', 'expected a SHA-256 of 64 hexadecimal digits');
    const start = (change: object): Promise<ServiceError | null> =>
      secured.asOperator(security, (client, done) =>
        client.start(
          { configJson: '{}', corpusSha256: String(secured.run.corpusSha256), corpusName: 'a', ...change },
          {},
          (error) => done(error),
        ),
      );
    expect(await start({ name: 'n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1) })).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await secured.isCounted('INVALID_ARGUMENT', before + 1);
    expect(await secured.page(`/${'a'.repeat(3_000)}`, secured.book.tokens.reader)).toBe(414);
    for (const path of ['/../../etc/passwd', '/workers/..%2f..%2fetc%2fpasswd/metrics']) {
      expect(await secured.page(path, secured.book.tokens.reader)).toBe(404);
    }
  });
});

it('and the run ends undisturbed, with nobody’s token in the log', { timeout: 180_000 }, async () => {
  await secured.endsUndisturbed();
  expect(
    await secured.daemon.metric('rocinante_coordinator_certificate_expiry_timestamp_seconds'),
  ).toBeGreaterThan(Date.now() / 1000);
});

/** The serial number of the certificate that is shown at an address. */
async function serialOf(address: string): Promise<string> {
  const socket = await secured.tlsTo(address);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}
