import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for what can be had again: the engine's library, fetched books, encoded corpora.
 * `ROCINANTE_CACHE`, else `rocinante` in `XDG_CACHE_HOME`, else in `~/.cache`. It may not exist yet.
 */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.ROCINANTE_CACHE) return environment.ROCINANTE_CACHE;
  return join(environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache'), 'rocinante');
}
