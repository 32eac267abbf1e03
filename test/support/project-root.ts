import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout's root, from a source or from what was built of it. */
export const projectRoot = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  return existsSync(join(folder, 'nx.json')) ? folder : findRoot(dirname(folder));
}
