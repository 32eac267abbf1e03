/**
 * Goal: whoever has not the certificate or the token that a coordinator asks for is refused by name, counted and written to a
 * file, and the run that it works on goes on, and ends with the bits of an undisturbed one. Method: `SecuredRun`, one case
 * after the other: each must raise the counter of its own code by what it made and no other, and be told of in its own words.
 */
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSecurity } from '@rocinante/access';
import { rocinante, Workspace } from '../support/rocinante.js';
import { SecuredRun } from '../support/secured-run.js';

const WORK = '/rocinante.training.v1.Training/Work';
const LIST = '/rocinante.training.v1.Runs/List';
const STOP = '/rocinante.training.v1.Runs/Stop';

const NOT_IN_THE_BOOK = "expected a token of the coordinator's book, received one that is not in it";

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
const stop = (security: ClientSecurity): Promise<ServiceError | null> =>
  secured.asOperator(security, (client, done) =>
    client.stop({ run: secured.run.id, reason: 'mine' }, {}, (error) => done(error)),
  );
const work = (security: ClientSecurity): Promise<ServiceError | null> => secured.asWorker(security);

describe('who comes without the right certificate', { timeout: 180_000 }, () => {
  it.each([
    ['none', () => Promise.resolve({}), 'none; give --tls-cert and --tls-key'],
    ['one of another authority', () => secured.credentials(secured.theirs, 'stranger'), 'one of "theirs"'],
    [
      'an expired one',
      () => secured.credentials(secured.ours, 'late', { expired: true }),
      'one that has expired',
    ],
  ])('%s', async (_, shown, received) => {
    const { ca } = secured.own;
    const words = `expected a client certificate of the coordinator's authority, received ${received}`;
    const credentials = await shown();
    await secured.refuses(['BAD_CERTIFICATE'], async () => {
      const error = await list({ ca, ...credentials, token: secured.book.tokens.operator });
      expect(error).toMatchObject({ code: status.UNAUTHENTICATED, details: words });
      return [words];
    });
  });

  /** What `run list` says on standard error, after its exit code. */
  const say = async (...args: string[]): Promise<string> => {
    const command = ['run', 'list', '--coordinator', secured.daemon.grpc];
    const { code, stderr } = await rocinante([...command, ...args]);
    return `${code} ${stderr}`;
  };
  const mine = (): string[] => {
    const { certFile, keyFile } = secured.ownFiles;
    return ['--tls-cert', certFile, '--tls-key', keyFile, '--token-file', secured.book.files.operator];
  };

  it('an operator who believes another authority, or looks for another name, refuses the coordinator', async () => {
    await secured.refuses([], async () => {
      expect(await say('--tls-ca', secured.theirs.caFile, ...mine())).toMatch(
        /^1 rocinante: coordinator at \S+: its certificate: expected one of the authority in --tls-ca, received one of "ours" .*\n$/,
      );
      const name = await say(
        ...['--tls-ca', secured.ours.caFile, ...mine(), '--tls-server-name', 'elsewhere.example'],
      );
      expect(name).toMatch(
        /^1 rocinante: .*: expected one for elsewhere\.example, received one for 127\.0\.0\.1, localhost\n$/,
      );
      const { certFile } = secured.ownFiles;
      expect(await say('--tls-ca', secured.ours.caFile, '--tls-cert', certFile)).toBe(
        '2 rocinante: --tls-cert: expected --tls-key too, received none\n',
      );
      return [];
    });
  });

  it('a worker ends with such a line, where it was never let in', async () => {
    await secured.refuses([], async () => {
      const { daemon, theirs, book } = secured;
      const args = ['--coordinator', daemon.grpc, '--tls-ca', theirs.caFile];
      const { code, stderr } = await rocinante([
        ...['worker', '--threads', '1', ...args, '--token-file', book.files.worker],
      ]);
      expect(code).toBe(1);
      expect(stderr).toContain('its certificate: expected one of the authority in --tls-ca');
      expect(stderr).not.toContain(book.tokens.worker);
      return [];
    });
  });
});

describe('who comes without the right token', { timeout: 180_000 }, () => {
  it.each([
    [
      'none',
      null,
      list,
      'UNAUTHENTICATED',
      LIST,
      'expected a token of role reader, received none: give --token-file or ROCINANTE_TOKEN',
    ],
    ['another', 'x'.repeat(43), list, 'UNAUTHENTICATED', LIST, NOT_IN_THE_BOOK],
    ['an over-long one', 'x'.repeat(8_000), list, 'UNAUTHENTICATED', LIST, NOT_IN_THE_BOOK],
    [
      "a worker's, to look as an operator",
      'worker',
      list,
      'PERMISSION_DENIED',
      LIST,
      "expected a token of role reader, received some-worker's, of role worker",
    ],
    [
      "a worker's, to stop the run as an operator",
      'worker',
      stop,
      'PERMISSION_DENIED',
      STOP,
      "expected a token of role operator, received some-worker's, of role worker",
    ],
    [
      "a reader's, to stop the run",
      'reader',
      stop,
      'PERMISSION_DENIED',
      STOP,
      "expected a token of role operator, received some-reader's, of role reader",
    ],
    [
      "a reader's, as a worker",
      'reader',
      work,
      'PERMISSION_DENIED',
      WORK,
      "expected a token of role worker, received some-reader's, of role reader",
    ],
  ] as const)('%s', async (_, shown, call, code, path, words) => {
    const token = shown === 'worker' || shown === 'reader' ? secured.book.tokens[shown] : shown;
    await secured.refuses([code], async () => {
      expect(await call({ ...secured.own, token })).toMatchObject({ code: status[code], details: words });
      return [`${path}: ${words}`];
    });
  });

  it('at the page’s form, or from another page in the same browser', async () => {
    const host = secured.daemon.http;
    await secured.refuses(['UNAUTHENTICATED'], async () => {
      expect(await logIn({ origin: `https://${host}`, host })).toBe(401);
      return ['POST /login: expected a reader’s or an operator’s token, received another'];
    });
    await secured.refuses(['FOREIGN_ORIGIN'], async () => {
      expect(await logIn({ origin: 'https://elsewhere.example', host })).toBe(401);
      return [
        `POST /login: an order: expected one from https://${host}, received "https://elsewhere.example"`,
      ];
    });
  });

  it.each([
    [
      'none',
      '/metrics',
      null,
      401,
      'UNAUTHENTICATED',
      'a token: Authorization: Bearer <token>, received none',
    ],
    [
      'another',
      '/metrics',
      'another',
      401,
      'UNAUTHENTICATED',
      'a token: Authorization: Bearer <token>, received another',
    ],
    [
      "a worker's",
      '/sd/workers',
      'worker',
      403,
      'PERMISSION_DENIED',
      "a token of role reader, received some-worker's, of role worker",
    ],
  ] as const)('over HTTP: %s', async (_, path, shown, answer, code, words) => {
    await secured.refuses([code], async () => {
      const token = shown === 'worker' ? secured.book.tokens.worker : shown;
      expect(await secured.page(path, token)).toBe(answer);
      return [`GET ${path}: expected ${words}`];
    });
  });

  it('health is told whoever asks', async () => {
    await secured.refuses([], async () => {
      expect(await secured.page('/healthz', null)).toBe(200);
      return [];
    });
  });
});

it('and the run ends undisturbed, with nobody’s token in the log', { timeout: 240_000 }, async () => {
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
