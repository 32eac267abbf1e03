import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { signatureOf } from './signature.js';

it('is HMAC-SHA256 over time and body, as openssl makes it', () => {
  const body = '{"kind":"finished","text":"ñ"}';
  const signature = signatureOf(Buffer.from('0123456789abcdef'), 1_764_408_000, body);
  const { stdout } = spawnSync('openssl', ['dgst', '-sha256', '-hmac', '0123456789abcdef'], {
    input: `1764408000.${body}`,
    encoding: 'utf8',
  });
  expect(signature).toBe(`t=1764408000,v1=${/[0-9a-f]{64}/.exec(stdout)?.[0]}`);
});
