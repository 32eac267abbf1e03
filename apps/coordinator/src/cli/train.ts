import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { TrainOptions } from '../run/train.js';
import { presets } from '../presets.js';
import { nonNegative, wholeNumber } from './option-values.js';

const DEFAULT_WORKERS = 2;
const WORKERS_MAX = 256;
const DEFAULT_CHECKPOINT_SECONDS = 60;

interface TrainFlags {
  readonly config?: string;
  readonly preset?: keyof typeof presets;
  readonly corpus?: string;
  readonly workers: number;
  readonly threads?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batch?: number;
  readonly microBatch?: number;
  readonly seed?: number;
  readonly runDir?: string;
  readonly resume: boolean;
  readonly checkpoint: number;
  readonly corpusCache: boolean;
  readonly json: boolean;
}

/** An option that an environment variable can give too. */
function option(flags: string, description: string, environment: string): Option {
  return new Option(flags, description).env(`ROCINANTE_${environment}`);
}

export function addTrain(program: Command, exit: (code: number) => void): void {
  program
    .command('train')
    .description('train on this machine: a coordinator and its workers, to the end')
    .addOption(option('--config <file>', 'JSON with settings that replace the preset’s', 'CONFIG'))
    .addOption(
      option('--preset <name>', 'what to start from (default: quick)', 'PRESET').choices(
        Object.keys(presets),
      ),
    )
    .addOption(option('--corpus <file>', 'a text file, bundled or quijote (default: bundled)', 'CORPUS'))
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
      ).argParser(wholeNumber(1, 1024)),
    )
    .addOption(
      option('--steps <n>', 'steps of the whole run, in place of epochs', 'STEPS').argParser(wholeNumber(1)),
    )
    .addOption(option('--epochs <n>', 'epochs of the whole run', 'EPOCHS').argParser(wholeNumber(1)))
    .addOption(option('--batch <n>', 'windows of a step', 'BATCH').argParser(wholeNumber(1)))
    .addOption(
      option('--micro-batch <n>', 'windows of one gradient computation', 'MICRO_BATCH').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(
      option('--seed <n>', 'decides first values, order of windows and dropout', 'SEED').argParser(
        wholeNumber(0),
      ),
    )
    .addOption(option('--run-dir <dir>', 'where the run is kept (default: runs/<time>)', 'RUN_DIR'))
    .option('--resume', 'go on from the newest checkpoint in --run-dir', false)
    .addOption(
      option('--checkpoint <seconds>', 'time between checkpoints; 0 for none within an epoch', 'CHECKPOINT')
        .argParser(nonNegative)
        .default(DEFAULT_CHECKPOINT_SECONDS),
    )
    .option('--no-corpus-cache', 'workers keep no encoded corpus on this machine')
    .option('--json', 'end with one line of JSON on standard output', false)
    .action(async (flags: TrainFlags) => {
      const { train } = await import('../run/train.js');
      exit(await train(trainOptions(flags)));
    });
}

function trainOptions(flags: TrainFlags): TrainOptions {
  const { workers, runDir, corpus, resume, checkpoint, corpusCache, json, ...config } = flags;
  return {
    flags: config,
    corpus,
    workers,
    threads: flags.threads ?? Math.max(1, Math.floor(availableParallelism() / workers)),
    runDir: runDir === undefined ? null : resolve(runDir),
    resume,
    checkpointSeconds: checkpoint,
    corpusCache,
    json,
  };
}
