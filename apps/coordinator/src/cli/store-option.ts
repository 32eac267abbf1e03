import type { Option } from 'commander';
import type { ObjectStore } from '@rocinante/store';
import { option } from './option-values.js';

/** A store, and the parts of it where each of many runs has its place. */
export interface OpenedStore {
  readonly whole: ObjectStore;
  /** @param run a run's id. */
  readonly placeOf: (run: string) => ObjectStore;
}

/** Where runs are kept beside this machine. Who may write there is said by the environment alone, so that `ps` shows no secret. */
export function storeOption(): Option {
  return option(
    '--store <url>',
    's3://bucket/prefix: keep checkpoints and final weights there too; credentials and endpoint as AWS_… variables',
    'STORE',
  );
}

/**
 * The store that the option names. Nothing is asked of it yet.
 * @throws {StoreError} `STORE_ADDRESS` or `STORE_ENVIRONMENT`.
 */
export async function openStore(url: string): Promise<OpenedStore> {
  const { addressText, addressWithin, parseStoreAddress, S3Objects, storeAccess } =
    await import('@rocinante/store');
  const address = parseStoreAddress(url);
  const access = storeAccess(addressText(address), process.env);
  return {
    whole: new S3Objects(address, access),
    placeOf: (run) => new S3Objects(addressWithin(address, run), access),
  };
}
