/**
 * The field's tools that check deploy/: in the folder that ROCINANTE_RECIPE_TOOLS names, where .ci/recipe-tools puts them, or in
 * PATH.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectRoot } from './project-root.js';

/** What a tool did: its exit code, what it printed, and all that it said, on standard error too. */
export interface Checked {
  readonly code: number | null;
  readonly output: string;
  readonly said: string;
}

const RECIPES = join(projectRoot, 'deploy');

/** Where a tool is; null where it is not. */
export function findTool(name: string): string | null {
  const { ROCINANTE_RECIPE_TOOLS: folder, PATH = '' } = process.env;
  const places = [...(folder ? [folder] : []), ...PATH.split(delimiter)];
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? null;
}

/** What a test of a tool is called: where the tool is missing, with that as the reason why it is skipped. */
export function titleWith(title: string, ...tools: readonly string[]): string {
  const missing = tools.filter((tool) => findTool(tool) === null);
  return missing.length === 0 ? title : `${title} (needs ${missing.join(' and ')}; see .ci/recipe-tools)`;
}

/** Runs a program in deploy/, without colours. */
export function check(program: string, args: readonly string[], input = ''): Checked {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: RECIPES,
    encoding: 'utf8',
    input,
    env: { ...process.env, NO_COLOR: '1', TERM: 'dumb' },
  });
  if (error) throw error;
  return { code: status, output: stdout.trim(), said: (stdout + stderr).trim() };
}
