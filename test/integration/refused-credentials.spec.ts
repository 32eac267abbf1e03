/**
 * Goal: whoever has not the certificate or the token that a coordinator asks for is refused by name, counted and written to a
 * file, and the run that it works on ends with the bits of an undisturbed one. Method: `SecuredRun`.
 */
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSecurity } from '@rocinante/access';
import { rocinante, Workspace } from '../support/rocinante.js';
import { SecuredRun } from '../support/secured-run.js';

const WORK = '/rocinante.training.v1.Training/Work';
const LIST = '/rocinante.training.v1.Runs/List';

const workspace = new Workspace();
let secured: SecuredRun;

beforeAll(async () => {
  secured = await SecuredRun.start(workspace);
}, 240_000);

afterAll(async () => {
  await secured?.end();
  workspace.remove();
});

const list = (security: ClientSecurity): Promise<ServiceError | null> =>
  secured.asOperator(security, (client, done) => client.list({}, {}, (error) => done(error)));

describe.concurrent('who comes without the right certificate', { timeout: 180_000 }, () => {
  it.each([
    ['none', () => Promise.resolve({}), 'received none'],
    [
      'one of another authority',
      () => secured.credentials(secured.theirs, 'stranger'),
      'received one of "theirs"',
    ],
    [
      'an expired one',
      () => secured.credentials(secured.ours, 'late', { expired: true }),
      'received one that has expired',
    ],
  ])('%s', async (_, shown, words) => {
    const { ca } = secured.own;
    const error = await list({ ca, ...(await shown()), token: secured.book.tokens.operator });
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(error!.details).toContain(words);
    await secured.isTold('BAD_CERTIFICATE', words);
  });

  it('an operator is told in one line what is wrong with the other side, or with his own', async () => {
    const { certFile, keyFile } = secured.ownFiles;
    const mine = ['--tls-cert', certFile, '--tls-key', keyFile, '--token-file', secured.book.files.operator];
    const say = async (...args: string[]): Promise<string> => {
      const command = ['run', 'list', '--coordinator', secured.daemon.grpc];
      const { code, stderr } = await rocinante([...command, ...args]);
      return `${code} ${stderr}`;
    };
    const [authority, name, plain, half] = await Promise.all([
      say('--tls-ca', secured.theirs.caFile, ...mine),
      say('--tls-ca', secured.ours.caFile, ...mine, '--tls-server-name', 'elsewhere.example'),
      say(),
      say('--tls-ca', secured.ours.caFile, '--tls-cert', certFile),
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
    const { daemon, theirs, book } = secured;
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
      (security: ClientSecurity) => secured.asWorker(security),
      status.PERMISSION_DENIED,
      `${WORK}: expected a token of role worker`,
    ],
  ] as const)('%s', async (_, shown, call, code, words) => {
    const token = shown === 'worker' || shown === 'reader' ? secured.book.tokens[shown] : shown;
    expect(await call({ ...secured.own, token })).toMatchObject({ code });
    await secured.isTold(status[code], words);
  });

  it("a reader's, to stop the run", async () => {
    const stop = await secured.asOperator(
      { ...secured.own, token: secured.book.tokens.reader },
      (client, done) => client.stop({ run: secured.run.id, reason: 'mine' }, {}, (error) => done(error)),
    );
    expect(stop).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: "expected a token of role operator, received some-reader's, of role reader",
    });
  });

  it('at the page’s form, or from another page in the same browser', async () => {
    const origin = `https://${secured.daemon.http}`;
    const before = await secured.refused('UNAUTHENTICATED');
    expect(await logIn({ origin, host: secured.daemon.http })).toBe(401);
    await secured.isCounted('UNAUTHENTICATED', before + 1);
    expect(await logIn({ origin: 'https://elsewhere.example', host: secured.daemon.http })).toBe(401);
    await secured.isTold('FOREIGN_ORIGIN', 'POST /login: an order: expected one from');
    const told = secured.daemon.log.filter(({ code }) => code === 'FOREIGN_ORIGIN');
    expect(told.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^refused: 127\.0\.0\.1:\d+: POST \/login: /),
    ]);
  });

  it('over HTTP', async () => {
    const ask = (path: string, token: string | null): Promise<number> => secured.page(path, token);
    expect(await ask('/metrics', null)).toBe(401);
    expect(await ask('/metrics', 'another')).toBe(401);
    expect(await ask('/sd/workers', secured.book.tokens.worker)).toBe(403);
    expect(await ask('/healthz', null)).toBe(200);
    await secured.isTold('UNAUTHENTICATED', 'GET /metrics: expected a token');
  });
});

it('and the run ends undisturbed, with nobody’s token in the log', { timeout: 180_000 }, async () => {
  await secured.endsUndisturbed();
});

/** The status of a login with nobody's token. */
function logIn({ origin, host }: { origin: string; host: string }): Promise<number> {
  const body = 'token=nobody';
  const head = [
    'POST /login HTTP/1.1',
    `Host: ${host}`,
    `Origin: ${origin}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  return secured.ask(head, body);
}
