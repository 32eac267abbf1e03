import { oneLine, sha256 } from '@rocinante/base';
import { readConfigFile, type RecordedText } from './config-file.js';
import { readCorpus, type Environment } from './corpus/corpus-file.js';
import { isExpected, UsageError } from './errors.js';

/** What every preset is trained on. */
const DEFAULT_CORPUS = 'bundled';

/** Of a SHA-256 so many characters are told, which is enough to know one. */
const HASH_SHOWN = 12;

/** The options that say what a run's text is. */
export interface TextFlags {
  /** A file, `bundled` or `quijote`. */
  readonly corpus?: string | undefined;
  /** The path of a configuration: where it is a run's own `config.json`, it names that run's text. */
  readonly config?: string | undefined;
}

/**
 * The text of a run that begins: the one that is given, else that of the run whose configuration is given, else the bundled one.
 * @returns a file, `bundled` or `quijote`.
 * @throws {UsageError} that run's text is not where it was, or has changed.
 */
export async function textOf({ corpus, config }: TextFlags, environment: Environment): Promise<string> {
  if (corpus !== undefined) return corpus;
  const recorded = config === undefined ? null : readConfigFile(config).text;
  if (recorded === null) return DEFAULT_CORPUS;
  return textAt(`configuration ${config}`, recorded, environment);
}

/**
 * The text that a run had, as it was.
 * @param subject what names the run.
 * @returns its file, `bundled` or `quijote`.
 * @throws {UsageError} it is not where it was, or has changed.
 */
export async function textAt(
  subject: string,
  recorded: RecordedText,
  environment: Environment,
): Promise<string> {
  const received = await whatIsThere(recorded, environment);
  if (received === null) return recorded.source;
  throw new UsageError(
    `${subject}: the run's text was ${shown(recorded)}, which is ${received}; give it with --corpus`,
  );
}

/** What is to be told where the text is not that of the run whose configuration is given, in a line; else null. */
export function otherTextLine({ config }: TextFlags, textSha256: string): string | null {
  const recorded = config === undefined ? null : readConfigFile(config).text;
  if (recorded === null || recorded.sha256 === textSha256) return null;
  return `--config ${config}: its run had another text, ${shown(recorded)}; this run's has SHA-256 ${short(textSha256)}`;
}

/** null where the text is there as it was; else what is, in words. */
async function whatIsThere(
  { source, sha256: wanted }: RecordedText,
  environment: Environment,
): Promise<string | null> {
  let bytes: Uint8Array;
  try {
    ({ bytes } = await readCorpus(source, environment));
  } catch (error) {
    if (!isExpected(error)) throw error;
    return 'not there';
  }
  const found = sha256(bytes);
  return found === wanted ? null : `another by now, with SHA-256 ${short(found)}`;
}

/** A text's name with what it is known by. */
function shown({ source, sha256 }: RecordedText): string {
  return `${oneLine(source)} (SHA-256 ${short(sha256)})`;
}

function short(sha256: string): string {
  return `${oneLine(sha256).slice(0, HASH_SHOWN)}…`;
}
