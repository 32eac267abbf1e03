import { Argument, Option } from 'commander';
import { quoted } from '@rocinante/base';
import { RefusedError } from '../client/errors.js';
import { UsageError } from '../errors.js';

/** Of a command that may be given several runs. */
export function runsArgument(): Argument {
  return new Argument('<run...>', 'ids or names');
}

/** What a script reads of them. */
export function runsJsonOption(): Option {
  const what = 'end with one line of JSON on standard output; of several runs without those that are refused';
  return new Option('--json', what).default(false);
}

/**
 * Does the same with each of some runs, in their order. What is refused of one, by a coordinator or by what was given, is told with its
 * name, and does not keep the others from it. What was done is printed whatever ends the command.
 * @param act what is to be printed of the run, as JSON and in words.
 * @param exit told of 2 where one of several was refused.
 * @throws {RefusedError | UsageError} of a single run. @throws {RocinanteError} the connection was lost: those behind are not tried.
 */
export async function withEachRun(
  names: readonly string[],
  json: boolean,
  act: (name: string) => Promise<readonly [object, string]>,
  exit: (code: number) => void,
): Promise<void> {
  const isOne = names.length === 1;
  const objects: object[] = [];
  let isThrough = false;
  try {
    for (const name of names) {
      try {
        const [object, text] = await act(name);
        objects.push(object);
        if (!json) process.stdout.write(`${text}\n`);
      } catch (error) {
        const isRefused = error instanceof RefusedError || error instanceof UsageError;
        if (!isRefused || isOne) throw error;
        process.stderr.write(`rocinante: ${withName(name, error.message)}\n`);
        exit(error.exitCode);
      }
    }
    isThrough = true;
  } finally {
    if (json && (isThrough || objects.length > 0)) {
      process.stdout.write(`${JSON.stringify(isOne ? objects[0] : { runs: objects })}\n`);
    }
  }
}

/** A coordinator's refusal names its run already: by its id, or as it was given where there is none. */
function withName(name: string, message: string): string {
  const names = [`run ${name}:`, `run ${name} `, `run ${quoted(name)}`];
  return names.some((own) => message.startsWith(own)) ? message : `run ${name}: ${message}`;
}
