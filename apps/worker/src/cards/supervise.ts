import { fileURLToPath } from 'node:url';
import { availableCores, parseAddress, RocinanteError, type CardList } from '@rocinante/base';
import { chooseCards, seatsOf, type CardSeat } from '@rocinante/engine';
import { createLogger, createRelay } from '@rocinante/log';
import type { WorkerConfig } from '../config.js';
import { CardSupervisor } from './supervisor.js';

/** What Ctrl-C gives as an exit code, where a second one ends at once. */
const EXIT_AT_ONCE = 130;

const PORT_MAX = 65_535;

// From dist, also where a spec runs the sources.
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Options of the supervisor's own, which its workers are not given; the last has no value. */
const OWN_OPTIONS = ['--gpus', '--workers-per-gpu'];
const OWN_FLAG = '--end-with-parent';
const OWN_VARIABLES = ['ROCINANTE_GPUS', 'ROCINANTE_WORKERS_PER_GPU'];

/**
 * `worker --gpus`: a worker on each card that is named, until SIGTERM or SIGINT, or until none is left.
 * @param argv the words after `worker`, which are every worker's too.
 * @returns the exit code, as `CardSupervisor.run`.
 */
export async function superviseCards(
  config: WorkerConfig & { readonly gpus: CardList },
  argv: readonly string[],
): Promise<number> {
  let seats: CardSeat[];
  let words: Map<CardSeat, string[]>;
  try {
    seats = seatsOf(chooseCards(config.gpus, process.env), config.workersPerGpu, config.name);
    words = new Map(
      seats.map((seat, place) => [seat, workerWords(argv, config, seat, [place, seats.length])]),
    );
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    process.stderr.write(`rocinante: ${error.message}\n`);
    return error.exitCode;
  }
  const log = createLogger({ level: config.logLevel }).child({ worker: config.name });
  const supervisor = new CardSupervisor({
    seats,
    command: (seat) => [...process.execArgv, program, ...words.get(seat)!],
    environment: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.includes(name)),
    ),
    log,
    relay: createRelay(),
  });
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) {
      supervisor.kill();
      process.exit(EXIT_AT_ONCE);
    }
    asked = true;
    supervisor.stop(`received ${signal}`);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  if (config.endWithParent) process.stdin.on('end', () => supervisor.stop('its parent ended')).resume();
  return supervisor.run();
}

/**
 * The words of a seat's worker: everybody's, and behind them, where the last one counts, what is its own.
 * @throws {RocinanteError} there is no port for its metrics.
 */
export function workerWords(
  argv: readonly string[],
  { device, threads, threadsGiven, http }: Pick<WorkerConfig, 'device' | 'threads' | 'threadsGiven' | 'http'>,
  { name }: CardSeat,
  [place, count]: readonly [place: number, count: number],
): string[] {
  const share = threadsGiven ? threads : Math.max(1, Math.floor(availableCores() / count));
  const own = ['--name', name, '--device', device, '--threads', String(share), '--supervised'];
  if (http === undefined) return [...without(argv, OWN_OPTIONS), ...own];
  const { host, port } = parseAddress(http)!;
  if (port + place > PORT_MAX) {
    throw new RocinanteError(
      'WORKER_PORTS',
      2,
      `--http ${http}: expected ${count} ports from this one on, a worker each`,
    );
  }
  return [...without(argv, OWN_OPTIONS), ...own, '--http', `${host}:${port + place}`];
}

function without(argv: readonly string[], names: readonly string[]): string[] {
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const [name] = argv[index].split('=', 1);
    if (!names.includes(name)) rest.push(argv[index]);
    else if (argv[index] === name) index++;
  }
  return rest.filter((word) => word !== OWN_FLAG);
}
