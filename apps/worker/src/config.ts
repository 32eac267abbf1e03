import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  CLIENT_SECURITY_OPTIONS,
  expectBoth,
  expectPaths,
  type ClientSecurityFlags,
} from '@rocinante/access';
import {
  availableCores,
  CARD_LIST_EXPECTED,
  isLoopback,
  parseAddress,
  parseCardList,
  THREADS_MAX,
  WORKERS_PER_GPU_MAX,
  type CardList,
} from '@rocinante/base';
import { LSTM_CHOICES, type LstmChoice } from '@rocinante/model';
import { DEVICES, SEAT_NAME_LENGTH, type Device } from '@rocinante/engine';
import { LOG_LEVELS, type LogLevel } from '@rocinante/log';
import { PRECISIONS, type Precision } from '@rocinante/training';
import { isName, limits, NAME_EXPECTED } from '@rocinante/wire';

/** What a worker needs to know before it can dial. Everything about a run comes from the coordinator. */
export interface WorkerConfig extends ClientSecurityFlags {
  /** `host:port` of the coordinator. */
  readonly coordinator: string;
  /** What logs call this worker. Default: host name and process id. */
  readonly name: string;
  /** Which runs it works for. Default: "default". */
  readonly pool: string;
  /** `auto` takes a card where the engine can use one, `cpu` hides the cards from it, and without a card `gpu` is an error. */
  readonly device: Device;
  /**
   * What a card is set to when the engine is loaded: `tf32` for runs of that precision, which alone it then works for, and
   * `float32` or `mixed` for all others. A processor works for all. Default float32.
   */
  readonly precision: Precision;
  /** How LSTM layers are computed; `auto` takes the fastest that agrees with plain on the device. */
  readonly lstm: LstmChoice;
  /** The cards on each of which a worker is started and looked after; absent for one worker, on whatever `device` says. */
  readonly gpus?: CardList;
  /** Of `gpus`: how many workers share a card. Default 1. */
  readonly workersPerGpu: number;
  /** Compute threads. Default: the cores that this process may use; with `gpus` divided by its workers. */
  readonly threads: number;
  /** Whether somebody said how many. */
  readonly threadsGiven: boolean;
  /** `host:port` at which the worker serves its own metrics and health; absent serves none. */
  readonly http?: string;
  /** The book of tokens for `http`, which is then served over TLS with the worker's own certificate. */
  readonly httpTokenFile?: string;
  /**
   * Whether `http` may be another address than a loopback one, though nothing there is protected, and the token may go to the
   * coordinator in plain.
   */
  readonly insecure: boolean;
  /** Whether encoded corpora are kept on this machine for the next run. Default true. */
  readonly corpusCache: boolean;
  readonly logLevel: LogLevel;
  /** Whether the worker ends when its standard input does: a local worker's parent holds the other end. */
  readonly endWithParent: boolean;
  /** Whether it is one of `gpus`: it leaves and ends when its standard input does, and a second signal says nothing new. */
  readonly supervised: boolean;
}

/** A name by default, so that with `gpus` there is room for what tells its workers apart. */
const NAME_LENGTH_MAX = limits.NAME_LENGTH_MAX - SEAT_NAME_LENGTH;

const NO_COORDINATOR =
  '--coordinator: expected the host:port where the coordinator listens, or ROCINANTE_COORDINATOR, received neither';

