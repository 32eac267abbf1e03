import { availableParallelism, hostname } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { limits } from '@rocinante/wire';

/** What a worker needs to know before it can dial. Everything about a run comes from the coordinator. */
export interface WorkerConfig {
  /** `host:port` of the coordinator. */
  readonly coordinator: string;
  /** What logs call this worker. Default: host name and process id. */
  readonly name: string;
  /** Compute threads. Default: one a core. */
  readonly threads: number;
  /** Whether encoded corpora are kept on this machine for the next run. Default true. */
  readonly corpusCache: boolean;
  /** Whether the worker ends when its standard input does: a local worker's parent holds the other end. */
  readonly endWithParent: boolean;
}

/** The worker's options, as flags over environment over defaults. */
export function workerCommand(run: (config: WorkerConfig) => Promise<void>): Command {
  return new Command('worker')
    .description('compute gradients for a coordinator')
    .requiredOption('--coordinator <host:port>', 'where the coordinator listens', parseAddress)
    .option('--name <name>', 'what logs call this worker', parseName, `${hostname()}-${process.pid}`)
    .option('--threads <n>', 'compute threads (default: one a core)', parseThreads, availableParallelism())
    .option('--no-corpus-cache', 'keep no encoded corpus on this machine')
    .option('--end-with-parent', 'end when standard input does', false)
    .action((options: WorkerConfig) => run(options));
}

function parseAddress(value: string): string {
  const port = Number(/^.+:(\d{1,5})$/.exec(value)?.[1]);
  if (!(port >= 1 && port <= 65_535)) throw new InvalidArgumentError('expected host:port.');
  return value;
}

function parseName(value: string): string {
  if (value.length === 0 || value.length > limits.NAME_LENGTH_MAX) {
    throw new InvalidArgumentError(`expected 1 to ${limits.NAME_LENGTH_MAX} characters.`);
  }
  return value;
}

function parseThreads(value: string): number {
  const threads = Number(value);
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new InvalidArgumentError('expected an integer from 1 to 1024.');
  }
  return threads;
}
