import type { z } from 'zod';
import { oneLine, quoted } from '@rocinante/base';

/** Of zod's word on an issue, in a line: it names every key that it does not know, as it was given. */
const EXPECTED_LENGTH_MAX = 200;

/** An option that was given on the command line, and the setting that it gives. */
export interface GivenOption {
  /** The setting's keys, joined by dots: `batch.size`. */
  readonly setting: string;
  /** As it was given: `--batch 33`. */
  readonly text: string;
}

/** What is wrong with a configuration, in a line. */
export interface DescribedIssue {
  readonly line: string;
  /** Whether the line names an option, so that nobody looks for the trouble in a file. */
  readonly namesOption: boolean;
}

/**
 * Says what is wrong with a configuration: under the option that gave the value, or where another value of its group does
 * not go with it, under those options; else under its key. Whoever gave options is told of other settings by their options too.
 * @param root the configuration as it was checked.
 * @param options by the keys of the settings that have one: `batch.microBatch` is `--micro-batch`.
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  root: unknown,
  given: readonly GivenOption[],
  options: ReadonlyMap<string, string>,
): DescribedIssue {
  const key = issue.path.join('.');
  const value = valueAt(root, issue.path);
  // zod's own word on what it received is a type's name; ours is the value.
  const told = issue.message.replace(/^Invalid input: /, '').replace(/, received \w+$/, '');
  const expected = oneLine(lowerFirst(told), EXPECTED_LENGTH_MAX);
  if (issue.code === 'unrecognized_keys') {
    const unknown = given.filter(({ setting }) => issue.keys.some((name) => setting === `${key}.${name}`));
    if (unknown.length === 0) return byKey(key, expected);
    const kind = String((value as { readonly kind?: unknown }).kind);
    return byOption(unknown, `${key} ${kind} has no such setting`);
  }
  // An option gives a setting of every layer at once.
  const plain = issue.path.filter((part) => typeof part !== 'number').join('.');
  const exact = given.filter(({ setting }) => setting === plain || setting.startsWith(`${plain}.`));
  if (exact.length > 0) return byOption(exact, inOptions(expected, options));
  // What was received is told as it was given, whatever it looks like.
  const received = `, received ${quoted(value)}`;
  const group = issue.path.length > 1 ? `${String(issue.path[0])}.` : null;
  const beside = group === null ? [] : given.filter(({ setting }) => setting.startsWith(group));
  return beside.length > 0
    ? byOption(beside, inOptions(`${key}: ${expected}`, options) + received)
    : byKey(key, expected + received);
}

function byOption(options: readonly GivenOption[], what: string): DescribedIssue {
  return { line: `${options.map(({ text }) => text).join(' ')}: ${what}`, namesOption: true };
}

/** The words with options in place of the keys of settings. */
function inOptions(words: string, options: ReadonlyMap<string, string>): string {
  return words.replace(/\b[a-z]\w*\.\w+\b/gi, (key) => options.get(key) ?? key);
}

function byKey(key: string, what: string): DescribedIssue {
  return { line: `${key === '' ? '' : `${key}: `}${what}`, namesOption: false };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], root);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
