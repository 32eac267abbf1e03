/**
 * Goal: `doctor` sees a cluster as it is, and what `support` packs helps and holds no secret. Method: a real coordinator that
 * asks for certificates and tokens, with a worker and runs; secrets planted in every place that goes into an archive, all with
 * one word that is looked for, and the operator's own token and key.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CoordinatorMessageReceived } from '@rocinante/wire';
import { Daemon, until } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { rocinante, Workspace } from '../support/rocinante.js';
import { TestAuthority, TestBook } from '../support/secured.js';
import { smallOrder } from '../support/small-run.js';

vi.setConfig({ testTimeout: 240_000 });

/** Stands in every secret. */
const MARK = 'hunter2';
const TOKEN = `rcn_${MARK}abcdefghijklmnopqrstuvwxyz0123456789`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${MARK}ABCDEFGHIJKLMNOP\n-----END PRIVATE KEY-----\n`;
const SECRETS = [
  `began with token=${MARK}`,
  TOKEN,
  KEY,
  `https://anna:${MARK}@example.org/`,
  `Authorization: Bearer ${MARK}${MARK}`,
];

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly found: string;
  readonly advice: string;
}
interface Report {
  readonly problems: number;
  readonly sections: readonly { readonly title: string; readonly findings: readonly Finding[] }[];
}
interface Packed {
  readonly path: string;
  readonly parts: readonly { readonly name: string; readonly cut: string; readonly redacted: number }[];
  readonly missing: readonly { readonly name: string }[];
}

