/**
 * Goal: what is no TLS, never ends, is too long, or leads elsewhere is refused by name, counted and written to a file, whoever
 * sends it, and the run that the coordinator works on goes on, and ends with the bits of an undisturbed one. Method:
 * `SecuredRun`, one case after the other: each must raise the counter of its own code by what it made and no other, and be told
 * of in its own words.
 */
import { once } from 'node:events';
import { lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSecurity } from '@rocinante/access';
import { limits } from '@rocinante/wire';
import { until } from '../support/daemon.js';
import { RawConnection } from '../support/byte-clients.js';
import { rocinante, Workspace } from '../support/rocinante.js';
import { closed, nameOf, SecuredRun } from '../support/secured-run.js';
import { secret } from '../support/secured.js';

const service = '/rocinante.training.v1.Runs';

const workspace = new Workspace();
let secured: SecuredRun;
let operator: ClientSecurity;

beforeAll(async () => {
  secured = await SecuredRun.start(workspace);
  operator = { ...secured.own, token: secured.book.tokens.operator };
}, 240_000);

afterAll(async () => {
  await secured?.end();
  workspace.remove();
});

it('a renewed certificate is shown to whoever connects from then on', { timeout: 180_000 }, async () => {
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

it('a page that is followed by whose token leaves the book', { timeout: 180_000 }, async () => {
  await secured.refuses(['UNAUTHENTICATED'], async () => {
    const socket = await secured.tlsTo(secured.daemon.http);
    const name = nameOf(socket);
    socket.write(`GET /api/events HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${secured.guest}\r\n\r\n`);
    await once(socket, 'data');
    const lines = readFileSync(secured.book.bookFile, 'utf8').split('\n');
    // Whole at any moment: it is read while it changes, and the worker's token is in it.
    const others = secret(
      `${secured.book.bookFile}.new`,
      lines.filter((line) => !line.includes(' guest ')).join('\n'),
    );
    renameSync(others, secured.book.bookFile);
    await closed(socket);
    return [`${name}: GET /api/events: its token or its session is not known any more`];
  });
});

describe('plain text to a port of TLS', { timeout: 180_000 }, () => {
  it.each(['grpc', 'http'] as const)('the port of %s', async (port) => {
    await secured.refuses(['NOT_TLS'], async () => {
      const connection = await RawConnection.open(
        secured.daemon[port],
        'GET / HTTP/1.1\r\nHost: here\r\n\r\n',
      );
      await connection.closed;
      expect(connection.received).toBe('');
      return [`${connection.name}: it speaks in plain, where TLS is expected`];
    });
  });

  it('an operator’s command says what to give', async () => {
    const { code, stderr } = await rocinante(['run', 'list', '--coordinator', secured.daemon.grpc]);
    // As where no token is given: an option is missing.
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^rocinante: coordinator at \S+: it expects TLS, and was spoken to in plain: give --tls-ca with .*\n$/,
    );
    await secured.goesOn();
  });
});

it('what never comes to an end: handshakes, silence, a letter at a time', { timeout: 180_000 }, async () => {
  const { grpc, http } = secured.daemon;
  await secured.refuses(Array<string>(5).fill('TIMEOUT'), async () => {
    const half = Buffer.from('1603010200', 'hex');
    const handshakes = await Promise.all([grpc, http].map((address) => RawConnection.open(address, half)));
    const [silent, slow] = await Promise.all([secured.tlsTo(grpc), secured.tlsTo(http)]);
    const [silentName, slowName] = [nameOf(silent), nameOf(slow)];
    slow.write('GET /metrics HTTP/1.1\r\nHost: here\r\n');
    const timer = setInterval(() => slow.write('X-A: b\r\n'), 200);
    const idle = http2.connect(`https://${grpc}`, secured.own);
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const idleName = nameOf(idle.socket);
    await Promise.all([...handshakes.map((one) => one.closed), ...[silent, slow, idle].map(closed)]);
    clearInterval(timer);
    return [
      ...handshakes.map(({ name }) => `${name}: its TLS handshake did not end in time`),
      `${silentName}: it did not begin to speak HTTP/2 within ${limits.HELLO_TIMEOUT_MS} ms`,
      `${slowName}: HTTP 408 Request Timeout`,
      `${idleName}: no call with a token that counts came on it within ${limits.STRANGER_TIMEOUT_MS} ms`,
    ];
  });
});

describe('headers without end', { timeout: 180_000 }, () => {
  it('over HTTP/1.1', async () => {
    await secured.refuses(['MESSAGE_TOO_LARGE'], async () => {
      const socket = await secured.tlsTo(secured.daemon.http);
      const name = nameOf(socket);
      socket.write(`GET /metrics HTTP/1.1\r\nHost: here\r\nX: ${'x'.repeat(100_000)}`);
      await closed(socket);
      return [`${name}: HTTP 431 Request Header Fields Too Large`];
    });
  });

  it('over HTTP/2', async () => {
    await secured.refuses(['MESSAGE_TOO_LARGE'], async () => {
      const session = http2.connect(`https://${secured.daemon.grpc}`, secured.own);
      session.on('error', () => undefined);
      const call = session.request({
        ':method': 'POST',
        ':path': `${service}/List`,
        bomb: 'x'.repeat(40_000),
      });
      call.on('error', () => undefined).resume();
      await closed(session);
      const most = `expected at most ${limits.HEADERS_BYTES_MAX} bytes, received 40\\d\\d\\d`;
      return [expect.stringMatching(new RegExp(`^${service}/List: its headers: ${most}$`)) as unknown];
    });
  });
});

describe('a name that leads elsewhere, or is too long', { timeout: 180_000 }, () => {
  const remove = (run: string): Promise<ServiceError | null> =>
    secured.asOperator(operator, (client, done) => client.remove({ run }, {}, (error) => done(error)));
  const pull = (run: string): Promise<ServiceError | null> =>
    secured.asOperator(operator, (client, done) =>
      client
        .weights({ run, which: 'final' })
        .on('error', done as (error: Error) => void)
        .resume(),
    );

  it.each([
    ['a path upwards', () => '../../etc'],
    ['a path from the root', () => '/etc/passwd'],
    ['a path to the run itself', () => `../runs/${secured.run.id}`],
    ['a long one', () => 'n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1)],
  ])('a run’s: %s', async (_, named) => {
    const name = named();
    const words = `run: expected an id, or a name of at most 64 characters, received "${name}"`;
    await secured.refuses(['RUN_NAME', 'RUN_NAME'], async () => {
      for (const ask of [remove, pull]) {
        expect(await ask(name)).toMatchObject({ code: status.INVALID_ARGUMENT, details: words });
      }
      return [`${service}/Remove: ${words}`, `${service}/Weights: ${words}`];
    });
    const acts = secured.audited().filter(({ outcome }) => outcome === words);
    expect(acts.map(({ act, by }) => [act, by])).toEqual([
      ['remove', 'some-operator'],
      ['pull', 'some-operator'],
    ]);
  });

  it('a run’s on the page', async () => {
    const words = 'run: expected an id, or a name of at most 64 characters, received "../../etc/passwd"';
    await secured.refuses(['RUN_NAME'], async () => {
      const path = '/api/runs/..%2f..%2fetc%2fpasswd';
      expect(await secured.page(path, secured.book.tokens.reader)).toBe(400);
      return [`GET ${path}: ${words}`];
    });
  });

  it('a link in the folder of runs is no run: it is not followed, nor is there anything to refuse', async () => {
    const link = join(secured.daemon.data, 'runs', 'r999');
    symlinkSync('/etc', link);
    await secured.refuses([], async () => {
      const details = 'run "r999": there is none of this id or name';
      for (const ask of [remove, pull])
        expect(await ask('r999')).toMatchObject({ code: status.NOT_FOUND, details });
      return [];
    });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('a text’s: a path', async () => {
    const words =
      'content: expected a SHA-256 of 64 hexadecimal digits in lower case, received "../../etc/passwd"';
    await secured.refuses(['CONTENT_NAME'], async () => {
      const pushed = await secured.asOperator(operator, (client, done) => {
        const call = client.push((error) => done(error));
        call.write({ sha256: '../../etc/passwd', bytes: 1, data: Buffer.of(1) });
        call.end();
      });
      expect(pushed).toMatchObject({ code: status.INVALID_ARGUMENT, details: words });
      return [`${service}/Push: ${words}`];
    });
  });

  it('a new run’s: a long one', async () => {
    const { id, corpusSha256 } = secured.run;
    const { config } = await secured.daemon.json<{ config: object }>(['run', 'show', id]);
    const words = `run: name: Too big: expected string to have <=${limits.RUN_NAME_LENGTH_MAX} characters`;
    await secured.refuses(['INVALID_ARGUMENT'], async () => {
      const started = await secured.asOperator(operator, (client, done) =>
        client.start(
          {
            ...{ configJson: JSON.stringify(config), corpusSha256: String(corpusSha256), corpusName: 'a' },
            name: 'n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1),
          },
          {},
          (error) => done(error),
        ),
      );
      expect(started).toMatchObject({ code: status.INVALID_ARGUMENT, details: words });
      return [`${service}/Start: ${words}`];
    });
  });

  it('a page’s: a long one', async () => {
    await secured.refuses(['MESSAGE_TOO_LARGE'], async () => {
      expect(await secured.page(`/${'a'.repeat(3_000)}`, secured.book.tokens.reader)).toBe(414);
      return ['GET: a path: expected at most 2048 characters, received 3001'];
    });
  });

  it('a page’s that leads upwards is a name like another, and nothing is served there', async () => {
    await secured.refuses([], async () => {
      for (const path of ['/../../etc/passwd', '/workers/..%2f..%2fetc%2fpasswd/metrics']) {
        expect(await secured.page(path, secured.book.tokens.reader)).toBe(404);
      }
      return [];
    });
  });
});

it('and the run ends undisturbed, with nobody’s token in the log', { timeout: 240_000 }, async () => {
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
