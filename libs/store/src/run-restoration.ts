import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { makeFolder } from '@rocinante/base';
import { DirectoryStore } from '@rocinante/checkpoint';
import { writeAtomically, type WritableFile } from '@rocinante/weights';
import { StoreError } from './errors.js';
import { PART_BYTES } from './limits.js';
import {
  checkpointKey,
  checkpointsOf,
  partKey,
  WEIGHTS_KEY,
  type FilePart,
  type Manifest,
  type StoredCheckpoint,
} from './manifest.js';
import type { ObjectStore } from './object-store.js';

/** What came of filling a directory. */
export interface Restoration {
  /** What is there, without the damaged. */
  readonly manifest: Manifest;
  /** Damaged or missing objects of the store, each with what is wrong. */
  readonly passedOver: readonly { readonly name: string; readonly reason: string }[];
}

/** The file whose being there says that a run is: it is written last, so that what is cut short can begin anew. */
const RECORD = 'config.json';

/**
 * Fills a run's directory from the store: the newest good checkpoint, those that are needed beside it, the final weights and
 * the other files. Every object is checked by its SHA-256 while it comes.
 * @param pathOf where a file beside checkpoints and weights goes; into the directory, where nothing else is said.
 * @throws {StoreError} `STORE_DAMAGED`: there is no good checkpoint, or no record of the run; and what the store throws.
 * @throws Node's error where the disk does not take it.
 */
export async function restoreRun(
  objects: ObjectStore,
  manifest: Manifest,
  directory: string,
  pathOf: (name: string) => string = (name) => join(directory, name),
): Promise<Restoration> {
  const passedOver: { name: string; reason: string }[] = [];
  const isTaken = async (name: string, parts: readonly KeyedPart[], path: string): Promise<boolean> => {
    try {
      await download(objects, parts, path);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_DAMAGED') throw error;
      passedOver.push({ name, reason: error.reason });
      return false;
    }
  };
  makeFolder(join(directory, 'checkpoints'));
  makeFolder(join(directory, 'weights'));
  const { directory: folder } = new DirectoryStore(join(directory, 'checkpoints'));
  const there: StoredCheckpoint[] = [];
  let hasNewest = false;
  for (const one of checkpointsOf(manifest)) {
    const isWanted = !hasNewest || one.needed;
    const part = { from: 0, key: checkpointKey(one), ...sizeOf(one) };
    if (isWanted && !(await isTaken(one.name, [part], join(folder, one.name)))) continue;
    hasNewest = true;
    there.push(one);
  }
  if (manifest.latest !== null && !hasNewest) {
    const found = passedOver.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    throw new StoreError('STORE_DAMAGED', objects.name, `expected a good checkpoint, received ${found}`);
  }
  const { weights } = manifest;
  if (weights !== null) {
    await isTaken(WEIGHTS_KEY, [{ from: 0, key: WEIGHTS_KEY, ...weights }], join(directory, WEIGHTS_KEY));
  }
  const files = Object.keys(manifest.files).sort((a, b) => Number(a === RECORD) - Number(b === RECORD));
  for (const name of files) {
    const parts = manifest.files[name].map((part) => ({ ...part, key: partKey(name, part) }));
    await isTaken(name, parts, pathOf(name));
  }
  if (!(RECORD in manifest.files) || passedOver.some(({ name }) => name === RECORD)) {
    throw new StoreError(
      'STORE_DAMAGED',
      objects.name,
      `expected ${RECORD} of the run, and it is missing or damaged`,
    );
  }
  const [latest = null, ...previous] = there;
  return { manifest: { ...manifest, latest, previous }, passedOver };
}

type KeyedPart = FilePart & { readonly key: string };

function sizeOf({ bytes, sha256 }: StoredCheckpoint): { bytes: number; sha256: string } {
  return { bytes, sha256 };
}

/** Writes a file of parts that follow each other, whole or not at all. @throws {StoreError} `STORE_DAMAGED` */
async function download(objects: ObjectStore, parts: readonly KeyedPart[], path: string): Promise<void> {
  makeFolder(dirname(path));
  await writeAtomically(path, async (file) => {
    for (const part of parts) await downloadPart(objects, part, file);
  });
}

async function downloadPart(objects: ObjectStore, part: KeyedPart, file: WritableFile): Promise<void> {
  const { key, from, bytes, sha256 } = part;
  const hash = createHash('sha256');
  for (let done = 0; done < bytes; done += PART_BYTES) {
    const wanted = Math.min(PART_BYTES, bytes - done);
    const range = await objects.readRange(key, done, wanted);
    if (range === null) throw new StoreError('STORE_DAMAGED', objects.name, `${key} is not there`);
    if (range.length !== wanted) {
      const received = done + range.length;
      throw new StoreError(
        'STORE_DAMAGED',
        objects.name,
        `${key}: expected ${bytes} bytes, received ${received}`,
      );
    }
    hash.update(range);
    await file.write(range, from + done);
  }
  const received = hash.digest('hex');
  if (received === sha256) return;
  throw new StoreError(
    'STORE_DAMAGED',
    objects.name,
    `${key}: expected bytes of SHA-256 ${sha256}, received ${received}`,
  );
}
