import { StoreError } from './errors.js';
import {
  CHECKPOINTS_FOLDER,
  FILES_FOLDER,
  keysOf,
  MANIFEST_KEY,
  WEIGHTS_FOLDER,
  type FoundManifest,
} from './manifest.js';
import type { ObjectStore } from './object-store.js';

/**
 * Removes what a killed coordinator left that `latest.json` does not name: whole objects, and uploads that were not finished.
 * Only what is older than `latest.json` as this process has just written it: whoever takes the place afterwards writes later.
 * A store that cannot do it now is asked again the next time.
 */
export async function clearLeftovers(objects: ObjectStore, { manifest, etag }: FoundManifest): Promise<void> {
  try {
    await objects.abandonUploads([CHECKPOINTS_FOLDER, FILES_FOLDER, WEIGHTS_FOLDER]);
    const [own] = await objects.list(MANIFEST_KEY);
    if (own === undefined || plain(own.etag) !== plain(etag)) return;
    const named = keysOf(manifest);
    for (const folder of [CHECKPOINTS_FOLDER, FILES_FOLDER]) {
      for (const { key, modified } of await objects.list(folder)) {
        if (!named.has(key) && modified < own.modified) await objects.remove(key);
      }
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

/** An etag without its quotes, which listings write in several ways. */
function plain(etag: string): string {
  return etag.replace(/&quot;|&#34;|"/g, '');
}
