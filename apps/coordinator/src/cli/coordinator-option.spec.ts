import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from '@rocinante/access';
import { afterAll, expect, it, vi } from 'vitest';
import { withCoordinator } from './coordinator-option.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-client-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

it.each([
  [5, /^rocinante: warning: \S+own\.crt: this certificate ends in 4 days, at .*--renew\)\n$/],
  [20, /^$/],
])('a command with a certificate of %d days', async (days, said) => {
  const authority = await makeAuthority({ name: 'spec', days: 30 });
  const { cert, key } = await makeCertificate({ authority, name: 'operator', altNames: [], days });
  let stderr = '';
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    const files = {
      tlsCa: file('ca.crt', authority.cert),
      tlsCert: file('own.crt', cert),
      tlsKey: file('own.key', key),
    };
    const flags = { coordinator: '10.0.0.5:7070', json: true, insecure: false, ...files };
    // Nothing is dialled before the first call.
    expect(await withCoordinator(flags, () => Promise.resolve('done'))).toBe('done');
  } finally {
    write.mockRestore();
  }
  expect(stderr).toMatch(said);
});
