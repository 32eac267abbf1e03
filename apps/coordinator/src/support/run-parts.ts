import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UsageError } from '../errors.js';
import {
  FILES_MAX,
  HASHED_BYTES_MAX,
  LEDGER_BYTES_MAX,
  LEDGER_LINES_MAX,
  LINES_BYTES_MAX,
  PART_BYTES_MAX,
} from './limits.js';
import { headOf, isPart, jsonPart, tailPart, type PartOrMissing } from './part.js';

const IN_EVERY_RUN = 'every run has one: see whether --run-dir names the whole of its directory';
const OF_A_COORDINATOR =
  'a coordinator’s run has one, in runs/<id> of serve’s --data, and a run of train has none';

/** What is packed of a run's directory, and what is said where it is not there. */
const FILES = [
  { name: 'config.json', bytesMax: PART_BYTES_MAX, absent: IN_EVERY_RUN },
  { name: 'run.json', bytesMax: PART_BYTES_MAX, absent: OF_A_COORDINATOR },
  { name: 'events.jsonl', bytesMax: LINES_BYTES_MAX, absent: IN_EVERY_RUN },
  { name: 'log.jsonl', bytesMax: LINES_BYTES_MAX, absent: OF_A_COORDINATOR },
  {
    name: 'ledger.jsonl',
    bytesMax: LEDGER_BYTES_MAX,
    linesMax: LEDGER_LINES_MAX,
    absent: 'a run has one, but for train --no-ledger; without it who computed what is not known',
  },
] as const;

/** What is in a run's directory, as far as it helps to understand the run. No checkpoint, weights or text. */
export async function directoryParts(directory: string): Promise<PartOrMissing[]> {
  const parts = FILES.map(({ name, ...bounds }) => tailPart(name, join(directory, name), bounds));
  if (!parts.some(isPart)) {
    throw new UsageError(
      `--run-dir ${directory}: expected a run’s directory, received one without config.json and logs`,
    );
  }
  return [...parts, jsonPart('files.json', await filesOf(directory))];
}

interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  readonly changed: string;
  /** Null where so many bytes were hashed already, it cannot be read, or it is no file. */
  readonly sha256: string | null;
  readonly what: 'file' | 'folder' | 'link' | 'other';
  readonly to?: string;
}

/** Every file below a directory, the first FILES_MAX in the order of their names. */
async function filesOf(
  directory: string,
): Promise<{ readonly files: ListedFile[]; readonly leftOut: number }> {
  const names = (await readdir(directory, { recursive: true })).sort();
  const files: ListedFile[] = [];
  let hashed = 0;
  for (const name of names.slice(0, FILES_MAX)) {
    const path = join(directory, name);
    const stat = await lstat(path).catch(() => null);
    if (stat === null) continue;
    const mayHash = stat.isFile() && hashed + stat.size <= HASHED_BYTES_MAX;
    if (mayHash) hashed += stat.size;
    const what = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'folder'
        : stat.isSymbolicLink()
          ? 'link'
          : 'other';
    files.push({
      path: relative(directory, path),
      bytes: stat.size,
      changed: stat.mtime.toISOString(),
      sha256: mayHash ? await hashOf(path).catch(() => null) : null,
      what,
      ...(what === 'link' && { to: await readlink(path) }),
    });
  }
  return { files, leftOut: Math.max(0, names.length - FILES_MAX) };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** The same as far as the text of a configuration is known from afar. */
export function configPart(configJson: string): PartOrMissing {
  try {
    return jsonPart('config.json', JSON.parse(configJson));
  } catch {
    return headOf('config.json', configJson, PART_BYTES_MAX);
  }
}