/** Says secrets in its log and its metrics, as a careless program would. */
class CarelessWorker extends LightWorker {
  protected override received(message: CoordinatorMessageReceived): void {
    super.received(message);
    const { startRun } = message;
    if (!startRun) return;
    const line = (msg: string): string =>
      JSON.stringify({ level: 'info', time: new Date().toISOString(), msg });
    this.send({ logLines: { json: SECRETS.map(line), activation: startRun.activation } });
    this.send({
      metrics: { text: `${SECRETS.map((secret) => `# ${secret.split('\n').join(' ')}`).join('\n')}\nup 1\n` },
    });
  }
}

const workspace = new Workspace();
let daemon: Daemon;
let worker: CarelessWorker;
let done: string;
let waiting: string;
let env: NodeJS.ProcessEnv;
/** How an operator shows who it is; the files of its key and its token are in the environment. */
let certificates: string[];
/** The operator's token and its key's lines. */
let own: string[];

const addresses = (): string[] => [
  ...['--coordinator', daemon.grpc, '--coordinator-http', daemon.http],
  ...certificates,
];

beforeAll(async () => {
  const authority = await TestAuthority.make(workspace, 'ours');
  const book = new TestBook(workspace);
  const server = await authority.issue('coordinator');
  const client = await authority.issue('operator');
  const [ca, cert, key] = [authority.caFile, client.certFile, client.keyFile].map((path) =>
    readFileSync(path),
  );
  certificates = ['--tls-ca', authority.caFile, '--tls-cert', client.certFile];
  const keyLines = key
    .toString('latin1')
    .split('\n')
    .filter((line) => /^[\w+/=]{16,}$/.test(line));
  expect(keyLines.length).toBeGreaterThan(0);
  own = [book.tokens.operator, ...keyLines];
  env = {
    ROCINANTE_NOTIFY: `https://anna:${MARK}-user@example.org/services/${MARK}-path`,
    ROCINANTE_TLS_KEY: client.keyFile,
    ROCINANTE_TOKEN_FILE: book.files.operator,
    ROCINANTE_DATA: workspace.in('data'),
    AWS_SECRET_ACCESS_KEY: `${MARK}-aws`,
    DATABASE_PASSWORD: `${MARK}-database`,
  };
  daemon = await Daemon.start({
    data: workspace.in('data'),
    args: [
      ...['--tls-cert', server.certFile, '--tls-key', server.keyFile],
      ...['--tls-ca', authority.caFile, '--token-file', book.bookFile],
    ],
    operator: {
      args: [...certificates, '--tls-key', client.keyFile, '--token-file', book.files.operator],
      client: { ca, cert, key, token: book.tokens.operator },
    },
  });
  const security = { ca, cert, key, token: book.tokens.worker };
  worker = new CarelessWorker(daemon.grpc, 'careless', { computeMs: 1, security });
  const notes = ['--note', `password: ${MARK}`, '--tag', `token=${MARK}`];
  done = (await daemon.startRun([...smallOrder(workspace, 5), ...notes])).id;
  await daemon.ended(done);
  waiting = (await daemon.startRun([...smallOrder(workspace, 5), '--min-workers', '2'])).id;
  await until('the waiting run', async () => (await daemon.summary(waiting)).state === 'RUN_STATE_WAITING');
}, 180_000);

afterAll(async () => {
  worker.leave();
  await daemon.end();
  workspace.remove();
});

/** All of an archive, its names and its files. */
function unpacked(path: string): string {
  const list = spawnSync('tar', ['-tzf', path], { encoding: 'utf8' });
  const files = spawnSync('tar', ['-xzOf', path], { encoding: 'utf8', maxBuffer: 1 << 28 });
  expect([list.status, files.status]).toEqual([0, 0]);
  return list.stdout + files.stdout;
}

/** The form in which a secret could still be read. */
function expectNoSecrets(text: string): void {
  for (const form of [
    MARK,
    Buffer.from(`${MARK}-aws`).toString('base64').slice(0, -4),
    Buffer.from(MARK).toString('hex'),
    ...own,
  ]) {
    expect(text.includes(form), form).toBe(false);
  }
}

/** What the clients call themselves that a record of the coordinator's is about, without their releases. */
function clientsOf(record: string, act?: string): Set<string | undefined> {
  const lines = readFileSync(workspace.in('data', record), 'utf8').trimEnd().split('\n');
  const entries = lines.map(
    (line) => JSON.parse(line) as { readonly act?: string; readonly client?: string },
  );
  return new Set(entries.filter((entry) => entry.act === act).map(({ client }) => client?.split('/')[0]));
}

describe('doctor', () => {
  it('sees this machine and a coordinator, and finds the run that waits', async () => {
    const { code, stdout } = await rocinante(['doctor', ...addresses(), '--json'], env);
    const { sections, problems } = JSON.parse(stdout) as Report;
    expect(sections.map(({ title }) => title)).toEqual(['this machine', `coordinator at ${daemon.grpc}`]);
    const [machine, coordinator] = sections.map(
      ({ findings }) => new Map(findings.map((finding) => [finding.check, finding])),
    );
    for (const check of ['node', 'platform', 'engine files', 'engine', 'data folder']) {
      expect(machine.get(check), check).toMatchObject({ status: 'ok' });
    }
    expect(machine.get('engine')!.found).toMatch(/^TensorFlow 2\.\d+\.\d+ on (cpu|gpu)/);
    const well = [
      'name',
      'connection',
      'certificate authority',
      'certificate names',
      'authority time',
      'health',
      'token',
      'protocol',
      'clock',
      'http',
      'releases',
      'runs',
    ];
    for (const check of well) expect(coordinator.get(check), check).toMatchObject({ status: 'ok' });
    // The test's certificates are for ten days.
    expect(coordinator.get('certificate time')).toMatchObject({ status: 'warning' });
    expect(coordinator.get('token')!.found).toBe('its role is operator, called some-operator');
    expect(coordinator.get('protocol')!.found).toContain('without a worker’s token');
    expect(coordinator.get('bandwidth')!.found).toMatch(/not measured|down, over/);
    expect(coordinator.get(`run ${waiting}`)).toMatchObject({ status: 'problem' });
    expect(coordinator.get(`run ${waiting}`)!.found).toContain('1 of 2 are there');
    expect(problems).toBeGreaterThan(0);
    expect(code).toBe(1);
    expectNoSecrets(stdout);
    // What it did there left no trace but that an operator may not join as a worker.
    const { text } = await daemon.page('/metrics');
    const refused = [...text.matchAll(/refused_connections_total\{why="([A-Z_]+)"\} [1-9]/g)];
    expect(refused.map(([, why]) => why)).toEqual(['PERMISSION_DENIED']);
    // The refusal, and the pull by which it measured, say whose they are.
    expect(clientsOf('refused.jsonl')).toEqual(new Set(['rocinante-doctor']));
    expect(clientsOf('audit.jsonl', 'pull')).toEqual(new Set(['rocinante-doctor']));
    expect(clientsOf('audit.jsonl', 'start')).toEqual(new Set([undefined]));
  });

  it('says what a coordinator wants that is shown no certificate', async () => {
    const args = ['doctor', '--coordinator', daemon.grpc, ...certificates.slice(0, 2), '--json'];
    const { code, stdout } = await rocinante(args, { ...env, ROCINANTE_TLS_KEY: undefined });
    expect(code).toBe(1);
    const { sections } = JSON.parse(stdout) as Report;
    expect(sections[1].findings.at(-1)).toMatchObject({
      check: 'own certificate',
      status: 'problem',
      found:
        "expected a client certificate of the coordinator's authority, received none; give --tls-cert and --tls-key",
    });
  });
});

describe('support', () => {
  it('packs what a coordinator tells of a run from afar, without secrets', async () => {
    const out = workspace.in('afar.tar.gz');
    const { code, stdout, stderr } = await rocinante(
      ['support', done, ...addresses(), '--out', out, '--json'],
      env,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { parts, missing } = JSON.parse(stdout) as Packed;
    const names = parts.map(({ name }) => name);
    const expected = [
      'machine.json',
      'doctor.json',
      'config.json',
      'run.json',
      'losses.json',
      'log.jsonl',
      'events.jsonl',
    ];
    expect(names).toEqual(
      expect.arrayContaining([...expected, 'metrics/coordinator.txt', 'metrics/worker-1.txt']),
    );
    expect(missing.map(({ name }) => name)).toEqual(['ledger.jsonl']);
    const text = unpacked(out);
    expect(text).toContain('"careless"');
    expect(text).toContain('[redacted]');
    expectNoSecrets(text);
    expect(parts.find(({ name }) => name === 'log.jsonl')!.redacted).toBeGreaterThanOrEqual(SECRETS.length);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('packs a run’s directory, with secrets planted in every file of it, and none in the archive', async () => {
    await daemon.stop();
    const directory = join(daemon.data, 'runs', done);
    for (const name of ['events.jsonl', 'log.jsonl', 'ledger.jsonl']) {
      for (const secret of [...SECRETS, ...own, ...Object.values(env)]) {
        appendFileSync(
          join(directory, name),
          `${JSON.stringify({ level: 'warn', msg: secret, nested: { apiKey: [secret] } })}\n`,
        );
        appendFileSync(join(directory, name), `no JSON: ${String(secret).split('\n')[0]}\n`);
      }
    }
    for (const name of ['config.json', 'run.json']) {
      const path = join(directory, name);
      const record = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(
        path,
        JSON.stringify({ ...record, note: SECRETS.join(' '), clientSecret: MARK }, null, 2),
      );
    }
    writeFileSync(join(directory, `token=${MARK}`), '');
    const out = workspace.in('near.tar.gz');
    const { code, stdout, stderr } = await rocinante(['support', '--run-dir', directory, '--out', out], env);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ledger\.jsonl .* secrets taken out$/m);
    expectNoSecrets(stdout);
    const text = unpacked(out);
    expect(text).toMatch(/"path": "weights\/final\.safetensors"/);
    expectNoSecrets(text);
    const again = await rocinante(['support', '--run-dir', directory, '--out', out], env);
    expect(again).toMatchObject({
      code: 2,
      stderr: `rocinante: --out ${out}: there is a file already; name another\n`,
    });
  });
});
