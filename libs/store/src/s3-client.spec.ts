/** Goal: what s3mini cannot do by itself is signed as AWS says. Method: what would go out is caught before it does. */
import { afterEach, expect, it, vi } from 'vitest';
import { s3Client } from './s3-client.js';

const access = {
  endpoint: 'http://127.0.0.1:1',
  region: 'us-east-1',
  accessKeyId: 'id',
  secretAccessKey: 'secret',
};

afterEach(() => void vi.unstubAllGlobals());

async function headersOf(sessionToken: string | null): Promise<Headers> {
  let headers = new Headers();
  vi.stubGlobal('fetch', (_input: string, init: RequestInit) => {
    headers = new Headers(init.headers);
    return Promise.resolve(new Response());
  });
  await s3Client('bucket', { ...access, sessionToken }, new AbortController().signal).deleteObject('key');
  return headers;
}

it('sends a session token, signed with the other headers', async () => {
  const headers = await headersOf('the-token');
  expect(headers.get('x-amz-security-token')).toBe('the-token');
  expect(headers.get('authorization')).toContain(
    'SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,',
  );
});

it('sends none where there is none', async () => {
  const headers = await headersOf(null);
  expect(headers.has('x-amz-security-token')).toBe(false);
  expect(headers.get('authorization')).not.toContain('security-token');
});
