import { isExpected } from '../errors.js';
import type { RemoteHost } from './remote-host.js';

/** What came of one host. */
export interface HostOutcome<Value> {
  readonly host: string;
  /** Null where it failed. */
  readonly value: Value | null;
  /** One line; null where nothing went wrong. */
  readonly error: string | null;
}

/**
 * Does something with every host, some at a time; what goes wrong with one does not keep the others.
 * @param parallel at most so many at once.
 * @param onOutcome told of each as it comes; the result has them in the hosts' order.
 */
export async function onEachHost<Value>(
  hosts: readonly RemoteHost[],
  parallel: number,
  work: (host: RemoteHost) => Promise<Value>,
  onOutcome: (outcome: HostOutcome<Value>) => void = () => undefined,
): Promise<HostOutcome<Value>[]> {
  const outcomes: HostOutcome<Value>[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < hosts.length) {
      const index = next++;
      outcomes[index] = await attempt(hosts[index], work);
      onOutcome(outcomes[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, hosts.length) }, lane));
  return outcomes;
}

async function attempt<Value>(
  host: RemoteHost,
  work: (host: RemoteHost) => Promise<Value>,
): Promise<HostOutcome<Value>> {
  try {
    return { host: host.label, value: await work(host), error: null };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { host: host.label, value: null, error: error.message };
  }
}
