import type { BundleFile } from './bundle-file.js';
import { HostError } from './errors.js';
import type { RemoteHost } from './remote-host.js';
import type { ServiceStatus } from './service-status.js';
import { commandFile, environmentFile, SECRET_NAMES, type ServiceSpec } from './service-spec.js';

/** What `start` did on one host. */
export interface Started {
  /** Bytes of the bundle that were sent; 0 where it was there. */
  readonly sentBytes: number;
  readonly services: readonly (ServiceStatus & { readonly already: boolean })[];
}

/**
 * Brings a bundle to a host and starts its services there. One that runs already from this bundle is left alone.
 * @param specs what is to run, given the host's cards.
 * @param waitSeconds how long each service is waited for until it is at work. That it is not by then is no failure: a
 *   coordinator may come later.
 * @throws {HostError} anything else; services that were started before it stay.
 */
export async function startOn(
  host: RemoteHost,
  bundle: BundleFile,
  specs: readonly ServiceSpec[],
  waitSeconds: number,
  onProgress: (bytes: number) => void,
): Promise<Started> {
  const sentBytes = await host.copyBundle(bundle, onProgress);
  const before = await host.status();
  const services: (ServiceStatus & { already: boolean })[] = [];
  for (const spec of specs) {
    const running = before.find(
      ({ service, state }) => service === spec.service && (state === 'running' || state === 'restarting'),
    );
    if (running !== undefined && running.bundle !== bundle.name) {
      throw new HostError(
        'SERVICE',
        `${spec.service} runs from ${running.bundle}: upgrade, or stop it first`,
      );
    }
    if (running !== undefined) {
      services.push({ ...running, already: true });
      continue;
    }
    const own = { command: commandFile(spec), env: environmentFile(spec), ...spec.files };
    // A service that was started otherwise before keeps nothing of that.
    await host.install(
      spec.service,
      own,
      SECRET_NAMES.filter((name) => !(name in own)),
    );
    await host.start(spec.service, bundle.name);
    services.push({ ...(await atWorkOrFailed(host, spec.service, waitSeconds)), already: false });
  }
  return { sentBytes, services };
}

/**
 * Waits for a service that was just started.
 * @throws {HostError} SERVICE: it has ended, and nothing starts it again.
 */
async function atWorkOrFailed(host: RemoteHost, service: string, seconds: number): Promise<ServiceStatus> {
  const status = await host.atWork(service, seconds);
  if (status === null) throw new HostError('ANSWER', `${service} was started, and is not there`);
  if (status.state === 'failed' || status.state === 'stopped') {
    throw new HostError('SERVICE', `${service} has ended: ${status.lastLine || 'it said nothing'}`);
  }
  return status;
}
