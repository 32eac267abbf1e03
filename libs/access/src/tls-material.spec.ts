import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from './authority.js';
import { makeCertificate } from './certificate.js';
import { AccessError } from './errors.js';
import { file, newPath } from './spec-folder.js';
import { readAuthority, readTlsMaterial, type TlsFiles, type TlsMaterial } from './tls-material.js';
import type { IssuedPair } from './x509.js';

const DAY_MS = 86_400_000;
const now = Date.UTC(2027, 0, 1);

let authority: IssuedPair;
let pair: IssuedPair;
let files: TlsFiles & { readonly caFile: string };

beforeAll(async () => {
  authority = await makeAuthority({ name: 'Authority', days: 100, now });
  pair = await makeCertificate({
    authority,
    name: 'c',
    altNames: ['gpu1.lan', 'fd00::7', '10.0.0.1'],
    days: 10,
    now,
  });
  files = { certFile: file(pair.cert, 0o644), keyFile: file(pair.key), caFile: file(authority.cert, 0o644) };
});

function read(changed: Partial<TlsFiles>, at = now): () => TlsMaterial {
  return () => readTlsMaterial({ ...files, ...changed }, at);
}

function code(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AccessError) return error.code;
    throw error;
  }
  return 'taken';
}

describe('readTlsMaterial', () => {
  it('gives the files as they are, the end, and the names in one spelling', () => {
    expect(read({})()).toEqual({
      cert: Buffer.from(pair.cert),
      key: Buffer.from(pair.key),
      ca: Buffer.from(authority.cert),
      notAfter: new Date(now + 10 * DAY_MS),
      names: ['gpu1.lan', 'fd00::7', '10.0.0.1'],
    });
    expect(read({ caFile: null })().ca).toBeNull();
  });

  it('takes a chain, and ends with the first of it that ends', async () => {
    const longer = await makeCertificate({ authority, name: 'c', altNames: [], days: 50, now });
    const chain = { certFile: file(longer.cert + pair.cert), keyFile: file(longer.key) };
    expect(read(chain)().notAfter).toEqual(new Date(now + 10 * DAY_MS));
  });

  it('takes what lies around the blocks, such as openssl writes it', () => {
    expect(
      read({ certFile: file(`subject=CN = c\r\n\r\n${pair.cert.replaceAll('\n', '\r\n')}\n`) })().names,
    ).toHaveLength(3);
  });

  it('takes a key of the old form', () => {
    const old = createPrivateKey(pair.key).export({ type: 'sec1', format: 'pem' });
    expect(read({ keyFile: file(old) })().names).toHaveLength(3);
  });

  it('believes a certificate from its first moment to its last', () => {
    const notAfter = now + 10 * DAY_MS;
    const notBefore = now - 3_600_000;
    expect(code(read({}, notAfter))).toBe('taken');
    expect(code(read({}, notAfter + 1))).toBe('ACCESS_CERTIFICATE_EXPIRED');
    expect(read({}, notAfter + 1)).toThrow(/ended at 2027-01-11T00:00:00Z; renew it/);
    expect(code(read({}, notBefore))).toBe('taken');
    expect(code(read({}, notBefore - 1))).toBe('ACCESS_CERTIFICATE_NOT_YET_VALID');
    expect(read({}, notBefore - 1)).toThrow(
      /begins at 2026-12-31T23:00:00Z; this machine's clock says 2026-12-31T22:59:59Z/,
    );
  });

  it('refuses another’s key', async () => {
    const other = await makeCertificate({ authority, name: 'o', altNames: [], days: 10, now });
    expect(code(read({ keyFile: file(other.key) }))).toBe('ACCESS_CERTIFICATE_KEY');
    const { privateKey } = generateKeyPairSync('ed25519');
    const another = file(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(read({ keyFile: another })).toThrow(/expected the key of .*, received another's/);
  });

  it('refuses a key that others can read', () => {
    expect(code(read({ keyFile: file(pair.key, 0o644) }))).toBe('ACCESS_FILE_MODE');
  });

  it('refuses a key with a passphrase, which nobody could give it', () => {
    const key = createPrivateKey(pair.key);
    const closed = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect(read({ keyFile: file(closed) })).toThrow(/received one with a passphrase/);
  });

  it.each<[string, () => Partial<TlsFiles>, RegExp]>([
    [
      'no certificate',
      () => ({ certFile: newPath() }),
      /expected a certificate \(PEM\), received no such file/,
    ],
    ['no key', () => ({ keyFile: newPath() }), /expected a private key \(PEM\), received no such file/],
    ['no authority', () => ({ caFile: newPath() }), /expected a certificate \(PEM\), received no such file/],
    ['an empty certificate', () => ({ certFile: file('') }), /received an empty file/],
    ['an empty key', () => ({ keyFile: file('') }), /received something else/],
    ['a key for a certificate', () => ({ certFile: file(pair.key) }), /received a private key/],
    ['a certificate for a key', () => ({ keyFile: file(pair.cert) }), /received a certificate/],
    ['text', () => ({ certFile: file('certificate') }), /received something else/],
    [
      'a certificate for an authority',
      () => ({ caFile: file(pair.cert) }),
      /expected an authority's certificate, such as ca.crt, received that of "gpu1.lan"/,
    ],
    ['a cut certificate', () => ({ certFile: file(pair.cert.slice(0, -40)) }), /received something else/],
    [
      'a cut second certificate',
      () => ({ certFile: file(pair.cert + pair.cert.slice(0, -40)) }),
      /one that is cut or damaged/,
    ],
    [
      'a cut key',
      () => ({ keyFile: file(pair.key.slice(0, -60)) }),
      /expected a private key \(PEM\), received something else/,
    ],
    [
      'a damaged certificate',
      () => ({ certFile: file(pair.cert.replace(/\n..../, '\nAAAA')) }),
      /received a damaged one \(number 1\)/,
    ],
    [
      'too many certificates',
      () => ({ certFile: file(pair.cert.repeat(513)) }),
      /expected at most 512 certificates, received 513/,
    ],
  ])('refuses %s, and names the file', (_, changed, message) => {
    const given = changed();
    expect(read(given)).toThrow(AccessError);
    expect(read(given)).toThrow(message);
    expect(read(given)).toThrow(Object.values(given)[0]!);
  });
});

describe('readAuthority', () => {
  it('takes several while one is replaced, also where the old one has ended', async () => {
    const old = await makeAuthority({ name: 'Old', days: 1, now: now - 5 * DAY_MS });
    const both = file(old.cert + authority.cert);
    expect(readAuthority(both, now).toString()).toBe(old.cert + authority.cert);
    const oldAlone = file(old.cert);
    expect(() => readAuthority(oldAlone, now)).toThrow(/ended at 2026-12-28T00:00:00Z; take the certificate/);
  });

  it('takes a server’s own certificate that signs itself, as openssl req makes it', ({ skip }) => {
    const [key, cert] = [newPath(), newPath()];
    const words = [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=x',
    ];
    try {
      execFileSync('openssl', words, { stdio: 'ignore' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') skip('openssl is missing');
      throw error;
    }
    expect(readAuthority(cert).equals(readFileSync(cert))).toBe(true);
  });
});
