import type { Command } from 'commander';
import { onEachHost } from '../deploy/each-host.js';
import { addDeployOptions, siteOf, type DeployFlags } from './deploy-options.js';
import { finish, statusTable, tellFailure } from './deploy-report.js';

export function addDeployStatus(ssh: Command, exit: (code: number) => void): void {
  const command = ssh
    .command('status')
    .description('what runs on hosts: from which bundle, connected or not, and what it said last')
    .argument('<hosts>', 'user@host, with commas between; or a file with one a line');
  addDeployOptions(command).action(async (hosts: string, flags: DeployFlags) => {
    const { all } = siteOf(hosts, flags);
    const ask = async (host: (typeof all)[number]) => ({ services: await host.status() });
    const outcomes = await onEachHost(all, flags.parallel, ask, tellFailure);
    const rows = outcomes.flatMap(({ host, value }) =>
      (value?.services ?? []).map((row) => ({ host, ...row })),
    );
    const some = outcomes.some(({ value }) => value !== null);
    exit(
      finish(flags.json, outcomes, rows.length > 0 ? statusTable(rows) : some ? 'nothing was started' : ''),
    );
  });
}
