import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { coordinatorSpec, workerSpecs, type SecretPaths, type ServiceSpec } from './service-spec.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-service-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, name);
  chmodSync(path, mode);
  return path;
}

const worker = (secrets: SecretPaths): ServiceSpec =>
  workerSpecs({ label: 'a', destination: 'a', port: null }, null, {
    coordinator: 'c:7070',
    words: [],
    secrets,
  })[0];
const coordinator = (secrets: SecretPaths): ServiceSpec =>
  coordinatorSpec({ listen: '0.0.0.0:7070', http: '0.0.0.0:7071', words: [], secrets });

describe('the files of a service', () => {
  it('go to it by names of their own, which its environment tells', () => {
    const secrets = { tokenFile: file('t', 0o600), tlsCa: file('ca', 0o644), tlsKey: file('k', 0o400) };
    expect(worker(secrets)).toMatchObject({
      files: { token: 't', 'ca.pem': 'ca', 'key.pem': 'k' },
      environment: {
        ROCINANTE_TOKEN_FILE: 'token',
        ROCINANTE_TLS_CA: 'ca.pem',
        ROCINANTE_TLS_KEY: 'key.pem',
      },
    });
    // A book holds hashes: others may read it.
    expect(coordinator({ tokenFile: file('book', 0o644) }).files).toEqual({ token: 'book' });
  });

  it.each([
    ['a token', 0o644, (path: string) => worker({ tokenFile: path })],
    ['a worker’s key', 0o644, (path: string) => worker({ tlsKey: path })],
    ['a coordinator’s key', 0o604, (path: string) => coordinator({ tlsKey: path })],
    ['a book that everybody can write', 0o666, (path: string) => coordinator({ tokenFile: path })],
  ])('are not %s, where others can do what they may not', (name, mode, specOf) => {
    expect(() => specOf(file(`open ${name}`, mode))).toThrow(/received mode 0\d{3}; close it with: chmod/);
  });

  it('are no pipes, and there', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    expect(() => worker({ tlsCa: pipe })).toThrow(/expected an authority, received a pipe$/);
    expect(() => worker({ tokenFile: join(folder, 'none') })).toThrow(
      /expected a token, received no such file$/,
    );
  });
});
