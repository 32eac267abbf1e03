import { describe, expect, it } from 'vitest';
import { addressText, addressWithin, parseStoreAddress } from './store-address.js';
import { storeAccess } from './store-access.js';

describe('an address', () => {
  it.each([
    ['s3://bucket', 'bucket', '', 's3://bucket'],
    ['s3://my-bucket.x/', 'my-bucket.x', '', 's3://my-bucket.x'],
    ['s3://bucket/a', 'bucket', 'a', 's3://bucket/a'],
    ['s3://bucket/a/b_c=1.2/', 'bucket', 'a/b_c=1.2', 's3://bucket/a/b_c=1.2'],
  ])('%s is read', (text, bucket, prefix, shown) => {
    const address = parseStoreAddress(text);
    expect(address).toEqual({ bucket, prefix });
    expect(addressText(address)).toBe(shown);
  });

  it.each([
    '',
    'bucket/prefix',
    'http://bucket/prefix',
    's3://',
    's3://ab',
    's3://Bucket/a',
    's3://bucket-/a',
    's3://bucket/a//b',
    's3://bucket/a/../b',
    's3://bucket/./b',
    's3://bucket/a b',
    's3://bucket/a?b',
    's3://bucket/ü',
    `s3://bucket/${'a'.repeat(600)}`,
  ])('%j is refused', (text) => {
    expect(() => parseStoreAddress(text)).toThrow(/^store ".*: expected s3:\/\/bucket\/prefix/);
  });

  it('is not repeated where it may hold a secret', () => {
    const read = (): unknown => parseStoreAddress('s3://key:hidden-one@bucket/a');
    expect(read).toThrow(/AWS_SECRET_ACCESS_KEY/);
    expect(read).not.toThrow(/hidden-one/);
  });

  it('has places of runs within it', () => {
    expect(addressWithin({ bucket: 'b', prefix: '' }, 'r1')).toEqual({ bucket: 'b', prefix: 'r1' });
    expect(addressWithin({ bucket: 'b', prefix: 'a/c' }, 'r1')).toEqual({ bucket: 'b', prefix: 'a/c/r1' });
  });
});

describe('access', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

  it('is AWS itself where no endpoint is named', () => {
    expect(storeAccess('s', { ...keys, AWS_REGION: 'eu-west-1' })).toEqual({
      endpoint: 'https://s3.eu-west-1.amazonaws.com',
      region: 'eu-west-1',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: null,
    });
  });

  it('takes the more particular variable first, and a token', () => {
    const access = storeAccess('s', {
      ...keys,
      AWS_ENDPOINT_URL: 'https://general',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:5000/',
      AWS_DEFAULT_REGION: 'here',
      AWS_SESSION_TOKEN: 'token',
    });
    expect(access).toMatchObject({
      endpoint: 'http://127.0.0.1:5000',
      region: 'here',
      sessionToken: 'token',
    });
  });

  it('over plain http is for this machine, or where that is asked for', () => {
    const read = (endpoint: string, insecure?: boolean): string =>
      storeAccess('s3://b', { ...keys, AWS_ENDPOINT_URL: endpoint }, insecure).endpoint;
    for (const here of ['http://127.0.0.1:5000', 'http://localhost', 'http://[::1]:80']) {
      expect(read(here)).toBe(here);
    }
    expect(() => read('http://10.0.0.5:9000')).toThrow(
      'store s3://b: expected an https endpoint, received http to 10.0.0.5:9000, where others can read and change what is sent: ' +
        'give --store-insecure where the network is trusted',
    );
    expect(read('http://10.0.0.5:9000', true)).toBe('http://10.0.0.5:9000');
  });

  it.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('without %s is refused by its name', (name) => {
    expect(() => storeAccess('s3://b', { ...keys, [name]: ' ' })).toThrow(
      `store s3://b: expected ${name} in the environment, and it is not set`,
    );
  });

  it.each(['127.0.0.1:5000', 'ftp://host', 'http://name:hidden-one@host', 'http://host?a=b'])(
    'to %s is refused',
    (endpoint) => {
      const read = (): unknown => storeAccess('s', { ...keys, AWS_ENDPOINT_URL: endpoint });
      expect(read).toThrow(/expected a URL/);
      expect(read).not.toThrow(/hidden-one/);
    },
  );
});
