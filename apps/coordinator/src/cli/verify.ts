import { resolve } from 'node:path';
import type { Command } from 'commander';
import { counted } from '../display/quantities.js';
import { unsilently } from '../display/long-work.js';
import type { Verification } from '../run/ledger/ledger-verification.js';
import { jsonOption } from './option-values.js';

const EXIT_WRONG = 1;

export function addVerify(program: Command, exit: (code: number) => void): void {
  program
    .command('verify')
    .description('check a run’s directory by its ledger: steps, windows, checkpoints, final weights')
    .argument('<run-dir>', 'a run’s directory, also one of a daemon')
    .addOption(jsonOption())
    .action(async (path: string, { json }: { json: boolean }) => {
      const { verifyRun } = await import('../run/ledger/ledger-verification.js');
      const runDir = resolve(path);
      const tell = (line: string): void => void process.stderr.write(`${line}\n`);
      const verification = await unsilently('reading the run', tell, () => verifyRun(runDir));
      const agrees = verification.problems.length === 0;
      for (const line of problemLines(verification)) process.stderr.write(`rocinante: ${line}\n`);
      process.stdout.write(
        json ? `${JSON.stringify({ runDir, agrees, ...verification })}\n` : verificationText(verification),
      );
      if (!agrees) exit(EXIT_WRONG);
    });
}

/** What is wrong, one line each. */
function problemLines({ problems }: Verification): string[] {
  return problems.map(
    ({ subject, line, problem }) => `${subject}${line === null ? '' : `, line ${line}`}: ${problem}`,
  );
}

function verificationText(verification: Verification): string {
  const { lines, steps, stepsTotal, stepsBefore, epochs, epochSteps } = verification;
  const { resumed, rollbacks, lost, takenAgain, checkpoints, weightsSha256, notices, problems } =
    verification;
  const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
  const begun = epochSteps === 0 ? '' : `, and ${counted(epochSteps, 'step')} of the next`;
  const unknown = stepsBefore === 0 ? '' : `; of the first ${counted(stepsBefore, 'step')} nothing is known`;
  const missing = steps < stepsTotal && problems.length === 0 ? 'none yet' : 'none that agree';
  const text = [
    `ledger        ${counted(lines, 'line')} in order: ${steps} of ${counted(stepsTotal, 'step')}`,
    `windows       ${counted(epochs, 'whole epoch')}${begun}${unknown}`,
    ...(resumed === 0 ? [] : [`resumed       ${times(resumed)}`]),
    ...(rollbacks === 0 ? [] : [`went back     ${times(rollbacks)}, since it had diverged`]),
    ...(resumed + rollbacks === 0 ? [] : [`taken again   ${takenAgainText(lost, takenAgain)}`]),
    `checkpoints   ${checkpoints.length === 0 ? 'none agrees' : `${checkpoints.join(', ')} agree`}`,
    `final weights ${weightsSha256 === null ? missing : `agree: ${weightsSha256}`}`,
    ...notices,
    problems.length === 0
      ? `everything agrees with the ledger${stepsBefore === 0 ? '' : `, from step ${stepsBefore + 1} on`}`
      : `${problems.length} ${problems.length === 1 ? 'thing is' : 'things are'} wrong`,
  ];
  return `${text.join('\n')}\n`;
}

/** A run that is shorter than it was does not take all steps again that its checkpoint was before; one under way not yet. */
function takenAgainText(lost: number, takenAgain: number): string {
  return lost === takenAgain
    ? counted(lost, 'step')
    : `${takenAgain} of ${counted(lost, 'step')} that were lost`;
}
