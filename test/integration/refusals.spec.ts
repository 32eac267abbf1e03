/**
 * Goal: whoever may not come to a coordinator that asks for certificates and tokens is refused by name, counted and written to
 * a file, and the run that it works on ends with the bits of an undisturbed one. Method: one daemon, one light worker, and
 * a run twice: alone, and while all that is refused comes.
 */
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookLine, newToken, type ClientSecurity } from '@rocinante/access';
import { dial, dialRuns, limits, type RunsClient } from '@rocinante/wire';
import { Daemon, until, type RunJson } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { RawConnection } from '../support/raw-connection.js';
import { rocinante, Workspace } from '../support/rocinante.js';
import { TestAuthority, TestBook } from '../support/secured.js';
import { smallText } from '../support/small-run.js';

const STEPS = 75;
const WORK = '/rocinante.training.v1.Training/Work';
const LIST = '/rocinante.training.v1.Runs/List';
const REMOVE = '/rocinante.training.v1.Runs/Remove';

const workspace = new Workspace();
/** A reader's token that is taken away. */
const guest = newToken();
let ours: TestAuthority;
let theirs: TestAuthority;
let book: TestBook;
let daemon: Daemon;
let worker: LightWorker;
let order: string[];
let undisturbed: Record<string, unknown>;
let run: RunJson;
/** A client of the authority, without a token. */
let own: Pick<ClientSecurity, 'ca' | 'cert' | 'key'>;
let ownFiles: { readonly certFile: string; readonly keyFile: string };

beforeAll(async () => {
  [ours, theirs] = await Promise.all([
    TestAuthority.make(workspace, 'ours'),
    TestAuthority.make(workspace, 'theirs'),
  ]);
  book = new TestBook(workspace);
  appendFileSync(book.bookFile, `${bookLine('reader', 'guest', guest)}\n`);
  const server = await ours.issue('coordinator');
  ownFiles = await ours.issue('client');
  own = await material(ours, 'client');
  daemon = await Daemon.start({
    data: workspace.in('data'),
    args: [
      ...['--tls-cert', server.certFile, '--tls-key', server.keyFile],
      ...['--tls-ca', ours.caFile, '--token-file', book.bookFile],
    ],
    operator: {
      args: [
        ...['--tls-ca', ours.caFile, '--tls-cert', ownFiles.certFile],
        ...['--tls-key', ownFiles.keyFile, '--token-file', book.files.operator],
      ],
      client: { ...own, token: book.tokens.operator },
    },
  });
  const config = workspace.write('config.json', {
    preset: 'quick',
    network: { input: 'one-hot', layers: [{ units: 32, dropout: 0 }] },
    text: { window: 20, stride: 20 },
    batch: { size: 8, microBatch: 2 },
    steps: STEPS,
  });
  order = ['--config', config, '--corpus', workspace.write('corpus.txt', smallText(30_000))];
  const security = { ...own, token: book.tokens.worker };
  const quick = new LightWorker(daemon.grpc, 'quick', { computeMs: 1, security });
  undisturbed = await daemon.ended((await daemon.startRun(order)).id);
  quick.leave();
  worker = new LightWorker(daemon.grpc, 'slow', { computeMs: 30, security });
  run = await daemon.startRun(order);
  await daemon.stepsTaken(run.id, 1);
}, 240_000);

afterAll(async () => {
  worker?.leave();
  await daemon?.end();
  workspace.remove();
});

