import { S3mini } from 's3mini';
import { PART_BYTES, REQUEST_TIMEOUT_MS } from './limits.js';
import type { StoreAccess } from './store-access.js';

type Headers = Record<string, string | number>;

/** What of s3mini's own signing is called; it is not among its types. */
interface Signer {
  _sign(method: string, path: string, query: object, headers: Headers): Promise<unknown>;
}

/**
 * A client for one bucket. Every request has a time limit.
 * @param ended ends all requests.
 */
export function s3Client(bucket: string, access: StoreAccess, ended: AbortSignal): S3mini {
  const { endpoint, region, accessKeyId, secretAccessKey, sessionToken } = access;
  const client = new S3mini({
    endpoint: `${endpoint}/${bucket}`,
    region,
    accessKeyId,
    secretAccessKey,
    minPartSize: PART_BYTES,
    fetch: (input, init) =>
      fetch(input, {
        ...init,
        signal: AbortSignal.any([ended, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      }),
  });
  if (sessionToken !== null) signWithToken(client, sessionToken);
  return client;
}

/** s3mini 1.0.2 knows no session tokens. One is a header like others, which must be signed with them. */
function signWithToken(client: S3mini, sessionToken: string): void {
  const signer = client as unknown as Signer;
  const sign = signer._sign.bind(client);
  signer._sign = (method, path, query, headers) =>
    sign(method, path, query, { ...headers, 'x-amz-security-token': sessionToken });
}
