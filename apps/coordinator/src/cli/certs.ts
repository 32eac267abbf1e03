import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  addToken,
  AUTHORITY_DAYS_MAX,
  CERTIFICATE_DAYS_MAX,
  isHost,
  isTokenName,
  makeClusterFolder,
  ROLES,
  type Role,
} from '@rocinante/access';
import { clusterJson, clusterText } from '../display/cluster-folder.js';
import { print } from './coordinator-option.js';
import { jsonOption, wholeNumber } from './option-values.js';

const FOLDER_DEFAULT = 'certs';

const WHEN_THINGS_CHANGE = `
Run again, it makes what is missing and overwrites nothing. A coordinator and
workers that are up take renewed files without a restart; another --name needs
--renew. Tokens do not expire: to end one, take its line out of the book.
`;

interface MakeFlags {
  readonly out: string;
  readonly name?: readonly string[];
  readonly worker?: readonly string[];
  readonly days: number;
  readonly authorityDays: number;
  readonly renew: boolean;
  readonly json: boolean;
}

interface TokenFlags {
  readonly out: string;
  readonly role: Role;
  readonly name: string;
  readonly json: boolean;
}

export function addCerts(program: Command): void {
  const certs = program
    .command('certs')
    .description('make what a cluster needs to know who comes: authority, certificates, tokens');
  const makeCommand = certs
    .command('make', { isDefault: true })
    .description('make what is missing in a folder; what is there stays as it is')
    .addOption(folderOption())
    .option(
      '--name <hosts>',
      'host names and addresses by which the coordinator is dialled, by commas or repeated; its certificate is for them and for ' +
        'this machine’s localhost (default: those that it has; needed the first time)',
      hosts,
    )
    .option('--worker <hosts>', 'those of the workers, where their own pages use TLS', hosts)
    .addOption(
      new Option('--days <n>', 'how long certificates are valid')
        .argParser(wholeNumber(1, CERTIFICATE_DAYS_MAX))
        .default(365),
    )
    .addOption(
      new Option('--authority-days <n>', 'how long a new authority is valid')
        .argParser(wholeNumber(1, AUTHORITY_DAYS_MAX))
        .default(3650),
    )
    .option(
      '--renew',
      'make the certificates anew, for the same names where none are given, by the same authority, whose ca.key must be in the folder; tokens stay',
      false,
    )
    .addOption(jsonOption())
    .action(make);
  certs.addHelpText('after', () => `\n${optionsOf(makeCommand)}${WHEN_THINGS_CHANGE}`);
  certs
    .command('token')
    .description('make one more token: a file for its holder, and a line in the book')
    .addOption(folderOption())
    .addOption(
      new Option(
        '--role <role>',
        'what its holder may do: a worker joins, a reader looks, an operator also starts, stops, pushes and pulls',
      )
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'what it is called in the book and in the log', tokenName)
    .addOption(jsonOption())
    .action(token);
}

async function make({ out, name, worker, days, authorityDays, renew, json }: MakeFlags): Promise<void> {
  const made = await makeClusterFolder({
    folder: out,
    coordinatorNames: name ?? null,
    workerNames: worker ?? null,
    days,
    authorityDays,
    renew,
    now: Date.now(),
  });
  print(json, clusterJson(out, made), clusterText(out, made, Date.now()));
}

function token({ out, role, name, json }: TokenFlags): void {
  const { path } = addToken(out, role, name);
  const text = [
    `made  ${path}  the token of ${name}, ${role}`,
    `A coordinator that reads ${join(out, 'tokens')} takes it within seconds, and no longer once its line is taken out.`,
  ];
  print(json, { role, name, path }, text.join('\n'));
}

/** The part of a command's help that lists its options. */
function optionsOf(command: Command): string {
  return `Options of ${command.name()}:${command.helpInformation().split(/^Options:/m)[1]}`;
}

function folderOption(): Option {
  return new Option('--out <folder>', 'where all of it is').default(FOLDER_DEFAULT);
}

/** Host names and addresses, by commas; an option that may be repeated. */
function hosts(value: string, before: readonly string[] = []): string[] {
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!isHost(name)) {
      throw new InvalidArgumentError(
        `expected hosts such as trainer.example.org or addresses such as 10.0.0.7, without a port, received ${JSON.stringify(name)}.`,
      );
    }
  }
  return [...before, ...names];
}

function tokenName(value: string): string {
  if (!isTokenName(value)) {
    throw new InvalidArgumentError('expected letters, digits, dots, dashes and underscores, at most 64.');
  }
  return value;
}