/** The worker's options, as flags over environment over defaults. */
export function workerCommand(run: (config: WorkerConfig) => Promise<void>): Command {
  const command = new Command('rocinante worker')
    .description('compute gradients for a coordinator: join, work, come back after any loss of connection')
    .addOption(
      option('--coordinator <host:port>', 'where the coordinator listens', 'COORDINATOR').argParser(address),
    )
    .addOption(
      option('--name <name>', 'what logs call this worker', 'NAME')
        .argParser(parseName)
        .default(`${hostname()}-${process.pid}`.slice(-NAME_LENGTH_MAX), 'host name and process id'),
    )
    .addOption(
      option('--pool <name>', 'which runs it works for', 'POOL').argParser(parseName).default('default'),
    )
    .addOption(option('--device <name>', 'what to compute on', 'DEVICE').choices(DEVICES).default('auto'))
    .addOption(
      option(
        '--gpus <list>',
        'a worker on each of these cards, started again and set aside as they fail: all, or numbers or UUIDs such as 0,2',
        'GPUS',
      ).argParser(parseCards),
    )
    .addOption(
      option('--workers-per-gpu <n>', 'with --gpus: workers that share a card', 'WORKERS_PER_GPU')
        .argParser(parseWorkersPerGpu)
        .default(1),
    )
    .addOption(
      option('--precision <name>', 'of the runs that a card is to work for', 'PRECISION')
        .choices(PRECISIONS)
        .default('float32'),
    )
    .addOption(
      option('--lstm <path>', 'how LSTM layers are computed: on a card cudnn, on a processor plain', 'LSTM')
        .choices([...LSTM_CHOICES])
        .default('auto'),
    )
    .addOption(
      option('--threads <n>', 'compute threads', 'THREADS')
        .argParser(parseThreads)
        .default(availableCores(), 'the cores that this process may use'),
    )
    .addOption(
      option('--http <host:port>', 'where to serve metrics and health; nowhere without it', 'HTTP').argParser(
        address,
      ),
    )
    .addOption(
      option(
        '--http-token-file <book>',
        'serve --http over TLS with --tls-cert, to holders of these tokens',
        'HTTP_TOKEN_FILE',
      ),
    )
    .option(
      '--insecure',
      'serve --http to others unprotected, and show the coordinator the token in plain',
      false,
    )
    .option('--no-corpus-cache', 'keep no encoded corpus on this machine')
    .addOption(
      option('--log-level <level>', 'the least important event that is logged', 'LOG_LEVEL')
        .choices([...LOG_LEVELS])
        .default('info'),
    )
    .option('--end-with-parent', 'end when standard input does', false)
    .addOption(
      new Option('--supervised', 'one of --gpus: stop when standard input ends').default(false).hideHelp(),
    )
    .action((flags: Omit<WorkerConfig, 'coordinator'> & Partial<Pick<WorkerConfig, 'coordinator'>>) => {
      const { coordinator } = flags;
      if (coordinator === undefined) return command.error(`error: ${NO_COORDINATOR}`);
      const isDefault = (name: string): boolean => command.getOptionValueSource(name) === 'default';
      const config: WorkerConfig = {
        ...flags,
        coordinator,
        // Who names cards wants them.
        ...(flags.gpus !== undefined && isDefault('device') && { device: 'gpu' }),
        threadsGiven: !isDefault('threads'),
      };
      const wrong = wrongSet(config) ?? wrongCards(config, !isDefault('workersPerGpu'));
      if (wrong !== null) command.error(`error: ${wrong}`);
      return run(config);
    });
  for (const [flags, help, environment] of CLIENT_SECURITY_OPTIONS) {
    command.addOption(option(flags, help, environment));
  }
  return command;
}

/** What is wrong with the options together; null where nothing is. */
function wrongSet({ http, httpTokenFile, tlsCert, tlsKey, insecure }: WorkerConfig): string | null {
  try {
    expectPaths({ '--tls-cert': tlsCert, '--tls-key': tlsKey, '--http-token-file': httpTokenFile });
    expectBoth('--tls-cert', tlsCert, '--tls-key', tlsKey);
  } catch (error) {
    return (error as Error).message;
  }
  if (httpTokenFile !== undefined && (http === undefined || tlsCert === undefined)) {
    return '--http-token-file: expected --http, --tls-cert and --tls-key too, received not all of them';
  }
  if (http === undefined || httpTokenFile !== undefined || insecure || isLoopback(http)) return null;
  return (
    `--http: expected a loopback address such as 127.0.0.1:9464, received ${http}; ` +
    'to serve it to others, give --tls-cert, --tls-key and --http-token-file, or say --insecure'
  );
}

/** What is wrong with the options about cards; null where nothing is. */
function wrongCards({ gpus, device, name }: WorkerConfig, shared: boolean): string | null {
  if (gpus === undefined) {
    return shared ? '--workers-per-gpu: expected --gpus beside it, received none' : null;
  }
  if (device === 'cpu') return '--gpus: expected another device than --device cpu, which shows no card';
  return name.length <= NAME_LENGTH_MAX
    ? null
    : `--name: expected at most ${NAME_LENGTH_MAX} characters beside --gpus, received ${name.length}`;
}

/** An option that an environment variable can give too. */
function option(flags: string, description: string, environment: string): Option {
  return new Option(flags, description).env(`ROCINANTE_${environment}`);
}

function address(value: string): string {
  if ((parseAddress(value)?.port ?? 0) === 0) {
    throw new InvalidArgumentError('expected host:port, such as 127.0.0.1:7070.');
  }
  return value;
}

function parseName(value: string): string {
  if (!isName(value)) throw new InvalidArgumentError(`expected ${NAME_EXPECTED}.`);
  return value;
}

function parseThreads(value: string): number {
  const threads = Number(value);
  if (!/^\d+$/.test(value) || threads < 1 || threads > THREADS_MAX) {
    throw new InvalidArgumentError(`expected a whole number from 1 to ${THREADS_MAX}.`);
  }
  return threads;
}

/** @param before what the option was given as already: whoever names one card after another means all of them. */
function parseCards(value: string, before?: CardList): CardList {
  const list = parseCardList(value);
  if (list === null) throw new InvalidArgumentError(`expected ${CARD_LIST_EXPECTED}.`);
  if (before !== undefined && String(before) !== String(list)) {
    throw new InvalidArgumentError('expected the option once, with all cards in one list: 0,1.');
  }
  return list;
}

function parseWorkersPerGpu(value: string): number {
  const workers = Number(value);
  if (!/^\d+$/.test(value) || workers < 1 || workers > WORKERS_PER_GPU_MAX) {
    throw new InvalidArgumentError(`expected a whole number from 1 to ${WORKERS_PER_GPU_MAX}.`);
  }
  return workers;
}
