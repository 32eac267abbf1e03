import { Option, type Command } from 'commander';
import type { ObjectStore } from '@rocinante/store';
import { option } from './option-values.js';

/** A store, and the parts of it where each of many runs has its place. */
export interface OpenedStore {
  readonly whole: ObjectStore;
  /** @param run a run's id. */
  readonly placeOf: (run: string) => ObjectStore;
}

/** What the options below give. */
export interface StoreFlags {
  readonly store?: string;
  readonly storeInsecure: boolean;
}

/** Where runs are kept beside this machine. Who may write there is said by the environment alone, so that `ps` shows no secret. */
export function addStoreOptions(command: Command): void {
  command
    .addOption(
      option(
        '--store <url>',
        's3://bucket/prefix: keep checkpoints and final weights there too; credentials and endpoint as AWS_… variables',
        'STORE',
      ),
    )
    .addOption(
      new Option('--store-insecure', 'reach --store over plain http on another machine').default(false),
    );
}

/**
 * The store that the options name; null for none. Nothing is asked of it yet.
 * @throws {StoreError} `STORE_ADDRESS` or `STORE_ENVIRONMENT`.
 */
export async function openStore({ store: url, storeInsecure }: StoreFlags): Promise<OpenedStore | null> {
  if (url === undefined) return null;
  const { addressText, addressWithin, parseStoreAddress, S3Objects, storeAccess } =
    await import('@rocinante/store');
  const address = parseStoreAddress(url);
  const access = storeAccess(addressText(address), process.env, storeInsecure);
  return {
    whole: new S3Objects(address, access),
    placeOf: (run) => new S3Objects(addressWithin(address, run), access),
  };
}
