import { resolve } from 'node:path';
import type { Command } from 'commander';
import { availableCores, THREADS_MAX, type CardList } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import type { Device } from '@rocinante/engine';
import { UsageError } from '../errors.js';
import type { TrainOptions } from '../run/train-options.js';
import { addConfigOptions, type ConfigOptionValues } from './config-options.js';
import { addLimitOptions, limitsFrom, type LimitOptionValues } from './limit-options.js';
import { addNotifyOptions, notifyFrom, type NotifyFlags } from './notify-options.js';
import {
  cardsOption,
  deviceOption,
  jsonOption,
  lstmOption,
  option,
  wholeNumber,
  workersPerGpuOption,
} from './option-values.js';
import { addStoreOptions, openStore, type StoreFlags } from './store-option.js';

const DEFAULT_WORKERS = 2;
const WORKERS_MAX = 256;

interface TrainFlags extends ConfigOptionValues, LimitOptionValues, NotifyFlags, StoreFlags {
  readonly workers: number;
  readonly gpus?: CardList;
  readonly workersPerGpu: number;
  readonly threads?: number;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly runDir?: string;
  readonly resume: boolean;
  readonly corpusCache: boolean;
  readonly ledger: boolean;
  readonly tensorboard?: string;
  readonly json: boolean;
}

export function addTrain(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('train')
    .description('train on this machine: a coordinator and its workers, to the end');
  addConfigOptions(command);
  addNotifyOptions(command);
  addStoreOptions(command);
  addLimitOptions(command, { minWorkers: false, fresh: true });
  command
    .addOption(
      option('--workers <n>', 'worker processes', 'WORKERS')
        .argParser(wholeNumber(1, WORKERS_MAX))
        .default(DEFAULT_WORKERS),
    )
    .addOption(cardsOption())
    .addOption(workersPerGpuOption())
    .addOption(
      option(
        '--threads <n>',
        'compute threads of each worker (default: the cores, divided)',
        'THREADS',
      ).argParser(wholeNumber(1, THREADS_MAX)),
    )
    .addOption(deviceOption())
    .addOption(lstmOption())
    .addOption(option('--run-dir <dir>', 'where the run is kept (default: runs/<time>)', 'RUN_DIR'))
    .option('--resume', 'go on from the newest checkpoint in --run-dir', false)
    .option('--no-corpus-cache', 'workers keep no encoded corpus on this machine')
    .option('--no-ledger', 'keep no ledger: what it costs is measured so, and the run cannot be verified')
    .addOption(
      option('--tensorboard <dir>', 'write event files for TensorBoard into this folder', 'TENSORBOARD'),
    )
    .addOption(jsonOption())
    .action(async (flags: TrainFlags) => {
      const isDefault = (name: string): boolean => command.getOptionValueSource(name) === 'default';
      const { train } = await import('../run/train.js');
      exit(await train(await trainOptions(await onCards(flags, isDefault))));
    });
}

/** The flags with the seats that they ask for, and a device and workers that fit them. */
type SeatedFlags = Omit<TrainFlags, 'gpus' | 'workersPerGpu'> & Pick<TrainOptions, 'seats'>;

/**
 * @param isDefault whether nobody gave an option.
 * @throws {RocinanteError} exit code 2: the options do not go together, or a card is not there.
 */
async function onCards(
  { gpus, workersPerGpu, ...flags }: TrainFlags,
  isDefault: (name: string) => boolean,
): Promise<SeatedFlags> {
  if (gpus === undefined) {
    if (isDefault('workersPerGpu')) return { ...flags, seats: null };
    throw new UsageError('--workers-per-gpu: expected --gpus beside it, received none');
  }
  if (flags.device === 'cpu') {
    throw new UsageError('--gpus: expected another device than --device cpu, which shows no card');
  }
  if (!isDefault('workers')) {
    throw new UsageError('--workers: expected --workers-per-gpu in its place beside --gpus, received both');
  }
  const { chooseCards, seatsOf } = await import('@rocinante/engine');
  const seats = seatsOf(chooseCards(gpus, process.env), workersPerGpu, 'worker');
  // Who names cards wants them.
  return { ...flags, workers: seats.length, device: isDefault('device') ? 'gpu' : flags.device, seats };
}

async function trainOptions(flags: SeatedFlags): Promise<TrainOptions> {
  const { notify, notifySecretFile, notifyStuck, notifyInsecure, ...others } = flags;
  const { store, storeInsecure, ...own } = others;
  const { workers, seats, threads, device, lstm, runDir, resume, corpusCache, ledger, json, ...rest } = own;
  const { corpus, initFrom, tensorboard, ...config } = rest;
  return {
    flags: config,
    corpus,
    initFrom,
    workers,
    seats,
    threads: threads ?? Math.max(1, Math.floor(availableCores() / workers)),
    device,
    lstm,
    runDir: runDir === undefined ? null : resolve(runDir),
    resume,
    limits: limitsFrom(flags),
    store: (await openStore({ store, storeInsecure }))?.whole ?? null,
    corpusCache,
    ledger,
    notify: notifyFrom({ notify, notifySecretFile, notifyStuck, notifyInsecure }),
    tensorboard: tensorboard === undefined ? null : resolve(tensorboard),
    json,
  };
}
