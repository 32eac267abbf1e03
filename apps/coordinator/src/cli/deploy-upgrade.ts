import type { Command } from 'commander';
import { readBundleFile, type BundleFile } from '../deploy/bundle-file.js';
import { CopyProgress } from '../deploy/copy-progress.js';
import { onEachHost, type HostOutcome } from '../deploy/each-host.js';
import type { RemoteHost } from '../deploy/remote-host.js';
import { upgradeServices, type Upgraded } from '../deploy/upgrade.js';
import { addDeployOptions, siteOf, type DeployFlags } from './deploy-options.js';
import { finish, tellFailure } from './deploy-report.js';
import { wholeNumber } from './option-values.js';

/** A worker that leaves a run ends its micro-batch first, and one that comes lays out the network and proves itself. */
const DEFAULT_WAIT_SECONDS = 60;
const WAIT_SECONDS_MAX = 3_600;

interface UpgradeFlags extends DeployFlags {
  readonly bundle: string;
  readonly wait: number;
}

/** What became of a host: its services, in the order in which they were upgraded. */
interface HostUpgrade {
  readonly sentBytes: number;
  readonly services: readonly Upgraded[];
}

export function addDeployUpgrade(ssh: Command, exit: (code: number) => void): void {
  const command = ssh
    .command('upgrade')
    .description(
      'put what runs on hosts on another bundle, under load: workers one host after another, the coordinator last',
    )
    .argument('<hosts>', 'user@host, with commas between; or a file with one a line')
    .requiredOption('--bundle <file>', 'the archive that ./rocinante bundle made')
    .option(
      '--wait <seconds>',
      'how long each is waited for until it is at work; then it goes back',
      wholeNumber(1, WAIT_SECONDS_MAX),
      DEFAULT_WAIT_SECONDS,
    );
  addDeployOptions(command).action(async (hosts: string, flags: UpgradeFlags) =>
    exit(await upgrade(hosts, flags)),
  );
}

async function upgrade(hosts: string, flags: UpgradeFlags): Promise<number> {
  const { all, coordinator } = siteOf(hosts, flags);
  const bundle = await readBundleFile(flags.bundle);
  const copies = await copyToAll(all, bundle, flags.parallel);
  const results = new Map<string, HostOutcome<HostUpgrade>>(
    copies.map(({ host, value, error }) => [
      host,
      { host, error, value: value === null ? null : { sentBytes: value, services: [] } },
    ]),
  );
  const reached = all.filter(({ label }) => results.get(label)!.error === null);
  await inTurn(reached, results, (host) => upgradeServices(host, bundle, 'workers', flags.wait));
  if ([...results.values()].some(({ error }) => error !== null)) {
    // New workers speak the protocol before theirs too, so they and the old coordinator may stay together.
    process.stderr.write(
      'rocinante: a host failed: the coordinator stays as it is until all workers are upgraded\n',
    );
  } else {
    await inTurn(reached, results, (host) => {
      const which = host === coordinator ? 'the-coordinator' : 'coordinator';
      return upgradeServices(host, bundle, which, flags.wait);
    });
  }
  await onEachHost(
    reached.filter(({ label }) => results.get(label)!.error === null),
    flags.parallel,
    (host) => host.prune(keptBy(results.get(host.label)!.value!, bundle)),
    tellFailure,
  );
  return finish(flags.json, [...results.values()], '');
}

async function copyToAll(
  hosts: readonly RemoteHost[],
  bundle: BundleFile,
  parallel: number,
): Promise<HostOutcome<number>[]> {
  const progress = new CopyProgress(bundle, hosts.length);
  try {
    const copy = async (host: RemoteHost): Promise<number> => {
      const sent = await host.copyBundle(bundle, (bytes) => progress.at(host.label, bytes));
      progress.at(host.label);
      return sent;
    };
    return await onEachHost(hosts, parallel, copy, tellFailure);
  } finally {
    progress.finished();
  }
}

/** One host after another, so that the others go on with the run meanwhile. */
async function inTurn(
  hosts: readonly RemoteHost[],
  results: Map<string, HostOutcome<HostUpgrade>>,
  work: (host: RemoteHost) => Promise<Upgraded[]>,
): Promise<void> {
  const add = ({ host, value, error }: HostOutcome<Upgraded[]>): void => {
    const before = results.get(host)!.value!;
    results.set(host, {
      host,
      error,
      value: { ...before, services: [...before.services, ...(value ?? [])] },
    });
    for (const upgraded of value ?? []) process.stderr.write(`rocinante: ${host}: ${lineOf(upgraded)}\n`);
  };
  await onEachHost(hosts, 1, work, (outcome) => {
    tellFailure(outcome);
    add(outcome);
  });
}

function lineOf({ service, from, to, connected }: Upgraded): string {
  if (from === to) return `${service} runs from ${to}`;
  return `${service} went from ${from} to ${to}${connected ? ', and is at work' : ''}`;
}

/** The bundles that stay on a host: this one, and those from which services came, to go back to. */
function keptBy({ services }: HostUpgrade, { name }: BundleFile): string[] {
  return [...new Set([name, ...services.map(({ from }) => from)])];
}
