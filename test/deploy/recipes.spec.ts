/**
 * Goal: the recipes in deploy/ are what the programs that read them take, and each file says how it was checked. Method: the
 * field's own checkers, without a network or a container engine; each is also given something wrong, which it must find.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';
import { check, findTool, titleWith } from '../support/recipe-tools.js';
import { recipeRows } from '../support/recipe-rows.js';
import { Workspace } from '../support/rocinante.js';

const deploy = join(projectRoot, 'deploy');
const workspace = new Workspace();
afterAll(() => workspace.remove());

const clean = { code: 0, output: '', said: '' };

/** Paths relative to deploy/ of what git has there, or would take. */
function files(): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '--', '.'];
  const listed = execFileSync('git', options, { cwd: deploy, encoding: 'utf8' }).trim().split('\n');
  const deleted = execFileSync('git', ['ls-files', '--deleted', '--', '.'], {
    cwd: deploy,
    encoding: 'utf8',
  }).split('\n');
  return listed.filter((file) => !deleted.includes(file));
}

describe('deploy/README.md', () => {
  const rows = recipeRows(readFileSync(join(deploy, 'README.md'), 'utf8'));

  it('has a row for every file in deploy/', () => {
    const without = files().filter(
      (file) => !rows.some(({ names }) => names.some((name) => name.matches(file))),
    );
    expect(without).toEqual([]);
  });

  it('says in every row what it is, how it was checked, and what could not be', () => {
    const empty = rows.filter(({ what, checked, unchecked }) => !what || !checked || !unchecked);
    expect(empty).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
  });

  it('has no row for what is not there', () => {
    const present = files();
    const names = rows.flatMap((row) => row.names).filter(({ isFolder }) => !isFolder);
    expect(
      names.filter((name) => !present.some((file) => name.matches(file))).map(({ text }) => text),
    ).toEqual([]);
  });

  it('is asked for a row by a file that has none, also deep in a folder', () => {
    const covered = (file: string): boolean =>
      rows.some(({ names }) => names.some((name) => name.matches(file)));
    expect(['docker/Dockerfile.new', 'new.sh', 'compose/new/compose.yaml'].filter(covered)).toEqual([]);
  });
});

describe.skipIf(findTool('hadolint') === null)(titleWith('hadolint', 'hadolint'), () => {
  it('finds nothing in the Dockerfile', () => {
    expect(check(findTool('hadolint')!, ['docker/Dockerfile'])).toEqual(clean);
  });

  it('would find an image without a version', () => {
    const { code, said } = check(findTool('hadolint')!, ['-'], 'FROM debian\nUSER 1\n');
    expect(code).not.toBe(0);
    expect(said).toContain('DL3006');
  });
});

describe('dclint', () => {
  const dclint = join(projectRoot, 'node_modules', '.bin', 'dclint');

  it('finds nothing in the compose files', () => {
    expect(
      check(dclint, ['--max-warnings', '0', 'compose/compose.yaml', 'compose/compose.gpu.yaml']),
    ).toEqual(clean);
  });

  it('would find a key that compose does not know', () => {
    const text = readFileSync(join(deploy, 'compose', 'compose.yaml'), 'utf8');
    const wrong = workspace.write('compose.yaml', text.replace('read_only: true', 'readonly: true'));
    expect(check(dclint, [wrong]).said).toContain('must NOT have additional properties');
  });

  it('mounts only what is there, or what the operator makes', () => {
    const text = readFileSync(join(deploy, 'compose', 'compose.yaml'), 'utf8');
    const mounted = [...text.matchAll(/^ +- (\.\.?\/[^:]+):/gm)].map(([, path]) => path);
    expect(mounted.length).toBeGreaterThan(3);
    const present = files().map((file) => join(deploy, file));
    const missing = mounted.filter(
      (path) => !present.some((file) => `${file}/`.startsWith(`${join(deploy, 'compose', path)}/`)),
    );
    expect(missing).toEqual([]);
  });
});

describe.skipIf(findTool('shellcheck') === null)(titleWith('shellcheck', 'shellcheck'), () => {
  const scripts = [
    ...files().filter((file) => /\.(sh|sbatch)$/.test(file)),
    '../rocinante',
    '../.ci/run',
    '../.ci/recipe-tools',
    '../.ci/container-tools',
    '../test/support/make-clean-root.sh',
  ];

  it.each(scripts)('finds nothing in %s', (script) => {
    expect(check(findTool('shellcheck')!, ['--external-sources', script])).toEqual(clean);
  });

  it('would find a word that is split', () => {
    const { code, said } = check(findTool('shellcheck')!, ['-'], '#!/bin/sh\nrm -r $1\n');
    expect(code).toBe(1);
    expect(said).toContain('SC2086');
  });
});

describe.skipIf(findTool('systemd-analyze') === null)(titleWith('systemd-analyze', 'systemd-analyze'), () => {
  const units = readdirSync(join(deploy, 'systemd')).filter((file) => file.endsWith('.service'));
  const instances = units.map((unit) => unit.replace('@.', '@0.'));

  /** A machine with a bundle and the units, changed or not. */
  function machine(name: string, change: (unit: string) => string = (unit) => unit): string {
    const root = workspace.in(name);
    const [services, bundle] = [join(root, 'etc', 'systemd', 'system'), join(root, 'opt', 'rocinante')];
    for (const folder of [services, bundle]) mkdirSync(folder, { recursive: true });
    cpSync(join(projectRoot, 'rocinante'), join(bundle, 'rocinante'));
    for (const unit of units) {
      writeFileSync(join(services, unit), change(readFileSync(join(deploy, 'systemd', unit), 'utf8')));
    }
    return root;
  }

  const verify = (root: string): string =>
    check(findTool('systemd-analyze')!, [
      'verify',
      '--man=no',
      '--recursive-errors=no',
      `--root=${root}`,
      ...instances,
    ]).said;

  it('finds nothing in the units', () => {
    expect(units.length).toBe(2);
    expect(verify(machine('right'))).toBe('');
  });

  it('would find a setting that systemd does not know, and a program that is not there', () => {
    const wrong = machine('wrong', (unit) =>
      unit.replace('NoNewPrivileges', 'NoNewPrivilege').replaceAll('/opt/', '/opt/none/'),
    );
    expect(verify(wrong)).toMatch(/Unknown key 'NoNewPrivilege'/);
    expect(verify(wrong)).toMatch(/not executable/);
  });

  it('is hardly exposed, by systemd’s own count of 10', () => {
    const args = [
      'security',
      '--offline=yes',
      '--threshold=20',
      `--root=${machine('exposed')}`,
      ...instances,
    ];
    const { code, said } = check(findTool('systemd-analyze')!, args);
    expect([...said.matchAll(/Overall exposure level for \S+: ([\d.]+)/g)]).toHaveLength(2);
    expect(code).toBe(0);
  });
});
