import type { Command } from 'commander';
import { onEachHost } from '../deploy/each-host.js';
import type { RemoteHost } from '../deploy/remote-host.js';
import { COORDINATOR } from '../deploy/service-spec.js';
import { addDeployOptions, siteOf, type DeployFlags } from './deploy-options.js';
import { finish, tellFailure } from './deploy-report.js';

/** What became of a host's services. */
interface Stopped {
  readonly stopped: readonly { readonly service: string; readonly how: 'stopped' | 'killed' }[];
}

export function addDeployStop(ssh: Command, exit: (code: number) => void): void {
  const command = ssh
    .command('stop')
    .description('end what start started on hosts, and nothing else; bundles and a coordinator’s data stay')
    .argument('<hosts>', 'user@host, with commas between; or a file with one a line');
  addDeployOptions(command).action(async (hosts: string, flags: DeployFlags) => {
    const { all } = siteOf(hosts, flags);
    const outcomes = await onEachHost(all, flags.parallel, stopAll, tellFailure);
    const lines = outcomes.flatMap(({ host, value }) => (value === null ? [] : [textOf(host, value)]));
    exit(finish(flags.json, outcomes, lines.join('\n')));
  });
}

/** Workers leave while their coordinator is there, where both are on one host. */
async function stopAll(host: RemoteHost): Promise<Stopped> {
  const names = (await host.status()).map(({ service }) => service);
  const inOrder = [
    ...names.filter((name) => name !== COORDINATOR),
    ...names.filter((name) => name === COORDINATOR),
  ];
  const stopped: { service: string; how: 'stopped' | 'killed' }[] = [];
  for (const service of inOrder) {
    const how = await host.stop(service);
    if (how !== null) stopped.push({ service, how });
  }
  return { stopped };
}

function textOf(host: string, { stopped }: Stopped): string {
  if (stopped.length === 0) return `${host}: nothing ran`;
  return `${host}: ${stopped.map(({ service, how }) => `${service} ${how}`).join(', ')}`;
}
