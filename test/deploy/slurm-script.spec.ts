/**
 * Goal: no key or token outlives the start of the job whose it is. Method: the job's script by bash, with stand-ins for Slurm's
 * commands and for ours; `slurm.spec.ts` has real ones.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';

let workspace: Workspace;
let shared: string;
beforeEach(() => {
  workspace = new Workspace();
  shared = workspace.in('shared');
  for (const folder of [shared, workspace.in('bin')]) mkdirSync(folder);
  const answers =
    'case $1 in show) if [ "$2" = node ]; then echo NodeAddr=127.0.0.1; else echo node1; fi ;; esac';
  command('scontrol', answers);
  // A step runs until the job's steps are told to end.
  command('srun', `while [ ! -e '${workspace.in('ended')}' ]; do sleep 0.1; done`);
  command('scancel', `: >'${workspace.in('ended')}'`);
  command(
    'rocinante',
    'case $1 in',
    'certs) mkdir "$3" && for file in ca.crt ca.key operator.key operator.token tokens; do echo secret >"$3/$file"; done ;;',
    // What there is while the job is at work.
    `run) if [ "$2" = watch ]; then cd '${shared}' && ls -d security* security/* >'${workspace.in('seen')}'; exit "$WATCHED"; fi ;;`,
    'esac',
  );
});
afterEach(() => workspace.remove());

/** A program in the place of another. */
function command(name: string, ...lines: string[]): void {
  writeFileSync(workspace.in('bin', name), ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(workspace.in('bin', name), 0o755);
}

/** One start of job 7. @returns its exit code. */
function start(restarts: number, watched: number): number | null {
  const env = {
    ...process.env,
    PATH: workspace.in('bin') + delimiter + (process.env['PATH'] ?? ''),
    ROCINANTE_HOME: workspace.in('bin'),
    ROCINANTE_SHARED: shared,
    ROCINANTE_INSECURE: '0',
    SLURM_JOB_ID: '7',
    SLURM_JOB_NODELIST: 'node1',
    SLURM_RESTART_COUNT: String(restarts),
    WATCHED: String(watched),
  };
  const said = spawnSync('bash', [join(projectRoot, 'deploy', 'slurm', 'rocinante.sbatch')], { env });
  expect(said.stderr.toString()).toBe('');
  return said.status;
}

const names = (): string[] => readdirSync(shared).filter((name) => name.startsWith('security'));

it.each([0, 3])('leaves none when it ends with %d', (code) => {
  expect(start(0, code)).toBe(code);
  expect(readFileSync(workspace.in('seen'), 'utf8')).toBe(
    'security\nsecurity-7-0\nsecurity/ca.crt\nsecurity/operator.key\nsecurity/operator.token\nsecurity/tokens\n',
  );
  expect(names()).toEqual([]);
});

it('removes what an earlier start could not, and nothing of another job', () => {
  for (const left of ['security-7-0', 'security-71-0']) mkdirSync(join(shared, left));
  expect(start(1, 0)).toBe(0);
  expect(readFileSync(workspace.in('seen'), 'utf8')).toMatch(/^security\nsecurity-7-1\nsecurity-71-0\n/);
  expect(names()).toEqual(['security-71-0']);
});
