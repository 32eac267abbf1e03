import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, makeFolder } from '@rocinante/base';
import { findManifest, restoreRun, type ObjectStore } from '@rocinante/store';
import { PRIVATE_FOLDER_MODE } from '../run/folders.js';
import { RUN_ID_PATTERN } from '../run/run-id.js';
import { recordPlace, RunPlace, type FurtherFiles } from '../run/run-place.js';
import type { ContentStore } from './content-store.js';
import type { StoredRun } from './stored-run.js';

/** Where a daemon's runs are kept beside its data directory. */
export interface DaemonStore {
  readonly whole: ObjectStore;
  /** A run's place in it: `prefix/<run id>`. */
  readonly placeOf: (run: string) => ObjectStore;
}

/** What a run's text, and the weights that it begins with, are called in its place. */
const TEXT = 'corpus';
const FIRST_WEIGHTS = 'first-weights';

/** What a run needs of the contents, by names in its place. */
export function contentsOf({ config, corpus }: StoredRun, contents: ContentStore): FurtherFiles {
  const files = new Map([[TEXT, contents.path(corpus.sha256)]]);
  if (config.initFrom !== null) files.set(FIRST_WEIGHTS, contents.path(config.initFrom));
  return files;
}

/** The place of a run that is activated; null without a store. */
export function placeOfRun(store: DaemonStore | null, run: string, directory: string): RunPlace | null {
  return store && RunPlace.beside(store.placeOf(run), directory);
}

/**
 * Asks something of the store, so that a wrong one is told of before anything is made.
 * @throws {StoreError}
 */
export async function probe({ whole }: DaemonStore): Promise<void> {
  await findManifest(whole);
}

/** What a run's folder is called until all runs are there, so that a kill in between leaves none of them half. */
const COMING_SUFFIX = '.coming';

/**
 * Brings all runs of the store that have a checkpoint into a data directory that has had none: a coordinator's that goes on
 * elsewhere. Either all come, or none.
 * @param told hears of each run that came, and of what was damaged.
 * @throws {StoreError} the store is lost, or a run has no good checkpoint. @throws Node's error where the disk does not take it.
 */
export async function bringRuns(
  { whole, placeOf }: DaemonStore,
  dataDirectory: string,
  told: (run: string, message: string) => void,
): Promise<void> {
  const ids = (await whole.folders()).filter((name) => RUN_ID_PATTERN.test(name));
  const coming = new Map<string, string>();
  for (const id of ids) {
    const objects = placeOf(id);
    const found = await findManifest(objects);
    if (found === null || found.manifest.latest === null) continue;
    const directory = join(dataDirectory, 'runs', id);
    const beside = directory + COMING_SUFFIX;
    await rm(beside, { recursive: true, force: true });
    for (const folder of [beside, join(dataDirectory, 'contents')]) makeFolder(folder, PRIVATE_FOLDER_MODE);
    recordPlace(beside, { store: objects.name, run: found.manifest.run, whole: false });
    const { manifest, passedOver } = await restoreRun(objects, found.manifest, beside, (name) =>
      pathOf(dataDirectory, beside, name, found.manifest.files[name]?.[0]?.sha256),
    );
    for (const { name, reason } of passedOver) told(id, `${name} is damaged in the store (${reason})`);
    told(id, `brought from the store, at step ${manifest.latest?.step ?? 0}`);
    coming.set(beside, directory);
  }
  for (const [beside, directory] of coming) await rename(beside, directory);
}

/** Contents, of one part, are named by their hashes; all else lies in the run's directory. The manifest's names were checked. */
function pathOf(dataDirectory: string, directory: string, name: string, sha256?: string): string {
  const isContent = name === TEXT || name === FIRST_WEIGHTS;
  if (!isContent) return join(directory, name);
  assert(sha256 !== undefined, `${name} has a part`);
  return join(dataDirectory, 'contents', sha256);
}
