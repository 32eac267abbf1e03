import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** The generated types are committed, so that a build needs no generator; this is what keeps them true. */
it('the generated types are those of the protos', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { codegen: string };
  };
  const into = mkdtempSync(join(tmpdir(), 'rocinante-codegen-'));
  const [generator, ...options] = scripts.codegen.replace('libs/wire/src/generated', into).split(' ');
  execFileSync(join(root, 'node_modules', '.bin', generator), options, { cwd: root });
  const generated = (folder: string): Map<string, string> =>
    new Map(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  expect(generated(join(root, 'libs/wire/src/generated'))).toEqual(generated(into));
  rmSync(into, { recursive: true });
});
