/** What another reader of certificates says of ours: `openssl verify`, with all that RFC 5280 asks. Skipped where it is missing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from './authority.js';
import { makeCertificate } from './certificate.js';
import { file } from './spec-folder.js';
import type { IssuedPair } from './x509.js';

const isThere = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!isThere)('openssl (skipped where it is missing)', () => {
  let ca: string;
  let other: string;
  let certificate: IssuedPair;
  let path: string;
  let clientPath: string;

  beforeAll(async () => {
    const authority = await makeAuthority({ name: 'Authority', days: 100 });
    const altNames = ['gpu1.lan', '*.workers.svc', '10.0.0.7', 'fd00::7'];
    certificate = await makeCertificate({ authority, name: 'coordinator', altNames, days: 10 });
    const client = await makeCertificate({
      authority,
      name: 'operator',
      altNames: [],
      days: 10,
      uses: ['client'],
    });
    ca = file(authority.cert);
    other = file((await makeAuthority({ name: 'Authority', days: 100 })).cert);
    path = file(certificate.cert);
    clientPath = file(client.cert);
  });

  function verify(...words: string[]): string {
    const { stdout, stderr } = spawnSync('openssl', ['verify', '-x509_strict', '-check_ss_sig', ...words], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  }

  it('verifies the chain, for servers and for clients', () => {
    for (const purpose of ['sslserver', 'sslclient']) {
      expect(verify('-purpose', purpose, '-CAfile', ca, path)).toBe(`${path}: OK\n`);
    }
    expect(verify('-purpose', 'sslclient', '-CAfile', ca, clientPath)).toBe(`${clientPath}: OK\n`);
    expect(verify('-purpose', 'sslserver', '-CAfile', ca, clientPath)).toMatch(
      /unsuitable certificate purpose|unsupported/,
    );
  });

  it('verifies the names and addresses, and no others', () => {
    const name = (...words: string[]): string => verify(...words, '-CAfile', ca, path);
    for (const host of ['gpu1.lan', 'a.workers.svc'])
      expect(name('-verify_hostname', host)).toMatch(/: OK\n$/);
    for (const ip of ['10.0.0.7', 'fd00::7']) expect(name('-verify_ip', ip)).toMatch(/: OK\n$/);
    expect(name('-verify_hostname', 'gpu2.lan')).toMatch(/hostname mismatch/i);
    expect(name('-verify_ip', '10.0.0.8')).toMatch(/IP address mismatch/i);
  });

  it('does not believe another authority of the same name', () => {
    expect(verify('-CAfile', other, path)).toMatch(/error/);
  });

  it('reads what was written', () => {
    const text = execFileSync('openssl', ['x509', '-in', path, '-noout', '-text'], { encoding: 'utf8' });
    expect(text).toMatch(/Version: 3/);
    expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA256/);
    expect(text).toMatch(/NIST CURVE: P-256/);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    const authority = execFileSync('openssl', ['x509', '-in', ca, '-noout', '-text'], { encoding: 'utf8' });
    expect(authority).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(authority).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    const key = execFileSync('openssl', ['pkey', '-in', file(certificate.key), '-check', '-noout'], {
      encoding: 'utf8',
    });
    expect(key).toMatch(/Key is valid/);
  });
});
