import { RocinanteError } from '@rocinante/base';
import { cross, editBytes, INPUT_BYTES_MAX, type Edit } from './byte-edits.js';
import { Draw } from './draw.js';

/** A reader of bytes from outside, and what it is fuzzed with. */
export interface Target {
  readonly name: string;
  /** What our own writers make, which it reads without a word. */
  readonly inputs: readonly Uint8Array[];
  /** Edits that know the format: they reach what stands behind its first checks. */
  readonly edits: readonly Edit[];
  /**
   * Reads an input. Of errors it lets out what the reader threw.
   * @returns whether the reader took it.
   */
  readonly read: (bytes: Uint8Array) => boolean | Promise<boolean>;
}

/**
 * Characters of a line for a person, at most, whatever the bytes were. Below the bound that every error has: a reader that
 * relies on it shows its input without end.
 */
const LINE_LENGTH_MAX = 2000;

/** What an error says that a reader may not let out; null for one that it may. */
export function fault(error: unknown): string | null {
  if (error instanceof RocinanteError) return lineProblem(error.message);
  return error instanceof Error
    ? `${error.name}: ${error.message.split('\n')[0].slice(0, 200)}`
    : String(error);
}

/** Whether something takes its input. What it refuses as it should does not keep other readers from the input. */
export function taken(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (fault(error) !== null) throw error;
    return false;
  }
}

/** Why a text from a reader is not one line for a person; null for one that is. */
export function lineProblem(text: string): string | null {
  if (text.length > LINE_LENGTH_MAX) return `a message of ${text.length} characters`;
  // What moves a terminal's cursor is no character of a line.
  return /[\p{Cc}]/u.test(text) ? `a message of more than one line, or with control characters` : null;
}

/** Fails where a text from a reader is not one line for a person. */
export function expectLine(text: string): void {
  const problem = lineProblem(text);
  if (problem !== null) throw new Error(problem);
}

/** The input of this number. Number 0 and on are the target's own inputs as they are, and then edited ones. */
export function inputAt(target: Target, number: number, seed: number, index: number): Uint8Array {
  const { inputs, edits } = target;
  if (index < inputs.length) return inputs[index];
  const draw = new Draw(seed, number, index);
  if (draw.chance(0.02)) return draw.bytes(draw.length(4096));
  // A copy, and no Buffer: edits write into what `slice` gives them, which for a Buffer is the input itself.
  let bytes: Uint8Array = Uint8Array.from(draw.of(inputs));
  if (draw.chance(0.03)) bytes = cross(bytes, draw.of(inputs), draw);
  const knowing = edits.length > 0 && draw.chance(0.6);
  for (let more = true; more; more = draw.chance(0.5)) {
    const edited = knowing && draw.chance(0.95) ? draw.of(edits)(bytes, draw) : editBytes(bytes, draw);
    if (edited.length <= INPUT_BYTES_MAX) bytes = edited;
  }
  return bytes;
}
