import { readFileSync, statSync } from 'node:fs';
import { oneLine, systemTrouble } from '@rocinante/base';
import { UsageError } from './errors.js';
import { isSettings, type Settings } from './settings.js';

/** Bytes of a configuration's file, at most: a run's own takes some 2 KB. */
const FILE_BYTES_MAX = 1 << 20;

/** A run's text, as its `config.json` names it. */
export interface RecordedText {
  /** `bundled`, `quijote` or a path; of a daemon's run the text's name alone. */
  readonly source: string;
  /** Of its bytes. */
  readonly sha256: string;
}

/** What `--config` names. */
export interface ConfigFile {
  /** As they stand there, checked by nobody yet. */
  readonly settings: Settings;
  /** null where the file is no run's own. */
  readonly text: RecordedText | null;
}

/**
 * Reads a file of settings, or a run's own `config.json`, which has its configuration beside what else there is to know of it.
 * @throws {UsageError} it is missing, too large, no JSON, or no object.
 */
export function readConfigFile(path: string): ConfigFile {
  const value = readJson(path);
  if (!isSettings(value)) throw new UsageError(`configuration ${path}: expected a JSON object`);
  const { config, corpus } = value;
  return isSettings(config)
    ? { settings: config, text: recordedText(corpus) }
    : { settings: value, text: null };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new UsageError(
        `configuration ${path}: expected at most ${FILE_BYTES_MAX} bytes, received ${size}`,
      );
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`configuration ${path}: cannot be read: ${systemTrouble(error, path)}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // What JSON.parse says has a piece of the text in it.
    const why = oneLine((error as Error).message, 200);
    throw new UsageError(`configuration ${path}: not JSON (${why})`, { cause: error });
  }
}

function recordedText(corpus: unknown): RecordedText | null {
  if (!isSettings(corpus)) return null;
  const { source, sha256 } = corpus;
  return typeof source === 'string' && typeof sha256 === 'string' ? { source, sha256 } : null;
}
