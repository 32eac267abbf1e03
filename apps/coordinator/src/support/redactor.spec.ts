/** Goal: no secret gets into an archive, wherever it stands and however it is written. Method: plant it, and look for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownSecrets, Redactor } from './redactor.js';

const plain = (): Redactor => new Redactor({ secrets: [], home: null });

describe('what has a secret’s name', () => {
  it.each([
    '{"joinToken":"hunter2"}',
    '{"tls":{"clientSecret":{"pem":"hunter2"}},"list":[{"password":["hunter2"]}]}',
    '{"msg":"began with {\\"token\\":\\"hunter2\\"}"}',
    'API_KEY=hunter2 and more',
    "password: 'hunter2'",
    'aws_secret_access_key = hunter2',
    'serve --token hunter2 --data d',
    'authorization: Bearer hunter2hunter2',
    'Cookie: session=hunter2',
  ])('is not left in %s', (text) => {
    const redactor = plain();
    expect(redactor.text(text)).not.toContain('hunter2');
    expect(redactor.count).toBeGreaterThan(0);
  });

  it('is left where it names a file, or is no secret', () => {
    const text = '{"tokenFile":"/run/token","requiresToken":true,"sha256":"' + 'ab'.repeat(32) + '"}';
    expect(plain().text(text)).toBe(text);
    expect(plain().text('worker --token-file /run/token')).toBe('worker --token-file /run/token');
  });
});

describe('what looks like a secret', () => {
  const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
  it.each([
    [`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`, body],
    [JSON.stringify({ msg: `-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----` }), body],
    [JSON.stringify({ msg: `-----BEGIN RSA PRIVATE KEY-----\n${body}` }), body],
    [JSON.stringify({ msg: `${body}\n-----END PRIVATE KEY-----` }), body],
    ['worker said rcn_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', '0123456789abcdef'],
    ['AKIAABCDEFGHIJKLMNOP was used', 'ABCDEFGHIJKLMNOP'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF_123', 'eyJzdWIi'],
    ['pushed to https://anna:hunter2@example.org/x', 'hunter2'],
    ['asked https://example.org/x?a=1&X-Amz-Signature=hunter2&b=2', 'hunter2'],
    ['posted to https://hooks.slack.com/services/T0/B0/hunter2', 'hunter2'],
    ['ghp_0123456789abcdefghijABCDEFGHIJ', '0123456789abcdefghij'],
  ])('is not left in %s', (text, secret) => {
    expect(plain().text(text)).not.toContain(secret);
  });
});

it('takes out known values in every form in which they may stand', () => {
  const secret = 'p@ss "w"/ord+1';
  const redactor = new Redactor({ secrets: [secret], home: null });
  const forms = [
    secret,
    JSON.stringify({ note: secret }),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
  ];
  const text = redactor.text(forms.join('\n'));
  for (const form of [secret, 'p%40ss', 'cEBzcyAi', '7040737320']) expect(text).not.toContain(form);
  expect(() => redactor.check(`x ${secret}`)).toThrow('a secret is left');
});

it('knows the secrets of the environment and of the files that it names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-secrets-'));
  const file = join(folder, 'token');
  writeFileSync(file, 'worker-token-0123456789\n');
  const known = knownSecrets(
    {
      AWS_SECRET_ACCESS_KEY: 'aws-hunter2',
      ROCINANTE_NOTIFY: 'https://u:pass-word@example.org/services/hunter2?x=1',
      ROCINANTE_TOKEN_FILE: file,
      PATH: '/usr/bin',
    },
    [join(folder, 'nothing')],
  );
  rmSync(folder, { recursive: true });
  expect(known).toEqual(
    expect.arrayContaining(['aws-hunter2', '/services/hunter2', 'pass-word', 'worker-token-0123456789']),
  );
  expect(known).not.toContain('/usr/bin');
});

it('writes the home folder as ~, and leaves samples out', () => {
  const redactor = new Redactor({ secrets: [], home: '/home/anna' });
  expect(redactor.text('{"source":"/home/anna/book.txt"}')).toBe('{"source":"~/book.txt"}');
  const sample = redactor.text('{"event":"sample","text":"Call me"}');
  expect(sample).not.toContain('Call me');
  expect(sample).toContain('left out');
});

it('takes keys out of lines, and leaves the lines around them', () => {
  const body = `${'A1b2'.repeat(16)}\n`.repeat(20);
  const text = `before\n-----BEGIN EC PRIVATE KEY-----\n${body}-----END EC PRIVATE KEY-----\nafter\n`;
  expect(plain().text(text)).toBe('before\n[redacted]\nafter\n');
  const [, cut] = text.split('-----BEGIN EC PRIVATE KEY-----\n');
  expect(plain().text(cut)).toBe('[redacted]\nafter\n');
});

it('leaves out a line that is longer than a log’s', () => {
  expect(plain().text(`a\n${'x'.repeat(300_000)}\nb`)).toBe('a\n[a line of 300000 characters; left out]\nb');
});

it('takes time in proportion to a text, whatever stands in it', () => {
  for (const piece of [
    'token',
    '-',
    '?key',
    'a.',
    'eyJ-',
    'https://',
    'Basic ',
    '-----BEGIN PRIVATE KEY-----',
  ]) {
    // Processor time: a busy machine takes longer.
    const began = process.cpuUsage();
    plain().string(piece.repeat(50_000 / piece.length));
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
  }
});
