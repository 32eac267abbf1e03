import type { BundleFile } from './bundle-file.js';
import { HostError } from './errors.js';
import type { RemoteHost } from './remote-host.js';
import { COORDINATOR } from './service-spec.js';
import type { ServiceStatus } from './service-status.js';

/** What this asks of a host. */
export type UpgradedHost = Pick<RemoteHost, 'status' | 'start' | 'stop' | 'atWork'>;

/** What became of one service. */
export interface Upgraded {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly pid: number | null;
  readonly connected: boolean;
}

/**
 * Puts the workers of one host, or its coordinator, on a bundle that is there already: ends each, starts it from the bundle,
 * and waits until it is at work. One that was not at work before need not be after it.
 * @param which the coordinator, or the workers; `the-coordinator` where there must be one.
 * @throws {HostError} SERVICE: there is no coordinator where one must be; one did not come to work in time, and runs from its former bundle again.
 */
export async function upgradeServices(
  host: UpgradedHost,
  bundle: BundleFile,
  which: 'workers' | 'coordinator' | 'the-coordinator',
  waitSeconds: number,
): Promise<Upgraded[]> {
  const services = (await host.status()).filter(
    ({ service, state }) =>
      (service === COORDINATOR) === (which !== 'workers') && (state === 'running' || state === 'restarting'),
  );
  if (which === 'the-coordinator' && services.length === 0) {
    throw new HostError(
      'SERVICE',
      '--serve-on: expected a coordinator that deploy ssh started, found none that runs; start one with: deploy ssh start',
    );
  }
  const upgraded: Upgraded[] = [];
  for (const before of services) {
    const after = before.bundle === bundle.name ? before : await replace(host, before, bundle, waitSeconds);
    const { pid, connected } = after;
    upgraded.push({ service: before.service, from: before.bundle, to: after.bundle, pid, connected });
  }
  return upgraded;
}

async function replace(
  host: UpgradedHost,
  { service, bundle: former, connected }: ServiceStatus,
  bundle: BundleFile,
  waitSeconds: number,
): Promise<ServiceStatus> {
  await host.stop(service);
  await host.start(service, bundle.name);
  const after = await host.atWork(service, waitSeconds);
  const isWell = after !== null && after.state !== 'failed' && after.state !== 'stopped';
  if (isWell && (after.connected || !connected)) return after;
  await host.stop(service);
  await host.start(service, former);
  const said = after?.lastLine ? `: ${after.lastLine}` : '';
  throw new HostError(
    'SERVICE',
    `${service} was not at work within ${waitSeconds} s, and is back on ${former}${said}`,
  );
}
