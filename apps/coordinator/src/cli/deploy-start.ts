import { InvalidArgumentError, type Command } from 'commander';
import { parseAddress } from '@rocinante/base';
import { readBundleFile, type BundleFile } from '../deploy/bundle-file.js';
import { CopyProgress } from '../deploy/copy-progress.js';
import { onEachHost, type HostOutcome } from '../deploy/each-host.js';
import type { RemoteHost } from '../deploy/remote-host.js';
import { coordinatorSpec, workerSpecs, type SecretPaths, type ServiceSpec } from '../deploy/service-spec.js';
import { startOn, type Started } from '../deploy/start.js';
import { UsageError } from '../errors.js';
import { addDeployOptions, siteOf, type DeployFlags } from './deploy-options.js';
import { finish, statusTable, tellFailure } from './deploy-report.js';
import { hostAndPort, listenAddress, option, repeated, wholeNumber } from './option-values.js';

const DEFAULT_WAIT_SECONDS = 20;
const WAIT_SECONDS_MAX = 3_600;
const WORDS_MAX = 64;

interface StartFlags extends DeployFlags {
  readonly bundle: string;
  readonly coordinator: string;
  readonly gpus?: 'all' | readonly string[];
  readonly workerOption: readonly string[];
  readonly serveListen?: string;
  readonly serveHttp?: string;
  readonly serveOption: readonly string[];
  readonly wait: number;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly serveTokenFile?: string;
  readonly serveTlsCa?: string;
  readonly serveTlsCert?: string;
  readonly serveTlsKey?: string;
}

export function addDeployStart(ssh: Command, exit: (code: number) => void): void {
  const command = ssh
    .command('start')
    .description('bring a bundle to hosts and start a worker on each; what runs from it already stays')
    .argument('<hosts>', 'user@host, with commas between; or a file with one a line')
    .requiredOption('--bundle <file>', 'the archive that ./rocinante bundle made')
    .addOption(
      option('--coordinator <host:port>', 'where the workers reach the coordinator', 'COORDINATOR')
        .argParser(hostAndPort)
        .makeOptionMandatory(),
    )
    .option(
      '--gpus <list>',
      'a worker for each card: all, or numbers such as 0,2 (default: one worker)',
      cards,
    )
    .option('--worker-option <word>', 'for every worker, such as --worker-option=--threads=4', words, [])
    .option('--token-file <file>', 'the workers’ token')
    .option('--tls-ca <file>', 'whose certificate the coordinator must have')
    .option('--tls-cert <file>', 'the workers’ certificate, where the coordinator asks for one')
    .option('--tls-key <file>', 'its key')
    .option('--serve-listen <host:port>', 'with --serve-on: serve’s --listen', listenAddress)
    .option('--serve-http <host:port>', 'serve’s --http', listenAddress)
    .option(
      '--serve-option <word>',
      'another of serve’s options, such as --serve-option=--insecure',
      words,
      [],
    )
    .option('--serve-token-file <file>', 'serve’s --token-file')
    .option('--serve-tls-cert <file>', 'serve’s --tls-cert')
    .option('--serve-tls-key <file>', 'serve’s --tls-key')
    .option('--serve-tls-ca <file>', 'serve’s --tls-ca')
    .option(
      '--wait <seconds>',
      'how long each is waited for until it is at work',
      wholeNumber(0, WAIT_SECONDS_MAX),
      DEFAULT_WAIT_SECONDS,
    );
  addDeployOptions(command).action(async (hosts: string, flags: StartFlags) =>
    exit(await start(hosts, flags)),
  );
}

async function start(hosts: string, flags: StartFlags): Promise<number> {
  const site = siteOf(hosts, flags);
  const bundle = await readBundleFile(flags.bundle);
  if (bundle.engine === null) {
    throw new UsageError(
      `--bundle ${flags.bundle}: expected one with an engine for workers, received ${bundle.name}`,
    );
  }
  // Files are read before anything is done anywhere.
  const coordinator = site.coordinator === null ? null : coordinatorOf(flags);
  workersOf(site.workers[0], flags, []);
  const progress = new CopyProgress(bundle, site.all.length);
  const onOne = (host: RemoteHost): Promise<Started> =>
    startHost(host, bundle, host === site.coordinator ? coordinator : null, site.workers.includes(host), {
      flags,
      progress,
    });
  const outcomes: HostOutcome<Started>[] = [];
  try {
    outcomes.push(...(await onEachHost(site.all, flags.parallel, onOne, tellFailure)));
  } finally {
    progress.finished();
  }
  const rows = outcomes.flatMap(({ host, value }) =>
    (value?.services ?? []).map((row) => ({ host, ...row })),
  );
  return finish(flags.json, outcomes, rows.length > 0 ? statusTable(rows) : '');
}

async function startHost(
  host: RemoteHost,
  bundle: BundleFile,
  coordinator: ServiceSpec | null,
  worker: boolean,
  { flags, progress }: { readonly flags: StartFlags; readonly progress: CopyProgress },
): Promise<Started> {
  const onProgress = (bytes: number): void => progress.at(host.label, bytes);
  const there = worker && flags.gpus === 'all' ? await host.cards() : [];
  const specs = [
    ...(coordinator === null ? [] : [coordinator]),
    ...(worker ? workersOf(host, flags, there) : []),
  ];
  const started = await startOn(host, bundle, specs, flags.wait, onProgress);
  progress.at(host.label);
  return started;
}

function workersOf({ address }: RemoteHost, flags: StartFlags, there: readonly string[]): ServiceSpec[] {
  const { tokenFile, tlsCa, tlsCert, tlsKey } = flags;
  const chosen = flags.gpus === 'all' ? there : (flags.gpus ?? null);
  return workerSpecs(address, chosen, {
    coordinator: flags.coordinator,
    words: flags.workerOption,
    secrets: { tokenFile, tlsCa, tlsCert, tlsKey },
  });
}

/** By default it listens on every address of its machine, at the port that the workers dial, and serves HTTP at the next. */
function coordinatorOf(flags: StartFlags): ServiceSpec {
  const port = parseAddress(flags.coordinator)!.port;
  const secrets: SecretPaths = {
    tokenFile: flags.serveTokenFile,
    tlsCa: flags.serveTlsCa,
    tlsCert: flags.serveTlsCert,
    tlsKey: flags.serveTlsKey,
  };
  return coordinatorSpec({
    listen: flags.serveListen ?? `0.0.0.0:${port}`,
    http: flags.serveHttp ?? `0.0.0.0:${port + 1}`,
    words: flags.serveOption,
    secrets,
  });
}

function cards(value: string): 'all' | string[] {
  const list = value.split(',');
  if (value === 'all') return value;
  if (!list.every((card) => /^\d{1,3}$/.test(card)) || new Set(list).size !== list.length) {
    throw new InvalidArgumentError('expected all, or different numbers such as 0,2.');
  }
  return list;
}

const words = repeated((word) => {
  if (!/^--[^\n\0]{1,1000}$/.test(word))
    throw new InvalidArgumentError('expected an option, such as --threads=4.');
  return word;
}, WORDS_MAX);
