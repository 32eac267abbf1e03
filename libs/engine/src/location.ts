import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineNotFoundError } from './errors.js';

/** What the engine's folder holds, relative to it. The binding finds the libraries by its run path. */
const BINDING = join('binding', 'tfjs_binding.node');
const LIBRARIES = [join('lib', 'libtensorflow_cc.so.2'), join('lib', 'libtensorflow_framework.so.2')];

/**
 * The path of the native binding: in the folder that `ROCINANTE_ENGINE_DIR` names, else in the nearest
 * `node_modules/.rocinante/engine` at or above this module.
 * @throws {EngineNotFoundError} there is no such folder, or a file is missing in it.
 */
export function locateBinding(environment: NodeJS.ProcessEnv, from = import.meta.url): string {
  const named = environment['ROCINANTE_ENGINE_DIR'];
  const directory = named === undefined || named === '' ? findAbove(dirname(fileURLToPath(from))) : named;
  for (const file of [BINDING, ...LIBRARIES]) {
    if (!existsSync(join(directory, file))) throw new EngineNotFoundError(file, directory);
  }
  return join(directory, BINDING);
}

function findAbove(start: string): string {
  const place = join('node_modules', '.rocinante', 'engine');
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, place))) return join(folder, place);
    if (folder === dirname(folder)) throw new EngineNotFoundError(place, `${start} and the folders above`);
  }
}
