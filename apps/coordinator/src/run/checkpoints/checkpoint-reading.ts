import type { ReadCheckpoint } from './checkpoint-messages.js';
import { CheckpointThread } from './checkpoint-thread.js';

/** The use under way, and all that wait for it. */
let turns: Promise<unknown> = Promise.resolve();

/**
 * Reads and verifies a checkpoint of a run in a thread, for those who do not go on from it, and has it used. One at a time in
 * the process, however many ask: a checkpoint of millions of parameters takes much memory until `use` is over.
 * @param name null for the newest good one.
 * @param isWanted asked when its turn has come.
 * @returns what `use` gives; null where it is wanted no more.
 * @throws {DamagedCheckpointError | UnreadableCheckpointError | NoGoodCheckpointError} as `CheckpointThread.load`.
 */
export function useCheckpoint<Result>(
  directory: string,
  name: string | null,
  use: (checkpoint: ReadCheckpoint['checkpoint']) => Promise<Result> | Result,
  isWanted: () => boolean = () => true,
): Promise<Result | null> {
  const turn = turns.then(async () => (isWanted() ? use((await read(directory, name)).checkpoint) : null));
  // Whoever asked hears of a failure; the next one has its turn.
  turns = turn.catch(() => undefined);
  return turn;
}

async function read(directory: string, name: string | null): Promise<ReadCheckpoint> {
  let death: NodeJS.ErrnoException | null = null;
  const thread = new CheckpointThread(
    { directory, retention: {}, constants: null },
    (error) => (death = error),
  );
  try {
    return await thread.load(name);
  } catch (error) {
    // Too little memory is the world's, anything else that ends the thread ours.
    const { code } = (death ?? {}) as NodeJS.ErrnoException;
    throw death !== null && code !== 'ERR_WORKER_OUT_OF_MEMORY' ? death : error;
  } finally {
    await thread.stop();
  }
}
