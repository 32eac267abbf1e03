/** What a run's directory holds of what is to be in the store. */
import { existsSync } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryStore } from '@rocinante/checkpoint';
import { FileChangedError, hashRange, wholeLines } from './file-range.js';
import type { StoredCheckpoint } from './manifest.js';

/** A checkpoint's file as it is now. */
export type LocalCheckpoint = Omit<StoredCheckpoint, 'needed'>;

/** Lines that a run that went back has abandoned. */
const ABANDONED = /^abandoned-\d{1,6}\.jsonl$/;

/** A run's directory, read only. Hashes of checkpoints are taken once as long as a file is the same. */
export class LocalFiles {
  readonly directory: string;
  readonly checkpoints: DirectoryStore;
  readonly #paths: ReadonlyMap<string, string>;
  readonly #hashes = new Map<string, { readonly identity: string; readonly sha256: string }>();

  /** @param paths of the files beside checkpoints and weights, where they are there, by their names in the store. */
  constructor(directory: string, paths: ReadonlyMap<string, string>) {
    this.directory = directory;
    this.checkpoints = new DirectoryStore(join(directory, 'checkpoints'));
    this.#paths = paths;
  }

  get weightsPath(): string {
    return join(this.directory, 'weights', 'final.safetensors');
  }

  checkpointPath(name: string): string {
    return join(this.checkpoints.directory, name);
  }

  /** The files beside checkpoints and weights that are there, those of abandoned lines too: names, and where each is. */
  async files(): Promise<[name: string, path: string][]> {
    const abandoned = (await readdir(this.directory)).filter((name) => ABANDONED.test(name));
    return [
      ...[...this.#paths].filter(([, path]) => existsSync(path)),
      ...abandoned.map((name): [string, string] => [name, join(this.directory, name)]),
    ];
  }

  /** @throws {FileChangedError} it is gone. */
  checkpoint(name: string): Promise<LocalCheckpoint> {
    return withFile(this.checkpointPath(name), (file) => this.describe(name, file));
  }

  /** What an open file is, of a checkpoint. */
  async describe(name: string, file: FileHandle): Promise<LocalCheckpoint> {
    return { step: stepOf(name), name, ...(await this.whole(name, file)) };
  }

  /** The length and hash of a whole file that nobody writes to. */
  async whole(name: string, file: FileHandle): Promise<{ bytes: number; sha256: string }> {
    const { ino, mtimeMs, size: bytes } = await file.stat();
    const identity = `${ino} ${mtimeMs} ${bytes}`;
    const known = this.#hashes.get(name);
    const sha256 = known?.identity === identity ? known.sha256 : await hashRange({ file, from: 0, bytes });
    this.#hashes.set(name, { identity, sha256 });
    return { bytes, sha256 };
  }
}

/** The step that a checkpoint's name says. */
export function stepOf(name: string): number {
  return Number(/\d+/.exec(name)![0]);
}

/** Whether a file grows line by line; others are replaced whole. */
export function grows(name: string): boolean {
  return name.endsWith('.jsonl');
}

/** Bytes of a file that grows: up to the last line's end. */
export async function wholeBytes(file: FileHandle): Promise<number> {
  return wholeLines(file, (await file.stat()).size);
}

/** @throws {FileChangedError} the file is not there. */
export async function withFile<Result>(
  path: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException): never => {
    throw error.code === 'ENOENT' ? new FileChangedError(undefined, { cause: error }) : error;
  });
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
