import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { NoCoordinatorError, RefusedError } from '../client/errors.js';
import { bytesShown, counted } from '../display/quantities.js';
import { printable } from '../display/printable.js';
import { table } from '../display/table.js';
import { UsageError } from '../errors.js';
import type { Packed } from '../support/support-archive.js';
import { DEFAULT_COORDINATOR } from './coordinator-option.js';
import { jsonOption, option } from './option-values.js';
import { addProbeOptions, probeFrom, type ProbeFlags } from './probe-options.js';

interface SupportFlags extends ProbeFlags {
  readonly runDir?: string;
  readonly out?: string;
  readonly data: string;
  readonly keepPaths: boolean;
  readonly json: boolean;
}

export function addSupport(program: Command): void {
  const command = program
    .command('support')
    .description('one archive with what helps to understand a run that went wrong, and no secrets in it')
    .argument('[run]', 'a coordinator’s run: its id or name; left out with --run-dir');
  addProbeOptions(command);
  command
    .option('--run-dir <dir>', 'the run that is kept here: of train, or runs/<id> in serve’s --data')
    .option('--out <file>', 'the archive (default: rocinante-support-<run>-<time>.tar.gz)')
    .addOption(
      option('--data <dir>', 'where serve keeps its runs, for doctor’s part', 'DATA').default(
        'rocinante-data',
      ),
    )
    .option('--keep-paths', 'leave the home folder’s name in paths, which is ~ otherwise', false)
    .addOption(jsonOption())
    .action(async (run: string | undefined, flags: SupportFlags) => {
      if (run === undefined && flags.runDir === undefined) {
        throw new UsageError('support: expected a run’s id or name, or --run-dir with its directory');
      }
      await support(run, flags);
    });
}

async function support(run: string | undefined, flags: SupportFlags): Promise<void> {
  const { runDir, out, data, keepPaths, json } = flags;
  const date = new Date();
  const name = (run ?? basename(resolve(runDir!))).replace(/[^\w.-]/g, '-').slice(0, 32);
  const folder = `rocinante-support-${name}-${date.toISOString().slice(0, 19).replaceAll(':', '-')}`;
  const path = out ?? `${folder}.tar.gz`;
  // From afar there is a coordinator; beside a run's directory only where one is named.
  const coordinator = runDir === undefined ? (flags.coordinator ?? DEFAULT_COORDINATOR) : flags.coordinator;
  const probe = await probeFrom('support', { ...flags, ...(coordinator !== undefined && { coordinator }) });
  const { gather } = await import('../support/gathering.js');
  const parts = await gather({ run, runDir, data, probe, environment: process.env }).catch(
    (error: unknown): never => {
      throw directoryInstead(run, error) ?? error;
    },
  );
  const { knownSecrets, Redactor } = await import('../support/redactor.js');
  const { pack, writeNew } = await import('../support/support-archive.js');
  const files = [flags.tokenFile, flags.tlsKey].filter((path) => path !== undefined);
  const secrets = knownSecrets(process.env, files);
  const packed = pack(folder, parts, new Redactor({ secrets, home: keepPaths ? null : homedir() }), date);
  await writeNew(path, packed.bytes);
  const { parts: packedParts, missing, bytes } = packed;
  process.stdout.write(
    json
      ? `${JSON.stringify({ path, bytes: bytes.length, parts: packedParts, missing })}\n`
      : contentsText(path, packed),
  );
}

/** A folder of this machine was named where a coordinator’s run is expected: how to give it. Null for any other failure. */
function directoryInstead(run: string | undefined, cause: unknown): UsageError | null {
  if (!(cause instanceof NoCoordinatorError || cause instanceof RefusedError)) return null;
  if (run === undefined || !statSync(run, { throwIfNoEntry: false })?.isDirectory()) return null;
  return new UsageError(
    `support ${run}: expected a coordinator’s run, received a folder; a run’s own directory is given as --run-dir ${run}`,
    { cause },
  );
}

/** What is in it, so that a person can look before it is sent. */
function contentsText(path: string, { bytes, parts, missing }: Packed): string {
  const rows = parts.map(({ name, bytes, cut, redacted }) => [
    name,
    bytesShown(bytes),
    cut === '' ? 'all' : `without ${cut}`,
    redacted === 0 ? '' : counted(redacted, 'secret') + ' taken out',
  ]);
  const lines = [
    table(['part', 'size', 'how much', ''], rows),
    ...(missing.length === 0
      ? []
      : ['', 'not there:', ...missing.map(({ name, why }) => `  ${name}: ${printable(why)}`)]),
    '',
    `${path}: ${bytesShown(bytes.length)}`,
    'It holds names of machines, addresses, and what people wrote into notes and configurations. Texts, weights and samples are',
    `not in it. Look before you send it: tar -xzOf ${path} | less`,
  ];
  return `${lines.join('\n')}\n`;
}
