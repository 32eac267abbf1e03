import { Option, type Command } from 'commander';
import { resolveConfig } from '../config.js';
import { presets, type PresetName } from '../presets.js';
import { scaleBatchOption } from './config-options.js';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('look at configurations')
    .command('print')
    .description('the configuration that train would take, as JSON: a file to start your own from')
    .addOption(new Option('--preset <name>', 'which preset (default: quick)').choices(Object.keys(presets)))
    .option('--config <file>', 'JSON with settings that replace the preset’s')
    .addOption(scaleBatchOption())
    .action((flags: { preset?: PresetName; config?: string; scaleBatch?: number }) => {
      process.stdout.write(`${JSON.stringify(resolveConfig(flags), null, 2)}\n`);
    });
}
