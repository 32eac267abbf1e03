import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, signerOf } from './authority.js';
import { makeCertificate } from './certificate.js';
import { AccessError } from './errors.js';
import type { IssuedPair } from './x509.js';

const DAY_MS = 86_400_000;
const now = Date.UTC(2027, 0, 1);
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

let authority: IssuedPair;
let issuer: X509Certificate;

beforeAll(async () => {
  authority = await makeAuthority({ name: 'Authority of señor Quijano', days: 100, now });
  issuer = new X509Certificate(authority.cert);
});

async function made(request: Partial<Parameters<typeof makeCertificate>[0]> = {}): Promise<X509Certificate> {
  const { cert } = await makeCertificate({
    authority,
    name: 'c',
    altNames: ['gpu1.lan'],
    days: 10,
    now,
    ...request,
  });
  return new X509Certificate(cert);
}

describe('makeAuthority', () => {
  it('signs itself, and may sign others', () => {
    expect(issuer.ca).toBe(true);
    expect(issuer.verify(issuer.publicKey)).toBe(true);
    expect(issuer.subject).toBe('CN=Authority of señor Quijano');
    expect(Date.parse(issuer.validFrom)).toBe(now - 3_600_000);
    expect(Date.parse(issuer.validTo)).toBe(now + 100 * DAY_MS);
  });

  it('lives beyond 2049, where the form of its end is another', async () => {
    const { cert } = await makeAuthority({ name: 'Long', days: 10_000, now });
    expect(Date.parse(new X509Certificate(cert).validTo)).toBe(now + 10_000 * DAY_MS);
  });
});

describe('makeCertificate', () => {
  it('is signed by the authority, and by no other', async () => {
    const certificate = await made();
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    const other = await makeAuthority({ name: 'Authority of señor Quijano', days: 100, now });
    expect(certificate.verify(new X509Certificate(other.cert).publicKey)).toBe(false);
    expect(certificate.ca).toBe(false);
  });

  it('speaks for the hosts and addresses that were asked, and for no others', async () => {
    const certificate = await made({
      altNames: [
        'GPU1.lan',
        '*.workers.svc',
        '10.0.0.7',
        'fd00::7',
        '::1',
        '::',
        '::ffff:1.2.3.4',
        '1:2:3:4:5:6:7:8',
      ],
    });
    for (const host of ['gpu1.lan', 'a.workers.svc']) expect(certificate.checkHost(host)).toBeDefined();
    for (const host of ['gpu2.lan', 'workers.svc', 'a.b.workers.svc', 'c']) {
      expect(certificate.checkHost(host)).toBeUndefined();
    }
    for (const address of ['10.0.0.7', 'fd00::7', '::1', '::', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8']) {
      expect(certificate.checkIP(address)).toBe(address);
    }
    for (const address of ['10.0.0.8', 'fd00::8', '1.2.3.4'])
      expect(certificate.checkIP(address)).toBeUndefined();
  });

  it('is for servers and clients, or for what was asked', async () => {
    const usesOf = async (...request: Parameters<typeof made>): Promise<string[] | undefined> =>
      (await made(...request)).toLegacyObject().ext_key_usage;
    expect(await usesOf()).toEqual([SERVER, CLIENT]);
    expect(await usesOf({ uses: ['client'] })).toEqual([CLIENT]);
  });

  it('ends when it was asked to, and not after its authority', async () => {
    expect(Date.parse((await made()).validTo)).toBe(now + 10 * DAY_MS);
    expect((await made({ days: 1000 })).validTo).toBe(issuer.validTo);
  });

  it('has keys and a number of its own each time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => made()));
    expect(new Set(all.map(({ serialNumber }) => serialNumber)).size).toBe(20);
    expect(new Set(all.map(({ publicKey }) => publicKey.export({ format: 'jwk' }).x)).size).toBe(20);
    for (const { serialNumber } of all) expect(serialNumber).toMatch(/^[4-7][\dA-F]{31}$/);
  });

  it('refuses names that are none', async () => {
    await expect(made({ altNames: ['gpu1:7070'] })).rejects.toThrow(AccessError);
  });

  it('is signed by no authority of another making, and with no other key', async () => {
    const other = await makeAuthority({ name: 'Other', days: 100, now });
    await expect(made({ authority: { cert: authority.cert, key: other.key } })).rejects.toThrow(
      /its own key/,
    );
    const leaf = await makeCertificate({ authority, name: 'leaf', altNames: [], days: 10, now });
    await expect(made({ authority: leaf })).rejects.toThrow(/that rocinante certs made, received another/);
    expect(signerOf(authority).notAfter).toBe(now + 100 * DAY_MS);
  });
});
