import { resolve } from 'node:path';
import type { Command } from 'commander';
import { availableCores, THREADS_MAX } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import type { Device } from '@rocinante/engine';
import type { Replay } from '../run/ledger/ledger-replay.js';
import type { MicroBatchPassages } from '../run/ledger/ledger-passages.js';
import { unsilently } from '../display/long-work.js';
import { EXIT_INTERRUPTED } from '../exit-codes.js';
import { deviceOption, jsonOption, lstmOption, option, wholeNumber } from './option-values.js';

const EXIT_DIFFERS = 1;

interface ReplayFlags {
  readonly step: number;
  readonly corpus?: string;
  readonly threads?: number;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly passages: boolean;
  readonly json: boolean;
}

export function addReplay(program: Command, exit: (code: number) => void): void {
  program
    .command('replay')
    .description('compute a step of a run again on this machine, from the checkpoint before it, and compare')
    .argument('<run-dir>', 'a run’s directory, also one of a daemon')
    .requiredOption('--step <n>', 'the step, counted from 1', wholeNumber(1))
    .option('--corpus <file>', 'the run’s text: a file, bundled or quijote (default: where the run had it)')
    .addOption(
      option('--threads <n>', 'compute threads (default: the cores)', 'THREADS').argParser(
        wholeNumber(1, THREADS_MAX),
      ),
    )
    .addOption(deviceOption())
    .addOption(lstmOption())
    .option('--passages', 'show the passages of the text that the step learned from', false)
    .addOption(jsonOption())
    .action(async (path: string, flags: ReplayFlags) => {
      const { replayStep } = await import('../run/ledger/ledger-replay.js');
      const { json, threads = availableCores(), corpus, ...rest } = flags;
      const runDir = resolve(path);
      const notice = (message: string): void => void process.stderr.write(`${message}\n`);
      const replay = await unsilently('computing', notice, () =>
        replayStep({ ...rest, runDir, corpus, threads, notice }),
      );
      if (replay === null) return exit(EXIT_INTERRUPTED);
      const agrees = replay.difference === null;
      process.stdout.write(json ? `${JSON.stringify({ runDir, agrees, ...replay })}\n` : replayText(replay));
      if (!agrees) exit(EXIT_DIFFERS);
    });
}

function replayText({ step, steps, difference, passages }: Replay): string {
  const text = (passages ?? []).flatMap(passageLines);
  if (difference === null) {
    text.push(steps === 1 ? `step ${step} agrees` : `steps ${step - steps + 1} to ${step} agree`);
  } else {
    const { key, recorded, computed } = difference;
    text.push(
      `step ${difference.step} differs first: ${key}: the ledger says ${recorded}, computed again ${computed}`,
      'The bits are promised for workers of one kind: processor features or GPU, LSTM path, release, and engine.',
    );
  }
  return `${text.join('\n')}\n`;
}

function passageLines({ microBatch, passages }: MicroBatchPassages): string[] {
  return [
    `micro-batch ${microBatch}`,
    ...passages.map(({ offset, text }) => `  ${String(offset).padStart(10)}  ${JSON.stringify(text)}`),
  ];
}
