import type { Command } from 'commander';
import { Option } from 'commander';
import { strayVariablesLine } from '@rocinante/base';
import { createLogger, LOG_LEVELS, type LogLevel } from '@rocinante/log';
import type { SecurityOptions } from '../daemon/daemon-security.js';
import { EXIT_DONE } from '../exit-codes.js';
import { stopOnSignals } from '../run/stop-signals.js';
import { addNotifyOptions, notifyFrom, type NotifyFlags } from './notify-options.js';
import { hostAndPort, listenAddress, option } from './option-values.js';
import { addStoreOptions, openStore, type StoreFlags } from './store-option.js';

interface ServeFlags extends NotifyFlags, SecurityOptions, StoreFlags {
  readonly listen: string;
  readonly http: string;
  readonly advertise?: string;
  readonly data: string;
  readonly tensorboard?: string;
  readonly logLevel: LogLevel;
}

export function addServe(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('serve')
    .description('run a coordinator: workers join it, and operators start runs on it')
    .addOption(
      option('--listen <host:port>', 'where workers and operators connect', 'LISTEN')
        .argParser(listenAddress)
        .default('127.0.0.1:7070'),
    )
    .addOption(
      option('--http <host:port>', 'the live page, metrics, health and discovery', 'HTTP')
        .argParser(listenAddress)
        .default('127.0.0.1:7071'),
    )
    .addOption(
      option(
        '--advertise <host:port>',
        'where others reach --http; it answers by that name too (default: the name by which they ask)',
        'ADVERTISE',
      ).argParser(hostAndPort),
    )
    .addOption(option('--data <dir>', 'runs, texts and weights', 'DATA').default('rocinante-data'))
    .addOption(option('--tls-cert <file>', 'serve over TLS with this certificate (PEM)', 'TLS_CERT'))
    .addOption(option('--tls-key <file>', 'its key (PEM)', 'TLS_KEY'))
    .addOption(
      option(
        '--tensorboard <dir>',
        'write event files for TensorBoard, in a folder for each run',
        'TENSORBOARD',
      ),
    )
    .addOption(
      option(
        '--tls-ca <file>',
        'ask workers and operators for certificates of this authority (PEM)',
        'TLS_CA',
      ),
    )
    .addOption(
      option(
        '--token-file <book>',
        'ask everybody for a token of this book: lines of role, name, hash',
        'TOKEN_FILE',
      ),
    )
    .addOption(
      new Option('--insecure', 'listen in plain, or without a token, where others can reach it').default(
        false,
      ),
    )
    .addOption(
      option('--log-level <level>', 'what is worth a line', 'LOG_LEVEL').choices(LOG_LEVELS).default('info'),
    )
    .action(async ({ advertise, tensorboard, ...flags }: ServeFlags) => {
      const stray = strayVariablesLine(process.env);
      if (stray !== null) createLogger({ level: flags.logLevel }).warn(stray);
      const notify = notifyFrom(flags);
      const { Daemon } = await import('../daemon/daemon.js');
      let release = (): void => {};
      let fail!: (error: unknown) => void;
      const stopped = new Promise<void>((resolve, reject) => {
        fail = reject;
        // Being told to is a daemon's only end: nothing is left undone.
        release = stopOnSignals(resolve, EXIT_DONE);
      });
      try {
        const store = await openStore(flags);
        const others = { notify, store, advertise: advertise ?? null, tensorboard: tensorboard ?? null };
        const daemon = await Daemon.start({ ...flags, ...others }, fail);
        await stopped;
        await daemon.stop();
      } finally {
        release();
      }
      exit(EXIT_DONE);
    });
  addStoreOptions(command);
  addNotifyOptions(command);
}
