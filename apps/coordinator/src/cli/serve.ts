import type { Command } from 'commander';
import { Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '@rocinante/log';
import { stopOnSignals } from '../run/stop-signals.js';
import { hostAndPort, listenAddress, option } from './option-values.js';

interface ServeFlags {
  readonly listen: string;
  readonly http: string;
  readonly advertise?: string;
  readonly data: string;
  readonly tensorboard?: string;
  readonly insecure: boolean;
  readonly logLevel: LogLevel;
}

/** A daemon ends so when it is told to. */
const EXIT_STOPPED = 0;

export function addServe(program: Command, exit: (code: number) => void): void {
  program
    .command('serve')
    .description('run a coordinator: workers join it, and operators start runs on it')
    .addOption(
      option('--listen <host:port>', 'where workers and operators connect', 'LISTEN')
        .argParser(listenAddress)
        .default('127.0.0.1:7070'),
    )
    .addOption(
      option('--http <host:port>', 'metrics, health and discovery', 'HTTP')
        .argParser(listenAddress)
        .default('127.0.0.1:7071'),
    )
    .addOption(
      option(
        '--advertise <host:port>',
        'where others reach --http (default: the name by which they ask)',
        'ADVERTISE',
      ).argParser(hostAndPort),
    )
    .addOption(option('--data <dir>', 'runs, texts and weights', 'DATA').default('rocinante-data'))
    .addOption(
      option(
        '--tensorboard <dir>',
        'write event files for TensorBoard, in a folder for each run',
        'TENSORBOARD',
      ),
    )
    .addOption(
      new Option('--insecure', 'listen in plain, without a token, where others can reach it').default(false),
    )
    .addOption(
      option('--log-level <level>', 'what is worth a line', 'LOG_LEVEL').choices(LOG_LEVELS).default('info'),
    )
    .action(async ({ advertise, tensorboard, ...flags }: ServeFlags) => {
      const { Daemon } = await import('../daemon/daemon.js');
      let release = (): void => {};
      let fail!: (error: unknown) => void;
      const stopped = new Promise<void>((resolve, reject) => {
        fail = reject;
        release = stopOnSignals(resolve, EXIT_STOPPED);
      });
      try {
        const daemon = await Daemon.start(
          { ...flags, advertise: advertise ?? null, tensorboard: tensorboard ?? null },
          fail,
        );
        await stopped;
        await daemon.stop();
      } finally {
        release();
      }
      exit(EXIT_STOPPED);
    });
}
