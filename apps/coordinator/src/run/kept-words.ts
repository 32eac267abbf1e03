/** The words of a run's text, kept beside its checkpoints: weights of these write whole words as the final ones do. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isExpected } from '../errors.js';
import { replaceFile } from './folders.js';
import type { PreparedRun } from './prepared-run.js';
import type { RunDirectory } from './run-directory.js';

/** Under this name a weights file carries the words of its text, as a JSON array. */
export const WORDS_ENTRY = 'words';

function pathIn({ path }: Pick<RunDirectory, 'path'>): string {
  return join(path, 'words.json');
}

/**
 * Keeps a text's most frequent words in the run's directory, where they are not there yet: a run has one text. The run does not
 * need them: a disk that does not take them is no reason to fail.
 * @returns what people should know, in one line; null for nothing.
 */
export function keepWords({ directory, words }: Pick<PreparedRun, 'directory' | 'words'>): string | null {
  if (existsSync(pathIn(directory))) return null;
  try {
    replaceFile(pathIn(directory), JSON.stringify(words));
    return null;
  } catch (error) {
    if (!isExpected(error)) throw error;
    return `${error.message}; weights of its checkpoints carry no words of its text`;
  }
}

/** What a weights file of the run carries of its words; nothing where an earlier release began it, or another machine did. */
export function wordsEntry(directory: Pick<RunDirectory, 'path'>): Record<string, string> {
  try {
    return { [WORDS_ENTRY]: readFileSync(pathIn(directory), 'utf8') };
  } catch {
    return {};
  }
}
