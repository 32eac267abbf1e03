import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookLine, makeAuthority, makeCertificate, newToken } from '@rocinante/access';
import { DaemonSecurity, type SecurityOptions } from './daemon-security.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-security-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const token = newToken();
let files: {
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsCa: string;
  readonly tokenFile: string;
};

beforeAll(async () => {
  const authority = await makeAuthority({ name: 'spec', days: 3 });
  const { cert, key } = await makeCertificate({ authority, name: 'spec', altNames: ['127.0.0.1'], days: 2 });
  files = {
    tlsCert: file('own.crt', cert),
    tlsKey: file('own.key', key),
    tlsCa: file('ca.crt', authority.cert),
    tokenFile: file('tokens', `${bookLine('operator', 'hand', token)}\n`),
  };
});

function secured(options: Partial<SecurityOptions>, address: string): DaemonSecurity {
  return new DaemonSecurity({ insecure: false, ...options }, { '--listen': address });
}

describe('off the loopback', () => {
  it.each(['0.0.0.0:7070', '[::]:7070', '10.0.0.5:7070', 'trainer.example:7070'])(
    '%s needs both',
    (address) => {
      const { tlsCert, tlsKey, tokenFile } = files;
      expect(() => secured({}, address)).toThrow(
        `--listen ${address}: expected a loopback address, such as 127.0.0.1, or --tls-cert and --tls-key and --token-file`,
      );
      expect(() => secured({ tokenFile }, address)).toThrow('or --tls-cert and --tls-key: others can reach');
      expect(() => secured({ tlsCert, tlsKey }, address)).toThrow('or --token-file: others can reach');
      expect(secured({ tlsCert, tlsKey, tokenFile }, address).summary).toEqual({
        tls: true,
        clientCertificates: false,
        tokens: true,
      });
      expect(secured({ insecure: true }, address).tls).toBeNull();
    },
  );
});

describe('on the loopback', () => {
  it('needs nothing, and takes what it is given', () => {
    expect(secured({}, '127.0.0.1:7070').summary).toEqual({
      tls: false,
      clientCertificates: false,
      tokens: false,
    });
    const { tls, holderOf, summary } = secured(files, 'localhost:7070');
    expect(summary).toEqual({ tls: true, clientCertificates: true, tokens: true });
    expect(tls!.names).toEqual(['127.0.0.1']);
    expect(holderOf!(token)).toEqual({ name: 'hand', role: 'operator' });
    expect(holderOf!(newToken())).toBeNull();
  });
});

it.each([
  ['tlsCert', '--tls-cert: expected --tls-key too, received none'],
  ['tlsKey', '--tls-key: expected --tls-cert too, received none'],
  ['tlsCa', '--tls-ca: expected --tls-cert and --tls-key too, received none'],
] as const)('%s alone is half of a set', (name, message) => {
  expect(() => secured({ [name]: files[name] }, '127.0.0.1:7070')).toThrow(message);
});

it.each([
  ['tokenFile', '--token-file', 'ROCINANTE_TOKEN_FILE'],
  ['tlsCa', '--tls-ca', 'ROCINANTE_TLS_CA'],
])('an empty %s is named, wherever it comes from', (name, option, variable) => {
  expect(() => secured({ ...files, [name]: '' }, '0.0.0.0:7070')).toThrow(
    `${option}: expected a file, received an empty name; name one, or unset ${variable}`,
  );
});

it('a file that is not there is one line', () => {
  expect(() => secured({ tokenFile: join(folder, 'none') }, '127.0.0.1:7070')).toThrow(/none: /);
});
