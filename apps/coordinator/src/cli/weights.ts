import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { checkTarget, pullWeights, WHICH_WEIGHTS, type WhichWeights } from '../client/weights-download.js';
import { bytesShown } from '../display/quantities.js';
import { TransferProgress } from '../display/transfer-progress.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

const FORMATS = ['safetensors'] as const;

interface PullFlags extends ClientFlags {
  readonly out: string;
  readonly format: (typeof FORMATS)[number];
  readonly which: WhichWeights;
  readonly force: boolean;
}

export function addWeights(program: Command): void {
  program
    .command('weights')
    .description('weights of a coordinator’s runs')
    .command('pull')
    .description('fetch a run’s weights into a file, checked to the last byte')
    .argument('<run>', 'its id or name')
    .requiredOption('--out <file>', 'where to')
    .addOption(new Option('--format <name>', 'the file’s format').choices(FORMATS).default(FORMATS[0]))
    .addOption(
      new Option('--which <name>', 'those of the run’s end, or of a checkpoint')
        .choices(WHICH_WEIGHTS)
        .default(WHICH_WEIGHTS[0]),
    )
    .option('--force', 'replace the file where there is one', false)
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: PullFlags) => pull(name, flags));
}

async function pull(name: string, flags: PullFlags): Promise<void> {
  const path = resolve(flags.out);
  await checkTarget(path, flags.force);
  await withCoordinator(
    flags,
    async (coordinator) => {
      const { id } = (await coordinator.show(name)).summary;
      let progress: TransferProgress | null = null;
      const pulled = await pullWeights(coordinator, id, flags.which, path, (bytes, total) => {
        progress ??= new TransferProgress(`receiving the weights of run ${id}`, total);
        progress.at(bytes);
      }).finally(() => progress?.finished());
      const { bytes, sha256, weightsSha256, step } = pulled;
      print(
        flags.json,
        { run: id, which: flags.which, ...pulled },
        `${flags.out}: ${bytesShown(bytes)}, after step ${step}; SHA-256 of its parameters ${weightsSha256}, ` +
          `of the file ${sha256}`,
      );
    },
    'operator',
  );
}
