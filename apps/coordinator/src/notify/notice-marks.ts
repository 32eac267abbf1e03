import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../run/folders.js';

const marksSchema = z.strictObject({
  version: z.literal(1),
  /** When the run was last queued: one that is resumed by an operator ends anew. */
  queuedAt: z.string(),
  /** Whether the receiver has the notice of its end. */
  ended: z.boolean(),
  /** Whether it has one that the run is stuck, and none yet that it goes on. */
  stuck: z.boolean(),
});

/** What was told of a run already: `notices.json` in its directory. */
export type NoticeMarks = z.infer<typeof marksSchema>;

/** Null where there are none, or none of this release. */
export function readMarks(directory: string): NoticeMarks | null {
  const path = marksPath(directory);
  if (!existsSync(path)) return null;
  try {
    return marksSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** @throws {RunFailedError} they cannot be written: what was told may be told once more. */
export function writeMarks(directory: string, marks: NoticeMarks): void {
  replaceFile(marksPath(directory), `${JSON.stringify(marks)}\n`);
}

function marksPath(directory: string): string {
  return join(directory, 'notices.json');
}
