import { resolve } from 'node:path';
import type { Command } from 'commander';
import { availableCores, THREADS_MAX } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import type { Device } from '@rocinante/engine';
import type { TrainOptions } from '../run/train.js';
import { addConfigOptions, type ConfigOptionValues } from './config-options.js';
import { addLimitOptions, limitsFrom, type LimitOptionValues } from './limit-options.js';
import { addNotifyOptions, notifyFrom, type NotifyFlags } from './notify-options.js';
import { deviceOption, jsonOption, lstmOption, option, wholeNumber } from './option-values.js';
import { openStore, storeOption } from './store-option.js';

const DEFAULT_WORKERS = 2;
const WORKERS_MAX = 256;

interface TrainFlags extends ConfigOptionValues, LimitOptionValues, NotifyFlags {
  readonly workers: number;
  readonly threads?: number;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly runDir?: string;
  readonly resume: boolean;
  readonly store?: string;
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
  addLimitOptions(command, { minWorkers: false, fresh: true });
  command
    .addOption(
      option('--workers <n>', 'worker processes', 'WORKERS')
        .argParser(wholeNumber(1, WORKERS_MAX))
        .default(DEFAULT_WORKERS),
    )
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
    .addOption(storeOption())
    .option('--no-corpus-cache', 'workers keep no encoded corpus on this machine')
    .option('--no-ledger', 'keep no ledger: what it costs is measured so, and the run cannot be verified')
    .addOption(
      option('--tensorboard <dir>', 'write event files for TensorBoard into this folder', 'TENSORBOARD'),
    )
    .addOption(jsonOption())
    .action(async (flags: TrainFlags) => {
      const { train } = await import('../run/train.js');
      exit(await train(await trainOptions(flags)));
    });
}

async function trainOptions(flags: TrainFlags): Promise<TrainOptions> {
  const { notify, notifySecretFile, notifyStuck, notifyInsecure, ...others } = flags;
  const { store, workers, threads, device, lstm, runDir, resume, corpusCache, ledger, json, ...rest } =
    others;
  const { corpus, initFrom, tensorboard, ...config } = rest;
  return {
    flags: config,
    corpus,
    initFrom,
    workers,
    threads: threads ?? Math.max(1, Math.floor(availableCores() / workers)),
    device,
    lstm,
    runDir: runDir === undefined ? null : resolve(runDir),
    resume,
    limits: limitsFrom(flags),
    store: store === undefined ? null : (await openStore(store)).whole,
    corpusCache,
    ledger,
    notify: notifyFrom({ notify, notifySecretFile, notifyStuck, notifyInsecure }),
    tensorboard: tensorboard === undefined ? null : resolve(tensorboard),
    json,
  };
}
