import { expect, it } from 'vitest';
import type { BundleFile } from './bundle-file.js';
import type { ServiceState, ServiceStatus } from './service-status.js';
import { upgradeServices, type UpgradedHost } from './upgrade.js';

const bundle: BundleFile = {
  path: '/b.tar.gz',
  name: 'new',
  platform: 'linux-x64',
  engine: null,
  bytes: 1,
  unpackedBytes: 1,
  sha256: 'ab'.repeat(32),
};

/** A machine whose services run from `old`, and from whatever they are started from afterwards. */
function hostWith(...services: readonly [service: string, state: ServiceState][]): UpgradedHost {
  const held = new Map<string, ServiceStatus>(
    services.map(([service, state]) => [
      service,
      { service, state, bundle: 'old', pid: 1, connected: true, restarts: 0, lastLine: '' },
    ]),
  );
  return {
    status: () => Promise.resolve([...held.values()]),
    stop: () => Promise.resolve('stopped'),
    start: (service, name) => {
      held.set(service, { ...held.get(service)!, bundle: name, state: 'running' });
      return Promise.resolve(null);
    },
    atWork: (service) => Promise.resolve(held.get(service)!),
  };
}

it('takes the workers, or the coordinator', async () => {
  const host = hostWith(['coordinator', 'running'], ['worker', 'running'], ['worker-1', 'stopped']);
  const at = { from: 'old', to: 'new', pid: 1, connected: true };
  expect(await upgradeServices(host, bundle, 'workers', 1)).toEqual([{ service: 'worker', ...at }]);
  expect(await upgradeServices(host, bundle, 'the-coordinator', 1)).toEqual([
    { service: 'coordinator', ...at },
  ]);
  expect(await upgradeServices(hostWith(['worker', 'running']), bundle, 'coordinator', 1)).toEqual([]);
});

it.each([
  [[]],
  [[['worker', 'running']]],
  [[['coordinator', 'stopped']]],
  [[['coordinator', 'failed']]],
] as const)('says in one line that there is no coordinator among %j where one must be', async (services) => {
  const upgrading = upgradeServices(
    hostWith(...services.map(([a, b]) => [a, b] as [string, ServiceState])),
    bundle,
    'the-coordinator',
    1,
  );
  await expect(upgrading).rejects.toMatchObject({
    exitCode: 1,
    message:
      '--serve-on: expected a coordinator that deploy ssh started, found none that runs; start one with: deploy ssh start',
  });
});
