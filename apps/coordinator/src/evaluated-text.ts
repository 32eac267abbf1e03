/** Which text weights are evaluated on, and which part of it: of the run that they are of, or another. */
import { readConfigFile, type RecordedText } from './config-file.js';
import { textAt } from './config-text.js';
import type { Environment } from './corpus/corpus-file.js';
import { UsageError } from './errors.js';
import { runAt, type NamedWeights } from './named-weights.js';

/** What of a text is evaluated. */
export type EvaluatedPart = 'validation' | 'test' | 'all';

/** Of weights, where they lie, and what they say of the text that they have learned from. */
type Learned = Pick<NamedWeights, 'path' | 'textSha256'>;

/**
 * The text: the one that is given, else that of the run in whose directory the weights lie.
 * @returns a file, `bundled` or `quijote`.
 * @throws {UsageError} none is given, and there is no such run, or its text is not where it was, or has changed.
 */
export async function evaluatedText(
  { path }: Learned,
  given: string | undefined,
  environment: Environment,
): Promise<string> {
  if (given !== undefined) return given;
  const run = runAt(path);
  const recorded = run === undefined ? null : readConfigFile(run.configPath).text;
  if (run === undefined || recorded === null) {
    throw new UsageError(
      `--corpus: expected a text, for ${path} lies in no run's directory that names one, received none; give a file, bundled or quijote`,
    );
  }
  return textAt(`run directory ${run.shownPath}`, recorded, environment);
}

/**
 * The part: the one that is given, else of the run's own text what it validated on, and another text whole. Where nobody knows what the
 * run's text was, it counts as that, which a line says where no part is given.
 * @param corpus what messages call the text.
 * @returns also what is to be told of it, in a line; null for nothing.
 */
export function partOf(
  weights: Learned,
  given: EvaluatedPart | undefined,
  corpus: string,
  textSha256: string,
): { part: EvaluatedPart; line: string | null } {
  const own = weights.textSha256 ?? recordedText(weights.path)?.sha256;
  if (own === undefined && given === undefined) {
    const line = `${weights.path}: which text its run had is not known; this is part validation of ${corpus}, as of the run's own: --part all for another text`;
    return { part: 'validation', line };
  }
  if (own === undefined || own === textSha256) return { part: given ?? 'validation', line: null };
  if (given === undefined || given === 'all') return { part: 'all', line: null };
  const line = `--part ${given}: the run of ${weights.path} had another text; this is the piece of ${corpus} that it would have held out`;
  return { part: given, line };
}

/** The text of the run in whose directory the weights lie; null where there is none, or its record cannot be read. */
function recordedText(path: string): RecordedText | null {
  const run = runAt(path);
  try {
    return run === undefined ? null : readConfigFile(run.configPath).text;
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
