import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from '@rocinante/weights';
import { UsageError } from '../errors.js';
import type { Coordinator } from './coordinator.js';
import { DataSectionHash } from './data-section-hash.js';
import { CoordinatorError } from './errors.js';

export const WHICH_WEIGHTS = ['final', 'best', 'newest'] as const;
export type WhichWeights = (typeof WHICH_WEIGHTS)[number];

export interface PulledWeights {
  readonly path: string;
  readonly bytes: number;
  /** Of the whole file. */
  readonly sha256: string;
  /** Of its data section: the parameters' bytes. */
  readonly weightsSha256: string;
  /** Steps closed by then. */
  readonly step: number;
}

/**
 * Refuses a path that a file cannot be written to, before anything is fetched.
 * @throws {UsageError} there is something already, or its folder does not exist.
 */
export async function checkTarget(path: string, force: boolean): Promise<void> {
  const folder = dirname(path);
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) throw new UsageError(`--out ${path}: expected a file's name, received a folder`);
  if (there && !force) throw new UsageError(`--out ${path}: there is a file already; --force replaces it`);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new UsageError(`--out ${path}: the folder ${folder} does not exist`);
  }
}

/**
 * Fetches a run's weights into a file, which is there only when it is whole: its length and its SHA-256 are checked.
 * @throws {CoordinatorError} other bytes came than were announced. Nothing is left of them.
 */
export async function pullWeights(
  coordinator: Coordinator,
  run: string,
  which: WhichWeights,
  path: string,
  onProgress: (bytes: number, total: number) => void,
): Promise<PulledWeights> {
  let announced: { bytes: number; sha256: string; step: number } | null = null;
  let weightsSha256 = '';
  await writeAtomically(path, async (file) => {
    const hash = createHash('sha256');
    const data = new DataSectionHash();
    let received = 0;
    for await (const { bytes, sha256, step, data: piece } of coordinator.weights({ run, which })) {
      announced ??= { bytes, sha256, step };
      hash.update(piece);
      data.update(piece);
      await file.write(piece, received);
      received += piece.length;
      onProgress(received, announced.bytes);
      if (received > announced.bytes) break;
    }
    const damaged = (what: string): CoordinatorError =>
      new CoordinatorError(
        coordinator.address,
        `the weights of run ${run} arrived damaged: ${what}; pull them again`,
      );
    if (announced === null) throw damaged('expected a file, received nothing');
    if (received !== announced.bytes) {
      throw damaged(
        `expected ${announced.bytes} bytes, received ${received}${received > announced.bytes ? ' or more' : ''}`,
      );
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== announced.sha256)
      throw damaged(`expected SHA-256 ${announced.sha256}, received ${sha256}`);
    weightsSha256 = data.digest();
  });
  return { path, ...announced!, weightsSha256 };
}
