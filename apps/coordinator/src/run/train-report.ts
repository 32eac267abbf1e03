/** What `train` ends with: lines for people, or one line of JSON, which is the command line's contract. */
import { join } from 'node:path';
import type { RunDisplay } from '../display/run-display.js';
import { goOnText } from '../display/run-texts.js';
import { shellWord } from '../display/shell-word.js';
import { bitsOrNull } from '../loss-units.js';
import type { RunDirectory } from './run-directory.js';
import type { RunExecution } from './run-execution.js';
import { bestOf, type RunSummary } from './run-outcome.js';

/** Tells of a run that is done. @param reason of its end. */
export function tellDone(
  { summary, exactness: { notExactSince } }: Pick<RunExecution, 'summary' | 'exactness'>,
  directory: RunDirectory,
  display: RunDisplay,
  json: boolean,
  reason: string,
): void {
  if (!json) {
    const weights = join(directory.shownPath, 'weights', 'final.safetensors');
    const commands = {
      resume: resumeCommand(directory),
      best: `./rocinante sample ${shellWord(directory.shownPath)} --which best`,
    };
    process.stdout.write(display.closingText(weights, commands));
    return;
  }
  const { weightsSha256 } = summary!;
  const ended = { weightsSha256, notExactSince, runDir: directory.path };
  printJson({ outcome: 'done', reason, ...numbersOf(summary!), ...ended });
}

/** How a run was stopped: by its limits, or by whoever interrupted it. */
export interface Stopped {
  readonly reason: string;
  /** Steps of the whole run. */
  readonly stepsTotal: number;
  readonly interrupted: boolean;
}

/** Tells of a run that was stopped: it has its checkpoint, and no final weights. */
export function tellStopped(
  { reason, stepsTotal, interrupted }: Stopped,
  execution: RunExecution,
  directory: RunDirectory,
  display: RunDisplay,
  json: boolean,
): void {
  const { progress, epoch, loss, windowsPerSecond, traffic, checkpoint } = execution;
  const at = `stopped after step ${progress.step}`;
  // The reason may say it itself.
  const said = interrupted ? at : reason.startsWith(at) ? reason : `${at}: ${reason}`;
  display.line(`${said}; ${goOnText({ step: progress.step, stepsTotal }, resumeCommand(directory))}`);
  if (!json) return;
  const outcome = interrupted ? 'interrupted' : 'stopped';
  const validationLoss = progress.history.at(-1)?.validationLoss ?? null;
  // The loss is that of the epoch in progress.
  const figures = { steps: progress.step, epoch, loss, validationLoss, ...bestOf(progress) };
  const reached = { ...figures, windowsPerSecond, ...traffic };
  const { notExactSince } = execution.exactness;
  const ended = { weightsSha256: null, notExactSince, checkpoint, runDir: directory.path };
  printJson({ outcome, reason, ...numbersOf(reached), ...ended });
}

function resumeCommand({ shownPath }: RunDirectory): string {
  return `./rocinante train --resume --run-dir ${shellWord(shownPath)}`;
}

/** The figures that a run has however it ended. */
type Figures = Pick<
  RunSummary,
  | 'steps'
  | 'epoch'
  | 'validationLoss'
  | 'bestStep'
  | 'bestValidationLoss'
  | 'windowsPerSecond'
  | 'bytesSent'
  | 'bytesReceived'
> & { readonly loss: number | null };

function numbersOf({
  steps,
  epoch,
  loss,
  validationLoss,
  bestStep,
  bestValidationLoss,
  windowsPerSecond,
  bytesSent,
  bytesReceived,
}: Figures): Figures & { readonly validationBitsPerCharacter: number | null } {
  const validationBitsPerCharacter = bitsOrNull(validationLoss);
  const losses = { loss, validationLoss, validationBitsPerCharacter, bestStep, bestValidationLoss };
  return { steps, epoch, ...losses, windowsPerSecond, bytesSent, bytesReceived };
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
