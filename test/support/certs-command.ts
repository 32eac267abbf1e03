import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** Whether `rocinante certs` is there: recipes are then tested as they are meant, under TLS and tokens, and else in plain. */
export function hasCerts(): boolean {
  return spawnSync(join(projectRoot, 'rocinante'), ['certs', '--help'], { stdio: 'ignore' }).status === 0;
}
