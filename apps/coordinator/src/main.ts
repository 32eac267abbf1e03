import { Command, CommanderError, Help } from 'commander';
import { oneLine, RocinanteError, systemTrouble, usageLine } from '@rocinante/base';
import { addCerts } from './cli/certs.js';
import { addConfig } from './cli/config-print.js';
import { addSecurityOptions } from './cli/coordinator-option.js';
import { addCorpus } from './cli/corpus.js';
import { addDeploy } from './cli/deploy.js';
import { addDoctor } from './cli/doctor.js';
import { addReplay } from './cli/replay.js';
import { addRun } from './cli/run.js';
import { addSample } from './cli/sample.js';
import { addServe } from './cli/serve.js';
import { addSimulate } from './cli/simulate.js';
import { addSupport } from './cli/support.js';
import { addTrain } from './cli/train.js';
import { addVerify } from './cli/verify.js';
import { addWeights } from './cli/weights.js';
import { VERSION } from './version.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * The command line: parses, runs one command, and says what went wrong in one line.
 * @param argv the words after `rocinante`.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  // Whoever reads our output may stop reading: `sample … | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const program: Command = new Command('rocinante')
    .description('trains character LSTMs over many workers, exact to the bit')
    .version(`rocinante ${VERSION}`, '--version', 'this release')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .configureHelp({
      visibleCommands: (command) => {
        const commands = new Help().visibleCommands(command);
        // The last one is `help`.
        if (command === program) commands.splice(-1, 0, ...launcherCommands());
        return commands;
      },
    });
  const exit = (code: number): void => {
    exitCode = code;
  };
  addTrain(program, exit);
  addServe(program, exit);
  addRun(program, exit);
  addWeights(program);
  addSample(program);
  addCorpus(program);
  addVerify(program, exit);
  addReplay(program, exit);
  addSimulate(program, exit);
  addDoctor(program, exit);
  addSupport(program);
  addCerts(program);
  addDeploy(program, exit);
  addConfig(program);
  addSecurityOptions(program);
  inheritSettings(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof RocinanteError) {
      process.stderr.write(`rocinante: ${error.message}\n`);
      return error.exitCode;
    }
    // The operating system's refusals, a full disk for one, are a person's matter too.
    if (error instanceof Error && 'syscall' in error) {
      process.stderr.write(`rocinante: ${oneLine(systemTrouble(error))}\n`);
      return EXIT_FAILED;
    }
    throw error;
  }
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
  for (const sub of command.commands) {
    sub.copyInheritedSettings(command);
    inheritSettings(sub);
  }
}
