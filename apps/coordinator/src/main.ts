import { Command, CommanderError, Help } from 'commander';
import { isSystemError, oneLine, RocinanteError, strayVariablesLine, systemTrouble } from '@rocinante/base';
import { addSecurityOptions } from './cli/coordinator-option.js';
import { addNamed, type LoadCommand } from './cli/named-command.js';
import { refuseRepeated } from './cli/single-options.js';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from './exit-codes.js';
import { hintedLine } from './usage-hint.js';
import { VERSION } from './version.js';

/** In the order in which they are listed. */
const commands = new Map<string, LoadCommand>([
  ['train', async () => (await import('./cli/train.js')).addTrain],
  ['serve', async () => (await import('./cli/serve.js')).addServe],
  ['run', async () => (await import('./cli/run.js')).addRun],
  ['weights', async () => (await import('./cli/weights.js')).addWeights],
  ['sample', async () => (await import('./cli/sample.js')).addSample],
  ['evaluate', async () => (await import('./cli/evaluate.js')).addEvaluate],
  ['corpus', async () => (await import('./cli/corpus.js')).addCorpus],
  ['verify', async () => (await import('./cli/verify.js')).addVerify],
  ['replay', async () => (await import('./cli/replay.js')).addReplay],
  ['simulate', async () => (await import('./cli/simulate.js')).addSimulate],
  ['doctor', async () => (await import('./cli/doctor.js')).addDoctor],
  ['support', async () => (await import('./cli/support.js')).addSupport],
  ['certs', async () => (await import('./cli/certs.js')).addCerts],
  ['deploy', async () => (await import('./cli/deploy.js')).addDeploy],
  ['config', async () => (await import('./cli/config-print.js')).addConfig],
]);

/**
 * The command line: parses, runs one command, and says what went wrong in one line.
 * @param argv the words after `rocinante`.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or input, 3 a watched run was stopped, 130 interrupted.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = EXIT_DONE;
  // Whoever reads our output may stop reading: `sample … | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const program = await programFor(argv, (code) => (exitCode = code));
  refuseRepeated(program);
  program.hook('preAction', (_program, command) => {
    // Its standard error is a log: it says so itself.
    if (command.name() === 'serve') return;
    const line = strayVariablesLine(process.env);
    if (line !== null) process.stderr.write(`rocinante: warning: ${line}\n`);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    if (error instanceof RocinanteError) {
      process.stderr.write(`rocinante: ${error.message}\n`);
      return error.exitCode;
    }
    // The operating system's refusals, a full disk for one, are a person's matter too.
    if (isSystemError(error)) {
      process.stderr.write(`rocinante: ${oneLine(systemTrouble(error))}\n`);
      return EXIT_FAILED;
    }
    throw error;
  }
}

/**
 * Whether these words let a command run. Where they do not, `main` only shows help or says what is wrong with them, and needs no
 * engine for that.
 */
export async function runs(argv: readonly string[]): Promise<boolean> {
  const program = await programFor(argv, () => undefined);
  let isSound = false;
  program.hook('preAction', () => {
    isSound = true;
    // Nothing is to run yet.
    throw new CommanderError(0, 'rocinante.sound', '');
  });
  silence(program);
  refuseRepeated(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return isSound;
}

/** The command line with as much of its commands as these words need. */
async function programFor(argv: readonly string[], exit: (code: number) => void): Promise<Command> {
  const program: Command = new Command('rocinante')
    .description('trains character LSTMs over many workers, exact to the bit')
    .version(`rocinante ${VERSION}`, '--version', 'this release')
    .exitOverride()
    .configureHelp({
      visibleCommands: (command) => {
        const listed = new Help().visibleCommands(command);
        // The last one is `help`.
        if (command === program) listed.splice(-1, 0, ...launcherCommands());
        return listed;
      },
    });
  await addNamed(program, exit, argv, commands);
  addSecurityOptions(program);
  inheritSettings(program);
  return program;
}

function silence(command: Command): void {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const sub of command.commands) silence(sub);
}

/** Commands that the launcher runs by itself: here they are for help, and for what a misspelt word may mean. */
function launcherCommands(): Command[] {
  return [
    new Command('worker')
      .description('compute gradients for a coordinator on any machine')
      .option('--coordinator <host:port>'),
    new Command('bundle')
      .description('one archive of this checkout that runs where nothing was installed')
      .option('--gpu'),
    new Command('test')
      .description('format, lint, unit, integration and end-to-end tests of this checkout')
      .option('--long'),
  ];
}

/** Commands made before settings were given do not have them. */
function inheritSettings(command: Command): void {
  command.configureOutput({ outputError: (text, write) => write(hintedLine(text, command)) });
  for (const sub of command.commands) {
    sub.copyInheritedSettings(command);
    inheritSettings(sub);
  }
}
