import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  linkSync,
  mkdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CertificatesRequest } from './cluster-certificates.js';
import { makeClusterFolder, type ClusterFolder } from './cluster-folder.js';
import { addToken } from './cluster-tokens.js';
import { AccessError } from './errors.js';
import { file, newPath } from './spec-folder.js';
import { readTlsMaterial } from './tls-material.js';
import { TokenBook } from './token-book.js';
import { readToken } from './token.js';
import { SECRET_MODE, writeWhole } from './whole-file.js';

const DAY_MS = 86_400_000;
const now = Date.UTC(2027, 0, 1);
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

function make(changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> {
  return makeClusterFolder({
    folder,
    coordinatorNames: null,
    workerNames: null,
    days: 365,
    authorityDays: 3650,
    renew: false,
    now,
    ...changed,
  });
}

const first = (changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> =>
  make({ coordinatorNames: ['gpu1.lan', '10.0.0.7'], ...changed });

/** What `first` makes, made once and copied: the flushing of each file takes its time. */
let template: string | null = null;
async function given(): Promise<void> {
  if (template === null) {
    await first();
    template = folder;
    folder = newPath();
  }
  cpSync(template, folder, { recursive: true });
}

/** Every file and what it holds. */
function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

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

describe('a file that is written anew', () => {
  it('stays where a link leads, open to whom it was', async () => {
    await given();
    const elsewhere = newPath();
    renameSync(join(folder, 'tokens'), elsewhere);
    symlinkSync(elsewhere, join(folder, 'tokens'));
    chmodSync(elsewhere, 0o644);
    chmodSync(join(folder, 'worker.crt'), 0o644);
    addToken(folder, 'reader', 'grafana');
    expect(TokenBook.read(elsewhere).entries).toHaveLength(4);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
    // A key is closed to others all the same.
    chmodSync(join(folder, 'worker.key'), 0o644);
    await make({ renew: true });
    expect(statSync(join(folder, 'worker.crt')).mode & 0o777).toBe(0o644);
    expect(statSync(join(folder, 'worker.key')).mode & 0o777).toBe(0o640);
  });

  const isRoot = process.geteuid!() === 0;
  it.skipIf(!isRoot)(`keeps its owner${isRoot ? '' : ' (needs root)'}`, async () => {
    await given();
    const owned = ['tokens', 'coordinator.crt', 'coordinator.key'];
    for (const name of owned) {
      chownSync(join(folder, name), 12_345, 12_346);
      chmodSync(join(folder, name), 0o640);
    }
    chownSync(folder, 12_345, 12_346);
    // A lock that is made is the folder's owner's.
    rmSync(join(folder, '.lock'));
    addToken(folder, 'reader', 'grafana');
    await make({ renew: true });
    for (const name of owned) {
      const { uid, gid, mode } = statSync(join(folder, name));
      expect([name, uid, gid, mode & 0o777]).toEqual([name, 12_345, 12_346, 0o640]);
    }
    expect(statSync(join(folder, '.lock')).uid).toBe(12_345);
    // What was not there is its maker's.
    expect(statSync(join(folder, 'grafana.token')).uid).toBe(0);
  });

  describe.skipIf(!isRoot)(`by root in another’s folder${isRoot ? '' : ' (needs root)'}`, () => {
    /** Who plants links. */
    const [OTHER, GROUP] = [12_345, 12_346];
    let victim: string;

    beforeEach(async () => {
      await given();
      victim = file('root:secret');
      chownSync(folder, OTHER, GROUP);
    });

    async function isRefused(message: RegExp, isTried = make): Promise<void> {
      const before = contents();
      const error = await Promise.resolve({ renew: true })
        .then(isTried)
        .then(
          () => null,
          (thrown: Error) => thrown,
        );
      expect(error).toMatchObject({ code: 'ACCESS_FILE', message: expect.stringMatching(message) as string });
      expect(error!.message).not.toContain('\n');
      expect(contents()).toEqual(before);
      expect(readFileSync(victim, 'utf8')).toBe('root:secret');
      expect(statSync(victim).uid).toBe(0);
    }

    it('does not follow a link in the lock’s place, nor give away what it leads to', async () => {
      rmSync(join(folder, '.lock'));
      symlinkSync(victim, join(folder, '.lock'));
      await isRefused(/\.lock: expected a file of its own to lock, received a link; remove it$/);
    });

    it('gives away no lock that it has not made itself', () => {
      rmSync(join(folder, '.lock'));
      linkSync(victim, join(folder, '.lock'));
      addToken(folder, 'reader', 'grafana');
      expect([statSync(victim).uid, statSync(victim).gid]).toEqual([0, 0]);
    });

    it.each(['worker.key', 'ca.crt', 'tokens', 'old.token'])('follows no link at %s', async (name) => {
      rmSync(join(folder, name), { force: true });
      symlinkSync(victim, join(folder, name));
      lchownSync(join(folder, name), OTHER, GROUP);
      await isRefused(/expected no link but root's .* a link of user 12345 in a folder of user 12345/);
      if (name !== 'tokens') return;
      await isRefused(/tokens: expected no link but root's/, () => {
        addToken(folder, 'reader', 'grafana');
        return Promise.resolve({} as ClusterFolder);
      });
    });

    it('takes no link of its own for root’s where the folder is another’s, nor the other way round', async () => {
      rmSync(join(folder, 'worker.key'));
      symlinkSync(victim, join(folder, 'worker.key'));
      await isRefused(/a link of user 0 in a folder of user 12345/);
      chownSync(folder, 0, 0);
      lchownSync(join(folder, 'worker.key'), OTHER, GROUP);
      await isRefused(/a link of user 12345 in a folder of user 0/);
    });

    it('does not go where a link in place of the folder, or on the way to it, leads', async () => {
      const home = newPath();
      mkdirSync(home);
      renameSync(folder, join(home, 'real'));
      symlinkSync(join(home, 'real'), join(home, 'linked'));
      chownSync(home, OTHER, GROUP);
      folder = join(home, 'linked');
      await isRefused(/linked, a link of user 0 in a folder of user 12345/);
      folder = join(home, 'linked', 'new');
      const made = first();
      await expect(made).rejects.toThrow(/linked, a link of user 0/);
      expect(readdirSync(join(home, 'real'))).not.toContain('new');
    });

    it('replaces a file that is another’s by a new one, which is that user’s', () => {
      // A hard link to root's file: what is written goes into a new file, and the other name keeps the old one.
      rmSync(join(folder, 'worker.key'));
      linkSync(victim, join(folder, 'worker.key'));
      writeWhole(join(folder, 'worker.key'), 'new', SECRET_MODE);
      expect(readFileSync(victim, 'utf8')).toBe('root:secret');
      expect(readFileSync(join(folder, 'worker.key'), 'utf8')).toBe('new');
    });
  });
});
