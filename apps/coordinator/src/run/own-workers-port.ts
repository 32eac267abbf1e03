import { ownToken } from '@rocinante/access';
import { listen, type TrainingHandlers } from '@rocinante/wire';

/** Where a command's own workers reach it, and by what they show that they are its own. */
export interface OwnWorkersPort {
  /** `host:port`. */
  readonly address: string;
  /** In every call of a worker. It goes to them by their environment, which no other user of the machine can read. */
  readonly token: string;
  stop(): Promise<void>;
}

/**
 * Listens for the workers that `train` and `replay` start, at a free port of the loopback, which every user of the machine can
 * reach: what comes without this run's token hears no text, gets no work, and sets no joining proof.
 * @throws {WireError} no port can be had.
 */
export async function listenForOwnWorkers(training: TrainingHandlers): Promise<OwnWorkersPort> {
  const { token, holderOf } = ownToken({ name: 'own-worker', role: 'worker' });
  const server = await listen('127.0.0.1:0', { training }, { holderOf });
  return { address: server.address, token, stop: () => server.stop() };
}
