import type { Option } from 'commander';
import type { Coordinator } from '../client/coordinator.js';
import { hostAndPort, option } from './option-values.js';

/** Where `serve` listens, if nothing else is said. */
export const DEFAULT_COORDINATOR = '127.0.0.1:7070';

/** What every command of an operator takes. */
export interface ClientFlags {
  readonly coordinator: string;
  readonly json: boolean;
}

export function coordinatorOption(): Option {
  return option('--coordinator <host:port>', 'the coordinator to speak with', 'COORDINATOR')
    .argParser(hostAndPort)
    .default(DEFAULT_COORDINATOR);
}

/** Speaks with a coordinator, and hangs up whatever comes of it. */
export async function withCoordinator<Result>(
  { coordinator: address }: ClientFlags,
  use: (coordinator: Coordinator) => Promise<Result>,
): Promise<Result> {
  // gRPC takes a moment to load; commands that need none of it should not wait.
  const { Coordinator } = await import('../client/coordinator.js');
  const coordinator = new Coordinator(address);
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
