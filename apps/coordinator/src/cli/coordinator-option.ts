import { Option, type Command } from 'commander';
import {
  CLIENT_SECURITY_OPTIONS,
  endingSoon,
  readClientSecurity,
  type ClientSecurityFlags,
  type Role,
} from '@rocinante/access';
import type { Coordinator } from '../client/coordinator.js';
import { hostAndPort, option } from './option-values.js';

/** Where `serve` listens, if nothing else is said. */
export const DEFAULT_COORDINATOR = '127.0.0.1:7070';

/** What every command of an operator takes. */
export interface ClientFlags extends ClientSecurityFlags {
  readonly coordinator: string;
  readonly json: boolean;
}

export function coordinatorOption(): Option {
  return option('--coordinator <host:port>', 'the coordinator to speak with', 'COORDINATOR')
    .argParser(hostAndPort)
    .default(DEFAULT_COORDINATOR);
}

/** Gives each command that speaks with a coordinator the options that say how, so that none can be without them. */
export function addSecurityOptions(command: Command): void {
  for (const sub of command.commands) addSecurityOptions(sub);
  if (!command.options.some(({ long }) => long === '--coordinator')) return;
  const options = CLIENT_SECURITY_OPTIONS.map(([flags, help, environment]) =>
    option(flags, help, environment),
  );
  options.push(new Option('--insecure', 'show the token in plain, also to another machine').default(false));
  for (const added of options) {
    // One of its own stands.
    if (!command.options.some(({ long }) => long === added.long)) command.addOption(added);
  }
}

/**
 * Speaks with a coordinator, and hangs up whatever comes of it. Says first where the own certificate ends soon.
 * @param need whose token the command needs, also where its first question asks for less.
 */
export async function withCoordinator<Result>(
  { coordinator: address, ...flags }: ClientFlags,
  use: (coordinator: Coordinator) => Promise<Result>,
  need: Role = 'reader',
): Promise<Result> {
  const security = readClientSecurity(flags, address, process.env);
  const { tlsCert } = flags;
  const { notAfter } = security;
  const soon = tlsCert && notAfter ? endingSoon(tlsCert, notAfter, Date.now()) : null;
  if (soon !== null) process.stderr.write(`rocinante: warning: ${soon}\n`);
  // gRPC takes a moment to load; commands that need none of it should not wait.
  const { Coordinator } = await import('../client/coordinator.js');
  const coordinator = new Coordinator(address, security, need);
  try {
    return await use(coordinator);
  } finally {
    coordinator.close();
  }
}

/** What scripts read, or what people do. */
export function print(json: boolean, object: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(object) : text}\n`);
}
