import type { Command } from 'commander';
import { Option } from 'commander';
import { STUCK_SECONDS_DEFAULT } from '../notify/limits.js';
import { notifyTarget, type NotifyTarget } from '../notify/notify-target.js';
import { option, wholeNumber } from './option-values.js';

export interface NotifyFlags {
  readonly notify?: string | undefined;
  readonly notifySecretFile?: string | undefined;
  readonly notifyStuck: number;
  readonly notifyInsecure: boolean;
}

/** What `serve` and `train` take. The address is checked later than other values: commander's messages would show it. */
export function addNotifyOptions(command: Command): void {
  command
    .addOption(
      option(
        '--notify <url>',
        'where to POST what happens to a run: finished, failed, diverged, stuck, worker lost; it may hold a secret: then ' +
          'give it by the environment, which ps does not show',
        'NOTIFY',
      ),
    )
    .addOption(
      option(
        '--notify-secret-file <file>',
        'sign what is sent with this file’s secret',
        'NOTIFY_SECRET_FILE',
      ),
    )
    .addOption(
      option(
        '--notify-stuck <seconds>',
        'a run is stuck without a step for so long, or 10 times as long as a step usually takes where that is longer',
        'NOTIFY_STUCK',
      )
        .argParser(wholeNumber(1))
        .default(STUCK_SECONDS_DEFAULT),
    )
    .addOption(new Option('--notify-insecure', 'send over plain http to another machine').default(false));
}

/** Null where nobody is to be told. @throws {UsageError} what the options say cannot be. */
export function notifyFrom(flags: NotifyFlags): NotifyTarget | null {
  const { notify, notifySecretFile, notifyStuck, notifyInsecure } = flags;
  if (notify === undefined || notify === '') return null;
  return notifyTarget({
    url: notify,
    secretFile: notifySecretFile ?? null,
    stuckSeconds: notifyStuck,
    insecure: notifyInsecure,
  });
}
