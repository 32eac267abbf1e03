import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync, appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CertificatesRequest } from './cluster-certificates.js';
import type { ClusterFolder } from './cluster-folder.js';
import { addToken } from './cluster-tokens.js';
import { AccessError } from './errors.js';
import { contentsOf, firstIn, givenIn, makeIn, now } from './spec-cluster.js';
import { newPath } from './spec-folder.js';
import { readTlsMaterial } from './tls-material.js';
import { TokenBook } from './token-book.js';
import { readToken } from './token.js';

const DAY_MS = 86_400_000;
const ALL = [
  '.lock',
  'ca.crt',
  'ca.key',
  'coordinator.crt',
  'coordinator.key',
  'operator.crt',
  'operator.key',
  'operator.token',
  'reader.token',
  'tokens',
  'worker.crt',
  'worker.key',
  'worker.token',
];

let folder: string;
beforeEach(() => {
  folder = newPath();
});

const make = (changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> => makeIn(folder, changed);
const first = (changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> =>
  firstIn(folder, changed);
const given = (): Promise<void> => givenIn(folder);
const contents = (): Record<string, string> => contentsOf(folder);

function material(owner: string, at = now): ReturnType<typeof readTlsMaterial> {
  const [certFile, keyFile] = [join(folder, `${owner}.crt`), join(folder, `${owner}.key`)];
  return readTlsMaterial({ certFile, keyFile, caFile: join(folder, 'ca.crt') }, at);
}

describe('makeClusterFolder', () => {
  it('makes all that a cluster needs, closed to others', async () => {
    const made = await first();
    expect(readdirSync(folder).sort()).toEqual(ALL);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const secrets = ALL.filter((name) => !name.endsWith('.crt'));
    for (const name of secrets)
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(made.certificates.map(({ owner, fate }) => `${owner} ${fate}`)).toEqual([
      'authority made',
      'coordinator made',
      'worker made',
      'operator made',
    ]);
    expect(made.book).toEqual({ path: join(folder, 'tokens'), fate: 'made' });
  });

  it('gives the coordinator the names that were asked and its machine’s own, and clients none', async () => {
    await first();
    expect(material('coordinator').names).toEqual(['gpu1.lan', '10.0.0.7', 'localhost', '127.0.0.1', '::1']);
    expect(material('coordinator').notAfter).toEqual(new Date(now + 365 * DAY_MS));
    for (const owner of ['worker', 'operator']) {
      expect(material(owner).names).toEqual([]);
      // Whoever takes a client's key cannot be a server with it.
      const legacy = new X509Certificate(material(owner).cert).toLegacyObject();
      expect(legacy.ext_key_usage).toEqual(['1.3.6.1.5.5.7.3.2']);
    }
  });

  it('gives workers names where their pages use TLS', async () => {
    await first({ workerNames: ['*.workers.svc'] });
    expect(material('worker').names).toEqual(['*.workers.svc']);
  });

  it('writes tokens that its book knows by their roles', async () => {
    const { tokens } = await first();
    const book = TokenBook.read(join(folder, 'tokens'));
    expect(tokens.map(({ role }) => role)).toEqual(['worker', 'operator', 'reader']);
    for (const { role, name, path } of tokens) {
      expect(book.holderOf(readToken(path))).toEqual({ role, name });
    }
  });

  it('changes nothing the second time', async () => {
    await given();
    const before = contents();
    const again = await first({ now: now + DAY_MS });
    expect(again.certificates.map(({ fate }) => fate)).toEqual(['kept', 'kept', 'kept', 'kept']);
    expect(again.book.fate).toBe('kept');
    await make();
    expect(contents()).toEqual(before);
  });

  it('makes what is missing, and nothing else', async () => {
    await given();
    const before = contents();
    for (const name of ['worker.crt', 'worker.key', 'worker.token']) rmSync(join(folder, name));
    const again = await make();
    expect(again.certificates.map(({ fate }) => fate)).toEqual(['kept', 'kept', 'made', 'kept']);
    // A token that went to its machine is not made a second time.
    expect(again.tokens.map(({ name }) => name)).toEqual(['operator', 'reader']);
    const { 'worker.crt': cert, 'worker.key': key, ...others } = contents();
    expect(before).toMatchObject(others);
    expect([cert, key]).not.toContain(before['worker.crt']);
    expect(material('worker').names).toEqual([]);
  });

  it('renews certificates by the same authority with the same names, and keeps tokens', async () => {
    await first({ workerNames: ['gpu1.lan'] });
    const before = contents();
    const later = now + 300 * DAY_MS;
    const renewed = await make({ renew: true, now: later });
    expect(renewed.certificates.map(({ fate }) => fate)).toEqual(['kept', 'renewed', 'renewed', 'renewed']);
    expect(material('coordinator', later).notAfter).toEqual(new Date(later + 365 * DAY_MS));
    expect(material('coordinator', later).names).toEqual([
      'gpu1.lan',
      '10.0.0.7',
      'localhost',
      '127.0.0.1',
      '::1',
    ]);
    expect(material('worker', later).names).toEqual(['gpu1.lan']);
    const after = contents();
    const changed = ALL.filter((name) => before[name] !== after[name]);
    expect(changed).toEqual(ALL.filter((name) => /^(coordinator|worker|operator)\.(crt|key)$/.test(name)));
  });

  it('takes new names with a renewal only', async () => {
    await given();
    const before = contents();
    const refused = make({ coordinatorNames: ['gpu2.lan'] });
    await expect(refused).rejects.toThrow(
      /coordinator.crt: expected a certificate for gpu2.lan, .* received one for gpu1.lan, .*--renew/,
    );
    await expect(make({ workerNames: ['gpu1.lan'] })).rejects.toThrow(
      /worker.crt: expected a certificate for gpu1.lan, received one for no host/,
    );
    expect(contents()).toEqual(before);
    await make({ coordinatorNames: ['gpu2.lan'], renew: true });
    expect(material('coordinator').names).toEqual(['gpu2.lan', 'localhost', '127.0.0.1', '::1']);
  });

  it('signs nothing beyond its authority’s end', async () => {
    await first({ authorityDays: 30 });
    expect(material('coordinator').notAfter).toEqual(new Date(now + 30 * DAY_MS));
    const late = make({ renew: true, now: now + 31 * DAY_MS });
    await expect(late).rejects.toThrow(
      /ca.crt: .* ended at 2027-01-31T00:00:00Z; begin with a new authority/,
    );
  });

  it('needs no key of the authority where there is nothing to sign', async () => {
    await given();
    rmSync(join(folder, 'ca.key'));
    expect((await make()).certificates.map(({ fate }) => fate)).toEqual(['kept', 'kept', 'kept', 'kept']);
    await expect(make({ renew: true })).rejects.toThrow(/ca.key: expected the authority's key/);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'no authority beside its key',
      () => rmSync(join(folder, 'ca.crt')),
      /ca.crt: expected the authority beside .*ca.key/,
    ],
    [
      'certificates alone',
      () => ['ca.crt', 'ca.key'].forEach((name) => rmSync(join(folder, name))),
      /ca.crt: expected the authority beside .*coordinator.crt/,
    ],
    [
      'a certificate without its key',
      () => rmSync(join(folder, 'worker.key')),
      /worker.key: expected it beside .*worker.crt/,
    ],
    [
      'a key without its certificate',
      () => rmSync(join(folder, 'worker.crt')),
      /worker.crt: expected it beside .*worker.key/,
    ],
    [
      'another’s key',
      () => cpSync(join(folder, 'worker.key'), join(folder, 'operator.key')),
      /operator.key: expected the key of/,
    ],
    [
      'a damaged certificate',
      () => writeFileSync(join(folder, 'worker.crt'), 'x'),
      /worker.crt: expected a certificate \(PEM\)/,
    ],
    [
      'a damaged authority',
      () => writeFileSync(join(folder, 'ca.crt'), ''),
      /ca.crt: expected a certificate \(PEM\), received an empty file/,
    ],
    ['a damaged book', () => appendFileSync(join(folder, 'tokens'), 'x\n'), /tokens, line 6: expected role/],
    [
      'tokens without their book',
      () => rmSync(join(folder, 'tokens')),
      /worker.token: expected the book .*tokens beside it/,
    ],
  ])('refuses %s, and writes nothing', async (_, damage, message) => {
    await given();
    damage();
    const before = contents();
    await expect(make()).rejects.toThrow(AccessError);
    await expect(make()).rejects.toThrow(message);
    expect(contents()).toEqual(before);
  });

  it('refuses certificates of another authority', async () => {
    await given();
    const other = folder;
    folder = newPath();
    await first();
    for (const name of ['ca.crt', 'ca.key']) cpSync(join(other, name), join(folder, name));
    await expect(make()).rejects.toThrow(/coordinator.crt: expected a certificate that .*ca.crt signed/);
    await make({ renew: true });
    expect((await make()).certificates[1].fate).toBe('kept');
  });

  it('makes both anew where one of a pair is missing, when it is told to renew', async () => {
    await given();
    rmSync(join(folder, 'worker.key'));
    rmSync(join(folder, 'operator.crt'));
    await make({ renew: true });
    expect([material('worker').names, material('operator').names]).toEqual([[], []]);
  });

  it('asks for names before it makes anything', async () => {
    await expect(make()).rejects.toThrow(
      /coordinator.crt: expected the coordinator's hosts .* give them with --name/,
    );
    expect(() => statSync(folder)).toThrow(/ENOENT/);
  });
});

describe('addToken', () => {
  it('adds a token at the end of the book, and leaves the rest as it is', async () => {
    await given();
    const before = contents();
    appendFileSync(join(folder, 'tokens'), '# by hand');
    const added = addToken(folder, 'reader', 'grafana');
    expect(added).toEqual({ role: 'reader', name: 'grafana', path: join(folder, 'grafana.token') });
    expect(contents().tokens.startsWith(`${before.tokens}# by hand\nreader grafana sha256:`)).toBe(true);
    const book = TokenBook.read(join(folder, 'tokens'));
    expect(book.entries).toHaveLength(4);
    expect(book.holderOf(readToken(added.path))).toEqual({ role: 'reader', name: 'grafana' });
    for (const name of ['tokens', 'grafana.token'])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toHaveLength(14);
  });

  it('refuses a name that is taken, or whose file is still there', async () => {
    await given();
    expect(() => addToken(folder, 'reader', 'worker')).toThrow(
      /name worker: expected a new one, received that of a worker/,
    );
    writeFileSync(join(folder, 'old.token'), 'x');
    expect(() => addToken(folder, 'reader', 'old')).toThrow(/old.token: expected no file of this name/);
    expect(() => addToken(folder, 'reader', '../x')).toThrow(/expected letters, digits/);
  });

  it('loses no line where several processes add theirs at once', async () => {
    await given();
    const code = `import { addToken } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      process.stdin.once('data', () => { addToken(process.argv[1], 'reader', process.argv[2]); process.exit(); });
      console.log('ready');`;
    const names = ['a', 'b', 'c', 'd'];
    const adding = names.map((name) =>
      spawn(process.execPath, ['--input-type=module', '-e', code, folder, name], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(adding.map(({ stdout }) => once(stdout, 'data')));
    const ends = adding.map((process) => once(process, 'close'));
    for (const { stdin } of adding) stdin.write('go');
    expect(await Promise.all(ends)).toEqual(names.map(() => [0, null]));
    const book = TokenBook.read(join(folder, 'tokens'));
    for (const name of names) {
      expect(book.holderOf(readToken(join(folder, `${name}.token`)))).toEqual({ role: 'reader', name });
    }
  });

  it('needs a book', () => {
    expect(() => addToken(folder, 'reader', 'x')).toThrow(/expected a book of tokens, received no such file/);
  });
});
