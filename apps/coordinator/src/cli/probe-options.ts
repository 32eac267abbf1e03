import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseAddress } from '@rocinante/base';
import type { CoordinatorCheckOptions } from '../doctor/coordinator-checks.js';
import { UsageError } from '../errors.js';
import { hostAndPort, option } from './option-values.js';

export interface ProbeFlags {
  readonly coordinator?: string;
  readonly coordinatorHttp?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
}

/** Where `serve` has its HTTP, if nothing else is said. */
const HTTP_PORT = 7071;
const TOKEN_BYTES_MAX = 1 << 10;

/** How a coordinator is looked at. Without `--coordinator` none is. */
export function addProbeOptions(command: Command): void {
  command
    .addOption(
      option('--coordinator <host:port>', 'look at this coordinator too', 'COORDINATOR').argParser(
        hostAndPort,
      ),
    )
    .addOption(
      option(
        '--coordinator-http <host:port>',
        `its --http (default: port ${HTTP_PORT} of its host)`,
        'COORDINATOR_HTTP',
      ).argParser(hostAndPort),
    )
    .addOption(option('--tls-ca <file>', 'certificates of the authorities to trust; speaks TLS', 'TLS_CA'))
    .addOption(option('--token-file <file>', 'a file with a token', 'TOKEN_FILE'));
}

/** Null where no coordinator is named. @throws {UsageError} a file cannot be read, or holds no token. */
export async function probeFrom(flags: ProbeFlags): Promise<CoordinatorCheckOptions | null> {
  const { coordinator: address, coordinatorHttp, tlsCa, tokenFile } = flags;
  if (address === undefined) return null;
  const access = {
    ca: tlsCa === undefined ? null : read('--tls-ca', tlsCa),
    token: tokenFile === undefined ? null : tokenOf(tokenFile),
  };
  const { Coordinator } = await import('../client/coordinator.js');
  return {
    address,
    httpAddress: coordinatorHttp ?? `${parseAddress(address)!.host}:${HTTP_PORT}`,
    access,
    open: () => new Coordinator(address),
  };
}

function read(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

function tokenOf(path: string): string {
  const token = read('--token-file', path).toString('latin1').trim();
  if (token.length === 0 || token.length > TOKEN_BYTES_MAX || /[^\x21-\x7e]/.test(token)) {
    throw new UsageError(
      `--token-file ${path}: expected one token of printable characters on a line of its own`,
    );
  }
  return token;
}
