import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { EngineDescriptionMessage } from '@rocinante/wire';
import { UsageError } from '../errors.js';
import { engineSchema, logEntrySchema } from './log/log-entries.js';

/** Who set a run's joining proof, for people: the worker's name, and what it computes on. */
export interface ProofSetter {
  readonly worker: string;
  readonly engine: EngineDescriptionMessage | null;
}

/** What a run knows of its exactness: it goes into every checkpoint, and out of one on resume. */
export interface Exactness {
  /** The joining proof that the first worker set, while no step was closed; empty before. */
  readonly proof: string;
  /** Null before, and where it is not known. */
  readonly setBy: ProofSetter | null;
  /** Steps closed when a worker of another kind was first admitted: those after them are not exact. Null while all are. */
  readonly notExactSince: number | null;
}

/** Before any worker came. */
export const NOT_PROVEN: Exactness = { proof: '', setBy: null, notExactSince: null };

const setterSchema = z.object({ worker: z.string(), engine: engineSchema });

/** The entries of a checkpoint's further data that, beside the proof itself, say how exact its run is. */
export function furtherOf({ setBy, notExactSince }: Exactness): Record<string, string> {
  return {
    ...(setBy && { joiningProofSetBy: JSON.stringify(setBy) }),
    ...(notExactSince !== null && { exactness: `not exact since step ${notExactSince}` }),
  };
}

/** Those entries of a checkpoint's further data, to the letter. */
export function exactnessEntries({
  joiningProofSetBy,
  exactness,
}: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...(joiningProofSetBy !== undefined && { joiningProofSetBy }),
    ...(exactness !== undefined && { exactness }),
  };
}

/**
 * @param proof the checkpoint's joining proof; @param further its further data.
 * @throws {UsageError} they are not as `furtherOf` writes them.
 */
export function exactnessOf(proof: string, further: Readonly<Record<string, string>>): Exactness {
  const { joiningProofSetBy = 'null', exactness } = further;
  const since = exactness === undefined ? null : /^not exact since step (\d+)$/.exec(exactness);
  const setBy = setterSchema.nullable().safeParse(jsonOf(joiningProofSetBy));
  if (!setBy.success || (exactness !== undefined && since === null)) {
    throw new UsageError(
      'checkpoint: what it says of its exactness is not as this release writes it; remove it',
    );
  }
  return { proof, setBy: setBy.data, notExactSince: since && Number(since[1]) };
}

/**
 * The exactness with which a run goes on: its checkpoint's; and where that is from before any worker came, with the proof that
 * the event log tells of, so that a coordinator killed before its first checkpoint with a proof goes on to the same bits.
 *
 * A proof of which no step was made binds nobody: who set it may be gone for good, and all others parked.
 * @param isAtFirstStep the run goes on with its first step, and has not gone back there.
 */
export async function goingOnWith(
  checkpoint: Exactness,
  eventsPath: string,
  isAtFirstStep: boolean,
): Promise<Exactness> {
  if (checkpoint.proof !== '' && !isAtFirstStep) return checkpoint;
  if (!statSync(eventsPath, { throwIfNoEntry: false })?.size) return checkpoint;
  const { logged, hasSteps } = await provenBefore(eventsPath);
  if (isAtFirstStep && !hasSteps) return NOT_PROVEN;
  return checkpoint.proof !== '' ? checkpoint : (logged ?? checkpoint);
}

/** The proof that was set last before an event log's first step; and whether there is a step. */
async function provenBefore(
  eventsPath: string,
): Promise<{ readonly logged: Exactness | null; readonly hasSteps: boolean }> {
  const input = createReadStream(eventsPath);
  let logged: Exactness | null = null;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line.includes('"event":"step"')) return { logged, hasSteps: true };
      const proven = line.includes('"event":"joining-proof"') ? logEntrySchema.safeParse(jsonOf(line)) : null;
      if (proven?.data?.event !== 'joining-proof') continue;
      const { sha256, worker, engine } = proven.data;
      logged = { proof: sha256, setBy: { worker, engine }, notExactSince: null };
    }
    return { logged, hasSteps: false };
  } finally {
    input.destroy();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
