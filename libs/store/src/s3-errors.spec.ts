import { S3ServiceError } from 's3mini';
import { expect, it } from 'vitest';
import { storeErrorOf } from './s3-errors.js';

const body = (code: string): string =>
  `<Error><Code>${code}</Code><StringToSign>hidden-one</StringToSign></Error>`;

it.each([
  [403, 'SignatureDoesNotMatch', 'STORE_DENIED'],
  [403, 'InvalidAccessKeyId', 'STORE_DENIED'],
  [401, 'Unauthorized', 'STORE_DENIED'],
  [404, 'NoSuchBucket', 'STORE_NO_BUCKET'],
  [503, 'SlowDown', 'STORE_UNREACHABLE'],
  [500, 'InternalError', 'STORE_UNREACHABLE'],
  [501, 'NotImplemented', 'STORE_REFUSED'],
  [404, 'NotFound', 'STORE_REFUSED'],
])('an answer %d %s is %s, and says no more than that', (status, said, code) => {
  const error = storeErrorOf('s3://b', new S3ServiceError('failed', status, 'Unknown', body(said)));
  expect(error).toMatchObject({ code, exitCode: 1 });
  expect(error.message).toMatch(new RegExp(`^store s3://b: .*\\(?${status} ${said}`));
  expect(error.message).not.toContain('hidden-one');
  expect(error.cause).toBeUndefined();
});

it.each([
  [
    new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
    'ECONNREFUSED',
  ],
  [new DOMException('x', 'TimeoutError'), 'does not answer'],
  [new DOMException('x', 'AbortError'), 'given up'],
])('without an answer it is unreachable', (error, text) => {
  expect(storeErrorOf('s3://b', error)).toMatchObject({
    code: 'STORE_UNREACHABLE',
    message: expect.stringContaining(text) as string,
  });
});
