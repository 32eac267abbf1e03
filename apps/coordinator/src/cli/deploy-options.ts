import { Option, type Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { parseHost, parseHosts, type HostAddress } from '../deploy/hosts.js';
import { RemoteHost } from '../deploy/remote-host.js';
import { jsonOption, wholeNumber } from './option-values.js';

const PARALLEL_MAX = 64;
const DEFAULT_PARALLEL = 8;

/** What every command of `deploy ssh` takes. */
export interface DeployFlags {
  readonly serveOn?: string;
  readonly sshConfig?: string;
  readonly dir: string;
  readonly parallel: number;
  readonly json: boolean;
}

/** The machines that a command is about. */
export interface Site {
  /** Hosts for workers. */
  readonly workers: readonly RemoteHost[];
  /** The coordinator's, which may be one of the others; null where this command starts none. */
  readonly coordinator: RemoteHost | null;
  /** Each machine once. */
  readonly all: readonly RemoteHost[];
}

/** Adds the options that every command of `deploy ssh` has. */
export function addDeployOptions(command: Command): Command {
  return command
    .option('--serve-on <host>', 'the host of the coordinator; it may be one of the others')
    .option('--ssh-config <file>', 'ssh’s configuration (ssh -F); names in it are hosts too')
    .addOption(
      new Option('--dir <dir>', 'the folder on the hosts, relative to the home directory there')
        .argParser(remoteFolder)
        .default('.rocinante'),
    )
    .addOption(
      new Option('--parallel <n>', 'hosts at once')
        .argParser(wholeNumber(1, PARALLEL_MAX))
        .default(DEFAULT_PARALLEL),
    )
    .addOption(jsonOption());
}

/**
 * The machines that the words name.
 * @throws {UsageError} a word that is no host.
 */
export function siteOf(hosts: string, { serveOn, sshConfig, dir }: DeployFlags): Site {
  const options = { config: sshConfig ?? null, dir };
  const machine = (address: HostAddress): RemoteHost => new RemoteHost(address, options);
  const workers = parseHosts(hosts).map(machine);
  if (serveOn === undefined) return { workers, coordinator: null, all: workers };
  const address = parseHost(serveOn, '--serve-on');
  const same = workers.find(({ label }) => label === address.label);
  const coordinator = same ?? machine(address);
  return { workers, coordinator, all: same === undefined ? [coordinator, ...workers] : workers };
}

/** No login shell needs quotes around it. */
function remoteFolder(value: string): string {
  if (!/^[\w/][\w./-]{0,199}$|^\.[\w][\w./-]{0,198}$/.test(value)) {
    throw new InvalidArgumentError('expected a path of letters, digits and ._/- only.');
  }
  return value;
}
