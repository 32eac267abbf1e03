import type { Command, Option } from 'commander';

/** Options of which several are rather meant together, and what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['--corpus', 'a run has one text: put several into one file, as with cat'],
  ['--config', 'a run has one configuration: put the settings into one file'],
  ['--init-from', 'a run begins with one file of weights'],
]);

/**
 * Watches for options of one value that are given several times, with values that differ: commander takes the last in silence. Those
 * that are rather meant together are refused; of the others the last counts, as where a script's options are put before one's own.
 *
 * Values stay out of what is told: one may hold a secret.
 * @returns what is to be told once the words are parsed, a line an option, in the order in which they were given.
 */
export function watchRepeated(program: Command): () => string[] {
  const told = new Set<string>();
  const watch = (command: Command): void => {
    for (const option of command.options) {
      if (option.required || option.optional) watchOption(command, option, told);
    }
    for (const sub of command.commands) watch(sub);
  };
  watch(program);
  return () => [...told].map((long) => `${long}: expected it once, received several; the last one counts`);
}

function watchOption(command: Command, option: Option, told: Set<string>): void {
  const long = option.long!;
  let before: string | null = null;
  command.on(`option:${option.name()}`, (value: string) => {
    const differs = before !== null && before !== value;
    before = value;
    // What may be given again gathers its values in a list.
    if (!differs || Array.isArray(command.getOptionValue(option.attributeName()))) return;
    const advice = ADVICE.get(long);
    if (advice !== undefined) command.error(`error: ${long}: expected it once, received several; ${advice}`);
    told.add(long);
  });
}