/** A certificate as a client has it, believing our authority. */
async function material(
  authority: TestAuthority,
  name: string,
  options: { expired?: boolean } = {},
): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const { certFile, keyFile } = await authority.issue(name, options);
  return { ca: readFileSync(ours.caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** How often something was refused for this reason. */
function refused(why: string): Promise<number> {
  return daemon.metric(`rocinante_coordinator_refused_connections_total{why="${why}"}`);
}

/** Waits until so many refusals for this reason are counted, or more, since others of this file come at the same time. */
function isCounted(why: string, times: number): Promise<unknown> {
  return until(`${times} of ${why} to be counted`, async () => (await refused(why)) >= times);
}

/** Lines of one reason that the log takes in ten seconds: others of this file come at the same time. */
const LINES_OF_A_REASON = 5;

/**
 * Waits until the log and the file of refusals tell of one by these words; or have the lines that they take of its reason, and
 * more are counted.
 */
async function isTold(code: string, words: string): Promise<void> {
  const isIn = async (lines: readonly string[]): Promise<boolean> =>
    lines.some((line) => line.includes(words)) ||
    (lines.length >= LINES_OF_A_REASON && (await refused(code)) > lines.length);
  await until(`the log to tell of ${code}, ${words}`, () =>
    isIn(daemon.log.filter((line) => line.code === code).map(({ msg }) => msg)),
  );
  const what = (): string[] =>
    audited()
      .filter(({ refused }) => refused === code)
      .map((entry) => String(entry.what));
  await until(`the file of refusals to tell of ${code}, ${words}`, () => isIn(what()));
  expect(await refused(code)).toBeGreaterThan(0);
}

/** What both files have: of operators' acts, and of refusals. */
function audited(): Record<string, unknown>[] {
  const paths = ['audit.jsonl', 'refused.jsonl']
    .map((name) => join(daemon.data, name))
    .filter((path) => existsSync(path));
  const lines = paths.flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** How an operator's call ends. */
async function asOperator(
  security: ClientSecurity,
  call: (client: RunsClient, done: (error: ServiceError | null) => void) => unknown,
): Promise<ServiceError | null> {
  const client = dialRuns(daemon.grpc, security);
  try {
    return await new Promise<ServiceError | null>((resolve) => call(client, resolve));
  } finally {
    client.close();
  }
}

/** How a worker's attempt to join ends. */
async function asWorker(security: ClientSecurity): Promise<ServiceError> {
  const client = dial(daemon.grpc, security);
  try {
    const call = client.work();
    call.write({ hello: { protocolMin: 1, protocolMax: 1, name: 'stranger', threads: 1 } });
    return await new Promise((resolve) => call.on('error', resolve as (error: Error) => void).resume());
  } finally {
    client.close();
  }
}

const list = (security: ClientSecurity): Promise<ServiceError | null> =>
  asOperator(security, (client, done) => client.list({}, {}, (error) => done(error)));

describe.concurrent('who comes without the right certificate', { timeout: 180_000 }, () => {
  it.each([
    ['none', () => Promise.resolve({}), 'received none'],
    ['one of another authority', () => material(theirs, 'stranger'), 'received one of "theirs"'],
    ['an expired one', () => material(ours, 'late', { expired: true }), 'received one that has expired'],
  ])('%s', async (_, shown, words) => {
    const { ca } = own;
    const error = await list({ ca, ...(await shown()), token: book.tokens.operator });
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(error!.details).toContain(words);
    await isTold('BAD_CERTIFICATE', words);
  });

  it('an operator is told in one line what is wrong with the other side, or with his own', async () => {
    const { certFile, keyFile } = ownFiles;
    const mine = ['--tls-cert', certFile, '--tls-key', keyFile, '--token-file', book.files.operator];
    const say = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await rocinante(['run', 'list', '--coordinator', daemon.grpc, ...args]);
      return `${code} ${stderr}`;
    };
    const [authority, name, plain, half] = await Promise.all([
      say('--tls-ca', theirs.caFile, ...mine),
      say('--tls-ca', ours.caFile, ...mine, '--tls-server-name', 'elsewhere.example'),
      say(),
      say('--tls-ca', ours.caFile, '--tls-cert', certFile),
    ]);
    expect(authority).toMatch(
      /^1 rocinante: coordinator at \S+: its certificate: expected one of the authority in --tls-ca, received one of "ours" .*\n$/,
    );
    expect(name).toMatch(
      /^1 rocinante: .*: expected one for elsewhere\.example, received one for 127\.0\.0\.1, localhost\n$/,
    );
    expect(plain).toMatch(/^1 rocinante: .*: it expects TLS, and was spoken to in plain: give --tls-ca\n$/);
    expect(half).toBe('2 rocinante: --tls-cert: expected --tls-key too, received none\n');
  });

  it('a worker ends with such a line, where it was never let in', async () => {
    const args = ['--coordinator', daemon.grpc, '--tls-ca', theirs.caFile, '--token-file', book.files.worker];
    const { code, stderr } = await rocinante(['worker', '--threads', '1', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain('its certificate: expected one of the authority in --tls-ca');
    expect(stderr).not.toContain(book.tokens.worker);
  });
});

describe.concurrent('who comes without the right token', { timeout: 180_000 }, () => {
  it.each([
    ['none', null, list, status.UNAUTHENTICATED, `${LIST}: expected a token of role reader, received none`],
    ['another', 'x'.repeat(43), list, status.UNAUTHENTICATED, 'received one that is not in it'],
    ['an over-long one', 'x'.repeat(8_000), list, status.UNAUTHENTICATED, 'received one that is not in it'],
    [
      "a worker's, as an operator",
      'worker',
      list,
      status.PERMISSION_DENIED,
      "received some-worker's, of role worker",
    ],
    [
      "a reader's, as a worker",
      'reader',
      asWorker,
      status.PERMISSION_DENIED,
      `${WORK}: expected a token of role worker`,
    ],
  ] as const)('%s', async (_, shown, call, code, words) => {
    const token = shown === 'worker' || shown === 'reader' ? book.tokens[shown] : shown;
    expect(await call({ ...own, token })).toMatchObject({ code });
    await isTold(status[code], words);
  });

  it("a reader's, to stop the run", async () => {
    const stop = await asOperator({ ...own, token: book.tokens.reader }, (client, done) =>
      client.stop({ run: run.id, reason: 'mine' }, {}, (error) => done(error)),
    );
    expect(stop).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: "expected a token of role operator, received some-reader's, of role reader",
    });
  });

  it('at the page’s form, or from another page in the same browser', async () => {
    const origin = `https://${daemon.http}`;
    const before = await refused('UNAUTHENTICATED');
    expect(await logIn({ origin, host: daemon.http })).toBe(401);
    await isCounted('UNAUTHENTICATED', before + 1);
    expect(await logIn({ origin: 'https://elsewhere.example', host: daemon.http })).toBe(401);
    await isTold('FOREIGN_ORIGIN', 'POST /login: an order: expected one from');
    const told = daemon.log.filter(({ code }) => code === 'FOREIGN_ORIGIN');
    expect(told.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^refused: 127\.0\.0\.1:\d+: POST \/login: /),
    ]);
  });

  it('over HTTP', async () => {
    const ask = (path: string, token: string | null): Promise<number> => page(path, token);
    expect(await ask('/metrics', null)).toBe(401);
    expect(await ask('/metrics', 'another')).toBe(401);
    expect(await ask('/sd/workers', book.tokens.worker)).toBe(403);
    expect(await ask('/healthz', null)).toBe(200);
    await isTold('UNAUTHENTICATED', 'GET /metrics: expected a token');
  });
});

