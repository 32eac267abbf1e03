import type { Command, Option } from 'commander';

/** Options of which several are rather meant together, and what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['--corpus', 'a run has one text: put several into one file, as with cat'],
  ['--config', 'a run has one configuration: put the settings into one file'],
  ['--init-from', 'a run begins with one file of weights'],
  ['--units', 'name those of all layers in one list: 512,256'],
  ['--gpus', 'name all cards in one list: 0,1'],
]);

/**
 * Refuses such an option that is given several times, with values that differ. Of any other option the last value counts, as
 * where a script's options are put before one's own.
 */
export function refuseRepeated(program: Command): void {
  for (const option of program.options) {
    const advice = ADVICE.get(option.long!);
    if (advice !== undefined) refuseSecond(program, option, advice);
  }
  for (const command of program.commands) refuseRepeated(command);
}

function refuseSecond(command: Command, option: Option, advice: string): void {
  let before: string | null = null;
  command.on(`option:${option.name()}`, (value: string) => {
    if (before !== null && before !== value) {
      command.error(`error: ${option.long}: expected it once, received several; ${advice}`);
    }
    before = value;
  });
}
