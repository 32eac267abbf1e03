import { oneLine } from '@rocinante/base';
import { StoreError } from './errors.js';
import { PREFIX_LENGTH_MAX } from './limits.js';

/** Where in an object store things are kept. */
export interface StoreAddress {
  readonly bucket: string;
  /** What every key begins with, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** S3's rule for names of buckets. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Characters that mean the same in a key, in a URL and in a signature. */
const SEGMENT = /^[A-Za-z0-9._=-]+$/;

/** Characters of an address that is none, in a message. */
const RECEIVED_LENGTH_MAX = 200;

const EXPECTED = 'expected s3://bucket/prefix, the prefix of letters, digits and . _ = - between slashes';

/**
 * Reads `s3://bucket/prefix`.
 * @throws {StoreError} `STORE_ADDRESS`. What holds an @ is not repeated: people put secrets there.
 */
export function parseStoreAddress(text: string): StoreAddress {
  const wrong = (received: string): StoreError => new StoreError('STORE_ADDRESS', received, `${EXPECTED}`);
  if (text.includes('@')) {
    throw new StoreError(
      'STORE_ADDRESS',
      's3://…@…',
      `${EXPECTED}; credentials stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  }
  const [, bucket, rest = ''] = /^s3:\/\/([^/]*)(\/.*)?$/.exec(text) ?? [];
  if (bucket === undefined || !BUCKET.test(bucket))
    throw wrong(oneLine(JSON.stringify(text), RECEIVED_LENGTH_MAX));
  const prefix = rest.replace(/^\/+|\/+$/g, '');
  const segments = prefix === '' ? [] : prefix.split('/');
  const isPlain = segments.every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment));
  if (!isPlain || prefix.length > PREFIX_LENGTH_MAX)
    throw wrong(oneLine(JSON.stringify(text), RECEIVED_LENGTH_MAX));
  return { bucket, prefix };
}

/** As people write it. */
export function addressText({ bucket, prefix }: StoreAddress): string {
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
}

/** The address of a part of it: a run's, among those of many. */
export function addressWithin({ bucket, prefix }: StoreAddress, name: string): StoreAddress {
  return { bucket, prefix: prefix === '' ? name : `${prefix}/${name}` };
}
