import type { Command } from 'commander';
import { oneLine, usageLine } from '@rocinante/base';
import { shellWord } from './display/shell-word.js';

/**
 * What commander writes of wrong usage, as a line of ours, with what may have been meant where commander has no guess: an option of
 * which the word is a longer or shorter form, a text that was given without `--corpus`, or the commands that there are.
 * @param command the one that refuses its words.
 */
export function hintedLine(text: string, command: Command): string {
  const line = usageLine(text);
  if (line.includes('; did you mean ')) return line;
  const hint = hintOf(text, command);
  return hint === null ? line : line.replace(/\.?\n$/, `; ${hint}\n`);
}

function hintOf(text: string, command: Command): string | null {
  const [, option] = /unknown option '(--\w[^'=]*)/.exec(text) ?? [];
  if (option !== undefined) return optionHint(option, command);
  if (text.startsWith('error: too many arguments')) return textHint(command);
  if (text.startsWith('error: unknown command')) return commandHint(command);
  return null;
}

/** `--data` for `--data-dir`, and the other way round. */
function optionHint(given: string, command: Command): string | null {
  const near = command.options.flatMap(({ long, hidden }) =>
    long && !hidden && (long.startsWith(`${given}-`) || given.startsWith(`${long}-`)) ? [long] : [],
  );
  if (near.length === 0) return null;
  return `did you mean ${near.length > 1 ? 'one of ' : ''}${near.join(', ')}?`;
}

function textHint(command: Command): string | null {
  const [word] = command.args;
  if (command.args.length !== 1 || command.registeredArguments.length > 0) return null;
  return command.options.some(({ long }) => long === '--corpus')
    ? `did you mean --corpus ${oneLine(shellWord(word))}?`
    : null;
}

function commandHint(command: Command): string {
  if (command.parent === null) return 'see ./rocinante --help';
  return `expected one of ${command.commands.map((sub) => sub.name()).join(', ')}`;
}
