import { Argument } from 'commander';
import { RefusedError } from '../client/errors.js';

/** Of a command that may be given several runs. */
export function runsArgument(): Argument {
  return new Argument('<run...>', 'ids or names');
}

/**
 * Does the same with each of some runs, in their order. What a coordinator refuses of one is told, and does not keep the others from it.
 * @param act what is to be printed of the run, as JSON and in words.
 * @param exit told of 2 where one of several was refused.
 * @throws {RefusedError} of a single run.
 */
export async function withEachRun(
  names: readonly string[],
  json: boolean,
  act: (name: string) => Promise<readonly [object, string]>,
  exit: (code: number) => void,
): Promise<void> {
  const objects: object[] = [];
  for (const name of names) {
    try {
      const [object, text] = await act(name);
      objects.push(object);
      if (!json) process.stdout.write(`${text}\n`);
    } catch (error) {
      if (!(error instanceof RefusedError) || names.length === 1) throw error;
      process.stderr.write(`rocinante: ${error.message}\n`);
      exit(error.exitCode);
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(names.length === 1 ? objects[0] : { runs: objects })}\n`);
}
