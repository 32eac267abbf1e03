import type { Command } from 'commander';

/** Adds a command to its parent. `words` are those behind the command's own name. */
export type AddCommand = (
  parent: Command,
  exit: (code: number) => void,
  words: readonly string[],
) => void | Promise<void>;

/** Loads the module that adds a command. */
export type LoadCommand = () => Promise<AddCommand>;

/**
 * Adds the command that is named first, and all of them where none is: for help, and to say that there is none of a name. To
 * load what the others are made of takes longer than many a command.
 *
 * Order: the map's.
 * @param words of the command line, from where the name is expected.
 */
export async function addNamed(
  parent: Command,
  exit: (code: number) => void,
  words: readonly string[],
  commands: ReadonlyMap<string, LoadCommand>,
): Promise<void> {
  const named = commands.get(words[0]);
  for (const load of named === undefined ? commands.values() : [named]) {
    const add = await load();
    await add(parent, exit, words.slice(1));
  }
}
