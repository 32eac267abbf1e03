// @ts-check
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where set-up keeps things.
 *
 * @typedef {object} Places
 * @property {string} root the checkout.
 * @property {string} engines the cache's folder of engines, shared by all checkouts of this user.
 * @property {string} stamps what was done in this checkout's node_modules; `npm ci` deletes it, as it should.
 * @property {string} engineLink the link through which libs/engine finds the engine.
 * @property {string} state the lock and the logs of this checkout's set-up.
 */

/**
 * @param {string} root the checkout.
 * @param {NodeJS.ProcessEnv} env ROCINANTE_CACHE, else XDG_CACHE_HOME, else the home directory decide the cache's place.
 * @returns {Places}
 */
export function placesOf(root, env) {
  const cache = env.ROCINANTE_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rocinante');
  const stamps = join(root, 'node_modules', '.rocinante');
  return {
    root,
    engines: join(resolve(cache), 'engine'),
    stamps,
    engineLink: join(stamps, 'engine'),
    state: join(root, 'deploy', 'setup', '.state'),
  };
}
