import type { Command } from 'commander';
import { readClientSecurity, type ClientSecurityFlags } from '@rocinante/access';
import { parseAddress } from '@rocinante/base';
import type { CoordinatorCheckOptions } from '../doctor/coordinator-checks.js';
import { VERSION } from '../version.js';
import { hostAndPort, option } from './option-values.js';

/** The certificates' and the token's are added to every command with `--coordinator`: `addSecurityOptions`. */
export interface ProbeFlags extends ClientSecurityFlags {
  readonly coordinator?: string;
  readonly coordinatorHttp?: string;
}

/** Where `serve` has its HTTP, if nothing else is said. */
const HTTP_PORT = 7071;

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
    );
}

/**
 * Null where no coordinator is named.
 * @param command that looks: what it tries, and is refused, is told of over there under its name.
 * @throws {RocinanteError} exit code 2: certificates or a token cannot be used, or would travel in plain.
 */
export async function probeFrom(
  command: 'doctor' | 'support',
  flags: ProbeFlags,
): Promise<CoordinatorCheckOptions | null> {
  const { coordinator: address, coordinatorHttp } = flags;
  if (address === undefined) return null;
  const client = `rocinante-${command}/${VERSION}`;
  const access = { ...readClientSecurity(flags, address, process.env), client };
  const { Coordinator } = await import('../client/coordinator.js');
  return {
    address,
    httpAddress: coordinatorHttp ?? `${parseAddress(address)!.host}:${HTTP_PORT}`,
    access,
    open: () => new Coordinator(address, access),
  };
}