describe.concurrent('what is no TLS, or no end of it', { timeout: 180_000 }, () => {
  it('a renewed certificate is shown to whoever connects from then on', async () => {
    const serials = (): Promise<string[]> => Promise.all([daemon.grpc, daemon.http].map(serialOf));
    const before = await serials();
    expect(before[1]).toBe(before[0]);
    await ours.issue('coordinator');
    await until('another certificate', async () => (await serials()).every((serial) => serial !== before[0]));
    expect(daemon.log.some(({ msg }) => msg === 'another certificate is shown from now on')).toBe(true);
  });

  it('a page that is followed by whose token leaves the book', async () => {
    const socket = await tlsTo(daemon.http);
    socket.write(`GET /api/events HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${guest}\r\n\r\n`);
    await once(socket, 'data');
    const lines = readFileSync(book.bookFile, 'utf8').split('\n');
    writeFileSync(book.bookFile, lines.filter((line) => !line.includes(' guest ')).join('\n'));
    await closed(socket);
    await isTold('UNAUTHENTICATED', 'GET /api/events: its token or its session is not known any more');
  });

  it.each(['grpc', 'http'] as const)('plain text to the port of %s', async (port) => {
    const connection = await RawConnection.open(daemon[port], 'GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await connection.closed;
    expect(connection.received).toBe('');
    await isTold('NOT_TLS', `${connection.name}: it speaks in plain, where TLS is expected`);
  });

  it.each(['grpc', 'http'] as const)('a handshake with %s that never ends', async (port) => {
    const connection = await RawConnection.open(daemon[port], Buffer.from('1603010200', 'hex'));
    await connection.closed;
    await isTold('TIMEOUT', `${connection.name}: its TLS handshake did not end in time`);
  });

  it('a request over TLS that comes a letter at a time', async () => {
    const socket = await tlsTo(daemon.http);
    const name = `127.0.0.1:${socket.localPort}`;
    socket.write('GET /metrics HTTP/1.1\r\nHost: here\r\n');
    const timer = setInterval(() => socket.write('X-A: b\r\n'), 200);
    await closed(socket);
    clearInterval(timer);
    await isTold('TIMEOUT', `${name}: HTTP 408`);
  });
});

describe.concurrent('what is too long, or leads elsewhere', { timeout: 180_000 }, () => {
  it('headers without end, over HTTP/1.1 and HTTP/2', async () => {
    const socket = await tlsTo(daemon.http);
    const name = `127.0.0.1:${socket.localPort}`;
    socket.write(`GET /metrics HTTP/1.1\r\nHost: here\r\nX: ${'x'.repeat(100_000)}`);
    await closed(socket);
    await isTold('MESSAGE_TOO_LARGE', `${name}: HTTP 431`);
    const session = http2.connect(`https://${daemon.grpc}`, { ...own, ca: own.ca! });
    session.on('error', () => undefined);
    const call = session.request({ ':method': 'POST', ':path': LIST, bomb: 'x'.repeat(40_000) });
    call.on('error', () => undefined).resume();
    await closed(session);
    await isTold(
      'MESSAGE_TOO_LARGE',
      `${LIST}: its headers: expected at most ${limits.HEADERS_BYTES_MAX} bytes`,
    );
  });

  it('a run’s name that is a path, or a link in the folder of runs', async () => {
    const security = { ...own, token: book.tokens.operator };
    symlinkSync('/etc', join(daemon.data, 'runs', 'r999'));
    const before = await refused('INVALID_ARGUMENT');
    for (const [name, code] of [
      ['../../etc', status.INVALID_ARGUMENT],
      ['/etc/passwd', status.INVALID_ARGUMENT],
      [`../runs/${run.id}`, status.INVALID_ARGUMENT],
      ['n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1), status.INVALID_ARGUMENT],
      ['r999', status.NOT_FOUND],
    ] as const) {
      const removed = await asOperator(security, (client, done) =>
        client.remove({ run: name }, {}, (error) => done(error)),
      );
      expect(removed).toMatchObject({ code });
      const pulled = await asOperator(security, (client, done) =>
        client
          .weights({ run: name, which: 'final' })
          .on('error', done as (error: Error) => void)
          .resume(),
      );
      expect(pulled).toMatchObject({ code });
    }
    await isCounted('INVALID_ARGUMENT', before + 8);
    await isTold('INVALID_ARGUMENT', `${REMOVE}: run: expected an id, or a name of at most 64 characters`);
    const acts = audited().filter(({ act, what }) => act !== undefined && String(what).includes('../../etc'));
    expect(acts.map(({ act, by }) => [act, by])).toEqual([
      ['remove', 'some-operator'],
      ['pull', 'some-operator'],
    ]);
  });

  it('a text’s name that is a path, and names that are too long', async () => {
    const security = { ...own, token: book.tokens.operator };
    const before = await refused('INVALID_ARGUMENT');
    const pushed = await asOperator(security, (client, done) => {
      const call = client.push((error) => done(error));
      call.write({ sha256: '../../etc/passwd', bytes: 1, data: Buffer.of(1) });
      call.end();
    });
    expect(pushed).toMatchObject({ code: status.INVALID_ARGUMENT });
    await isCounted('INVALID_ARGUMENT', before + 1);
    const start = (change: object): Promise<ServiceError | null> =>
      asOperator(security, (client, done) =>
        client.start(
          { configJson: '{}', corpusSha256: String(run.corpusSha256), corpusName: 'a', ...change },
          {},
          (error) => done(error),
        ),
      );
    expect(await start({ name: 'n'.repeat(limits.RUN_NAME_LENGTH_MAX + 1) })).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await isCounted('INVALID_ARGUMENT', before + 2);
    expect(await page(`/${'a'.repeat(3_000)}`, book.tokens.reader)).toBe(414);
    for (const path of ['/../../etc/passwd', '/workers/..%2f..%2fetc%2fpasswd/metrics']) {
      expect(await page(path, book.tokens.reader)).toBe(404);
    }
  });
});

it('and the run ends undisturbed, with nobody’s token in the log', { timeout: 180_000 }, async () => {
  const ended = await daemon.ended(run.id);
  expect(ended).toMatchObject({ state: 'done', step: STEPS, weightsSha256: undisturbed.weightsSha256 });
  const joined = daemon.events(run.id).filter(({ event }) => event === 'worker-joined');
  expect(joined.map((entry) => entry.worker)).toEqual(['slow']);
  const acts = audited().filter(({ act, outcome }) => act === 'start' && outcome === 'done');
  expect(acts.map(({ by, what }) => [by, what])).toEqual([
    ['some-operator', 'r1'],
    ['some-operator', run.id],
  ]);
  const written = JSON.stringify([daemon.log, audited()]);
  for (const token of Object.values(book.tokens)) expect(written).not.toContain(token);
  expect(await daemon.metric('rocinante_coordinator_certificate_expiry_timestamp_seconds')).toBeGreaterThan(
    Date.now() / 1000,
  );
});

/** A reset is an end like another. */
function closed(connection: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once('close', () => resolve()));
}

/** The serial number of the certificate that is shown at an address. */
async function serialOf(address: string): Promise<string> {
  const socket = await tlsTo(address);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** A page's status, as the holder of a token is given it. */
async function page(path: string, token: string | null): Promise<number> {
  const socket = await tlsTo(daemon.http);
  const authorization = token === null ? '' : `Authorization: Bearer ${token}\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\n${authorization}Connection: close\r\n\r\n`);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  await closed(socket);
  return Number(/^HTTP\/1\.1 (\d+) /.exec(text)?.[1]);
}

/** The status of a login with nobody's token. */
async function logIn({ origin, host }: { origin: string; host: string }): Promise<number> {
  const socket = await tlsTo(daemon.http);
  const body = 'token=nobody';
  const head = [
    'POST /login HTTP/1.1',
    `Host: ${host}`,
    `Origin: ${origin}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  await closed(socket);
  return Number(/^HTTP\/1\.1 (\d+) /.exec(text)?.[1]);
}

async function tlsTo(address: string): Promise<ReturnType<typeof connectTls>> {
  const [host, port] = address.split(':');
  const socket = connectTls({ host, port: Number(port), ca: own.ca!, ALPNProtocols: ['h2', 'http/1.1'] });
  socket.on('error', () => undefined).resume();
  await once(socket, 'secureConnect');
  return socket;
}
