import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '@rocinante/base';

export const TORCH_VERSION = '2.15.0';

/** A Python with torch in the cache, made on first use. */
export function torchPython(): string {
  const folder = join(cacheDirectory(process.env), 'python', `torch-${TORCH_VERSION}`);
  const python = join(folder, 'bin', 'python');
  if (!existsSync(join(folder, 'whole'))) {
    process.stderr.write(`making ${folder} with torch ${TORCH_VERSION}\n`);
    execFileSync('python3', ['-m', 'venv', '--clear', folder], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `torch==${TORCH_VERSION}`, 'numpy'], {
      stdio: 'inherit',
    });
    execFileSync('touch', [join(folder, 'whole')]);
  }
  return python;
}
