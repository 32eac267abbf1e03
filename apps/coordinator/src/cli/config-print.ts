import type { Command } from 'commander';
import { resolveConfig } from '../config.js';
import { addConfigOptions, type ConfigOptionValues } from './config-options.js';

export function addConfig(program: Command): void {
  const command = program
    .command('config')
    .description('look at configurations')
    .command('print')
    .description(
      'the configuration that train would take of the same options, as JSON: a file to start your own from; the text is no part of it',
    );
  addConfigOptions(command).action(async ({ corpus: _, initFrom, ...flags }: ConfigOptionValues) => {
    process.stdout.write(
      `${JSON.stringify(resolveConfig({ ...flags, ...(await begun(initFrom)) }), null, 2)}\n`,
    );
  });
}

/** What a configuration says of the weights that a run begins with. */
async function begun(initFrom: string | undefined): Promise<{ initFrom?: string }> {
  if (initFrom === undefined) return {};
  const { readInitialWeights } = await import('../run/checkpoints/first-state.js');
  return { initFrom: (await readInitialWeights(initFrom)).sha256 };
}
