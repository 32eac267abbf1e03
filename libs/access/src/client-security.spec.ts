import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RocinanteError } from '@rocinante/base';
import { makeAuthority } from './authority.js';
import { makeCertificate } from './certificate.js';
import { readClientSecurity, type ClientSecurity, type ClientSecurityFlags } from './client-security.js';
import { newToken } from './token.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-client-'));
afterAll(() => rmSync(folder, { recursive: true }));

const token = newToken();
let files: {
  readonly tlsCa: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tokenFile: string;
};

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

beforeAll(async () => {
  const authority = await makeAuthority({ name: 'spec', days: 3 });
  const { cert, key } = await makeCertificate({ authority, name: 'spec', altNames: [], days: 2 });
  files = {
    tlsCa: file('ca.crt', authority.cert),
    tlsCert: file('own.crt', cert),
    tlsKey: file('own.key', key),
    tokenFile: file('token', `${token}\n`),
  };
});

function read(
  flags: Partial<ClientSecurityFlags>,
  { address = '10.0.0.5:7070', environment = {} } = {},
): ClientSecurity {
  return readClientSecurity({ insecure: false, ...flags }, address, environment);
}

it('reads what it is given', () => {
  expect(read({})).toEqual({ ca: null, token: null });
  expect(read(files)).toMatchObject({
    token,
    ca: expect.any(Buffer) as Buffer,
    cert: expect.any(Buffer) as Buffer,
    notAfter: new Date(new X509Certificate(readFileSync(files.tlsCert)).validTo),
  });
  const { tlsCa } = files;
  const other = newToken();
  const environment = { ROCINANTE_TOKEN: other };
  expect(read({ tlsCa, tlsServerName: 'other' }, { environment })).toMatchObject({
    token: other,
    serverName: 'other',
  });
  // What was named stands over what lies about.
  expect(read(files, { environment }).token).toBe(token);
});

it('shows a token in plain on the loopback alone, unless it is told to', () => {
  const { tokenFile } = files;
  expect(read({ tokenFile }, { address: '127.0.0.1:7070' })).toEqual({ ca: null, token });
  expect(() => read({ tokenFile })).toThrow(
    'a token would travel in plain to 10.0.0.5:7070: expected --tls-ca, or --insecure where the network is trusted',
  );
  expect(() => read({}, { environment: { ROCINANTE_TOKEN: token } })).toThrow('would travel in plain');
  expect(read({ tokenFile, insecure: true }).token).toBe(token);
});

it.each([
  [['tlsCert', 'tlsCa'], '--tls-cert: expected --tls-key too'],
  [['tlsKey', 'tlsCa'], '--tls-key: expected --tls-cert too'],
  [['tlsCert', 'tlsKey'], '--tls-cert: expected --tls-ca too'],
] as const)('%s is half of a set', (names, message) => {
  const flags = Object.fromEntries(names.map((name) => [name, files[name]]));
  expect(() => read(flags)).toThrow(message);
});

it.each(['tlsCa', 'tlsCert', 'tlsKey', 'tokenFile'] as const)('names an empty %s', (name) => {
  const option = { tlsCa: '--tls-ca', tlsCert: '--tls-cert', tlsKey: '--tls-key', tokenFile: '--token-file' }[
    name
  ];
  const variable = `ROCINANTE_${option.slice(2).toUpperCase().replace('-', '_')}`;
  expect(() => read({ ...files, [name]: '' })).toThrow(
    `${option}: expected a file, received an empty name; name one, or unset ${variable}`,
  );
});

it('refuses what is no token or no file, with exit code 2 and without its content', () => {
  const cases: (() => unknown)[] = [
    () => read({ tlsServerName: 'other' }),
    () => read({ tlsCa: join(folder, 'none') }),
    () => read({ tokenFile: files.tlsCa, insecure: true }),
    () => read({ insecure: true }, { environment: { ROCINANTE_TOKEN: 'with a space' } }),
    () => read({ insecure: true }, { environment: { ROCINANTE_TOKEN: 'guessed' } }),
    () => read({ insecure: true }, { environment: { ROCINANTE_TOKEN: 'x'.repeat(257) } }),
  ];
  for (const attempt of cases) {
    let thrown: unknown = null;
    try {
      attempt();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RocinanteError);
    expect(thrown).toMatchObject({ exitCode: 2 });
    expect((thrown as Error).message).not.toMatch(/with a space|guessed|xxx/);
  }
});
