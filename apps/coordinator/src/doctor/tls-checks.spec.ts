import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { tlsFindings } from './tls-checks.js';
import type { Finding } from './finding.js';

const now = new Date('2027-01-01T00:00:00Z');

/** What is found of a certificate with such names, of an authority that is believed or not. */
function found(subjectaltname: string, distrust: string | null = null, issuer = 'ours'): Finding[] {
  const certificate = {
    subject: { CN: 'coordinator' },
    issuer: { CN: issuer },
    subjectaltname,
    valid_from: 'Dec 1 00:00:00 2026 GMT',
    valid_to: 'Dec 1 00:00:00 2027 GMT',
  } as unknown as PeerCertificate;
  return tlsFindings('gpu9.lan:7070', { certificate, distrust }, now, { ca: null });
}

const names = (subjectaltname: string, distrust: string | null = null): Finding =>
  found(subjectaltname, distrust)[1];

describe('the names of a certificate', () => {
  it('are those that are dialled', () => {
    expect(names('DNS:gpu9.lan, IP Address:10.0.0.9')).toMatchObject({
      status: 'ok',
      found: 'it is for gpu9.lan, 10.0.0.9',
    });
  });

  it('are kept by the command that makes it anew, but for those that it gets by itself', () => {
    const { status, advice } = names('DNS:gpu1.lan, DNS:*.training.svc, IP Address:10.0.0.7, DNS:localhost');
    expect(status).toBe('problem');
    expect(advice).toMatch(
      /: \.\/rocinante certs --renew --name gpu9\.lan,gpu1\.lan,\*\.training\.svc,10\.0\.0\.7$/,
    );
  });

  it.each([
    'DNS:x$(reboot)',
    'DNS:x;reboot',
    'DNS:`reboot`',
    'DNS:a b',
    'DNS:\u001b[2J',
    `DNS:${'x'.repeat(300)}`,
  ])('come into no command where one is no host: %j', (name) => {
    const { found, advice } = names(`DNS:gpu1.lan, ${name}`);
    expect(advice).toMatch(/certs --renew, with --name and all names that it is to have$/);
    expect(found).toMatch(/^it is for gpu1\.lan, "/);
    expect(found).not.toMatch(/\p{Cc}/u);
    expect(found.length).toBeLessThan(120);
  });

  it('are some at most', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `DNS:host-${index}.lan`).join(', ');
    const { found, advice } = names(many);
    expect(found).toMatch(/^it is for host-0\.lan, .*, host-7\.lan and 992 more$/);
    expect(advice).not.toContain('host-0');
  });

  it('come into no command where its authority is not believed', () => {
    const { status, advice } = names('DNS:gpu1.lan', 'SELF_SIGNED_CERT_IN_CHAIN');
    expect([status, advice]).toEqual([
      'problem',
      'see first that it is your coordinator: its authority is not believed',
    ]);
    expect(names('DNS:gpu1.lan', 'CERT_HAS_EXPIRED').advice).toContain('--name gpu9.lan,gpu1.lan');
  });
});

it('shows a stranger’s authority on one line, and not without end', () => {
  const [{ found: line }] = found(
    'DNS:gpu9.lan',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    `a\n\u001b[2J${'x'.repeat(5000)}`,
  );
  expect(line).toMatch(/^signed by "a\\n\\u001b\[2Jx+.*, which --tls-ca does not believe/);
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line.length).toBeLessThan(200);
});
