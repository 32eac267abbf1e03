import { S3ServiceError } from 's3mini';
import { StoreError } from './errors.js';

/** Statuses of a server that is overloaded, failing or restarting. */
const PASSING_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504];

/**
 * What a request's error says to a person. An answer's body is not repeated, and not kept as the cause: some servers
 * return what was signed.
 * @param store its name.
 */
export function storeErrorOf(store: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof S3ServiceError) return answered(store, error);
  const { name, message, cause, code } = error as Error & { readonly code?: string };
  const { code: causeCode, message: causeMessage } = (cause ?? {}) as { code?: string; message?: string };
  if (name === 'AbortError') {
    return new StoreError('STORE_UNREACHABLE', store, 'it took too long, and was given up');
  }
  const why =
    name === 'TimeoutError'
      ? 'the server does not answer'
      : `the server cannot be reached (${causeCode ?? code ?? causeMessage ?? message})`;
  return new StoreError('STORE_UNREACHABLE', store, why);
}

function answered(store: string, { status, body, serviceCode }: S3ServiceError): StoreError {
  const said = /<Code>(\w{1,64})<\/Code>/.exec(body ?? '')?.[1] ?? serviceCode ?? '';
  const answer = said === '' || said === 'Unknown' ? String(status) : `${status} ${said}`;
  if (status === 404 && said === 'NoSuchBucket') {
    return new StoreError('STORE_NO_BUCKET', store, `there is no such bucket (${answer}); make it first`);
  }
  if (status === 401 || status === 403) {
    return new StoreError(
      'STORE_DENIED',
      store,
      `the server refuses the credentials (${answer}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ` +
        'and that they may list, read, write and delete there',
    );
  }
  if (PASSING_STATUSES.includes(status)) {
    return new StoreError('STORE_UNREACHABLE', store, `the server answers ${answer}`);
  }
  // Without a word of a bucket: a gateway with no way to the store answers so too.
  const hint =
    status === 404 ? '; check that there is such a bucket, and that the endpoint is that of a store' : '';
  return new StoreError('STORE_REFUSED', store, `the server answers ${answer}${hint}`);
}
