import { dirname, join } from 'node:path';
import { systemTrouble } from '@rocinante/base';
import { RunFailedError } from '../../errors.js';
import { linesOf } from './file-lines.js';
import { logEntrySchema, type RunLogEntry } from './log-entries.js';
import { ReplacedLines } from './replaced-lines.js';

/** Entries that tell of steps: after a resume those of later steps come again, and are written again. */
export const REPEATED: ReadonlySet<string> = new Set<RunLogEntry['event']>([
  'step',
  'issued-again',
  'evaluation',
  'checkpoint',
  'stored',
  'sample',
  'summary',
]);

/**
 * Removes lines about steps beyond the one that a run goes on from, and a last line that was cut, in one pass. A log that
 * lacks a return has what is removed moved to a file of its own.
 * @param returns how often the run has gone back.
 * @param moves whether to move it: where the log does not tell of the last return, or always.
 * @returns whether the log does not tell of the last return.
 * @throws {RunFailedError} it cannot be read, or written; it is as it was.
 */
export async function keepUntil(
  path: string,
  step: number,
  returns: number,
  moves: 'untold' | 'always',
): Promise<{ readonly lacksReturn: boolean }> {
  const begun: ReplacedLines[] = [];
  const begin = async (path: string): Promise<ReplacedLines> => {
    const lines = await ReplacedLines.begin(path);
    begun.push(lines);
    return lines;
  };
  try {
    const kept = await begin(path);
    const abandoned = returns > 0 ? await begin(join(dirname(path), `abandoned-${returns}.jsonl`)) : null;
    let told = 0;
    for await (const line of linesOf(path)) {
      const about = placeOf(line);
      if (about === null) continue;
      await (about.event !== null && REPEATED.has(about.event) && about.step > step ? abandoned : kept)?.add(
        line,
      );
      if (returns > 0 && about.event === 'went-back') told = Math.max(told, timesOf(line));
    }
    const lacksReturn = returns > told;
    if (moves === 'always' || lacksReturn) await abandoned?.replace();
    await kept.replace();
    return { lacksReturn };
  } catch (error) {
    throw new RunFailedError(`${path}: cannot be written: ${systemTrouble(error, path)}`, { cause: error });
  } finally {
    for (const lines of begun) await lines.discard();
  }
}

/** Of which step a line is; null for one that was cut. */
function placeOf(line: string): { readonly event: string | null; readonly step: number } | null {
  try {
    const entry = JSON.parse(line) as { event?: string; step?: number; atStep?: number };
    return { event: entry.event ?? null, step: entry.step ?? entry.atStep ?? 0 };
  } catch {
    return null;
  }
}

/** The how manyth return it was that a line tells of; 0 where it is no line of ours. */
function timesOf(line: string): number {
  const entry = entryOf(line);
  return entry?.event === 'went-back' ? entry.times : 0;
}

/** Null for a line that was cut, and for one of another release. */
function entryOf(line: string): RunLogEntry | null {
  try {
    return logEntrySchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
