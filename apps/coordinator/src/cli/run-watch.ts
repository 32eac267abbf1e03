import type { Command } from 'commander';
import type { Coordinator, ShownRun } from '../client/coordinator.js';
import { outcomeJson } from '../client/run-json.js';
import { stateWord } from '../client/run-state.js';
import { watchRun } from '../client/watch.js';
import { stateText } from '../display/entry-text.js';
import { RunDisplay } from '../display/run-display.js';
import { goOnText } from '../display/run-texts.js';
import { RunFailedError } from '../errors.js';
import { EXIT_DONE, EXIT_INTERRUPTED, EXIT_STOPPED } from '../exit-codes.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addRunWatch(run: Command, exit: (code: number) => void): void {
  run
    .command('watch')
    .description(
      'show a run as train does, until it ends: 0 where it is done, 3 where somebody stopped it; Ctrl-C ends the watching, not the run',
    )
    .argument('<run>', 'its id or name')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: ClientFlags) =>
      withCoordinator(flags, async (coordinator) => exit(await watchToEnd(coordinator, name, flags.json))),
    );
}

/**
 * Watches a run to its end.
 * @returns the exit code: 0 it is done, or stopped by its limit, 3 somebody stopped it, 130 interrupted.
 * @throws {RunFailedError} the run failed.
 */
export async function watchToEnd(coordinator: Coordinator, run: string, json: boolean): Promise<number> {
  const { stderr } = process;
  const display = new RunDisplay({ terminal: stderr.isTTY && !json, stream: stderr });
  const watching = new AbortController();
  const stopWatching = (): void => watching.abort();
  process.once('SIGINT', stopWatching).once('SIGTERM', stopWatching);
  try {
    const ended = await watchRun(coordinator, run, { display, signal: watching.signal });
    display.finished();
    if (ended !== null) return sayEnd(ended, display, json);
    display.line(
      `run ${run} is left alone; watch it again with: ./rocinante run watch ${run}; stop it with: ./rocinante run stop ${run}`,
    );
    // The watching ended, not the run.
    return EXIT_INTERRUPTED;
  } finally {
    process.off('SIGINT', stopWatching).off('SIGTERM', stopWatching);
    display.finished();
  }
}

function sayEnd(ended: ShownRun, display: RunDisplay, json: boolean): number {
  const { id, state, reason } = ended.summary;
  const outcome = outcomeJson(ended, display.summary);
  if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  const word = stateWord(state);
  // The reason may be a sentence of the run's own: `stopped after step 12: lunch`.
  const said = stateText(word, reason);
  if (word === 'failed') throw new RunFailedError(`run ${id} ${said}; see ./rocinante run show ${id}`);
  if (word === 'stopped') {
    const command = `./rocinante run resume ${id}${furtherHours(ended)}`;
    display.line(`${said}; ${goOnText(ended.summary, command)}`);
    return timeIsOver(ended) ? EXIT_DONE : EXIT_STOPPED;
  }
  const { loss, weightsSha256 } = outcome;
  if (!json && loss !== null && weightsSha256 !== null) {
    const how = `./rocinante weights pull ${id} --out ${id}.safetensors`;
    const commands = {
      resume: `./rocinante run resume ${id}`,
      best: `./rocinante weights pull ${id} --which best --out ${id}-best.safetensors`,
    };
    process.stdout.write(display.closingText(how, commands, { ...outcome, loss, weightsSha256 }));
  }
  return EXIT_DONE;
}

/** A run whose time is over goes on only with more of it. */
function furtherHours(ended: ShownRun): string {
  return timeIsOver(ended) ? ` --max-hours ${2 * ended.limits.maxHours}` : '';
}

function timeIsOver({ summary, limits }: ShownRun): boolean {
  return limits.maxHours > 0 && summary.activeHours >= limits.maxHours;
}
