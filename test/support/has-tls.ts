import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** Whether `serve` speaks TLS: recipes are then tested as they are meant, under TLS and tokens, and else in plain. */
export function hasTls(): boolean {
  const { stdout } = spawnSync(join(projectRoot, 'rocinante'), ['serve', '--help'], { encoding: 'utf8' });
  return stdout.includes('--tls-cert');
}
