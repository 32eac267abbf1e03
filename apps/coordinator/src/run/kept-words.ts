/** The words of a run's text, kept beside its checkpoints: weights of these write whole words as the final ones do. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDirectory } from './run-directory.js';
import { replaceFile } from './folders.js';

/** Under this name a weights file carries the words of its text, as a JSON array. */
export const WORDS_ENTRY = 'words';

function pathIn({ path }: Pick<RunDirectory, 'path'>): string {
  return join(path, 'words.json');
}

/**
 * Keeps a text's most frequent words in the run's directory, where they are not there yet: a run has one text.
 * @throws {RunFailedError} the disk did not take them.
 */
export function keepWords(directory: RunDirectory, words: readonly string[]): void {
  if (!existsSync(pathIn(directory))) replaceFile(pathIn(directory), JSON.stringify(words));
}

/** What a weights file of the run carries of its words; nothing where an earlier release began it, or another machine did. */
export function wordsEntry(directory: Pick<RunDirectory, 'path'>): Record<string, string> {
  try {
    return { [WORDS_ENTRY]: readFileSync(pathIn(directory), 'utf8') };
  } catch {
    return {};
  }
}
