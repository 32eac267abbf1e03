import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardFiles } from './dashboards.js';

/** Writes every dashboard, and removes those that are none any more. */
const folder = fileURLToPath(new URL('../dashboards', import.meta.url));
for (const name of readdirSync(folder)) if (name.endsWith('.json')) rmSync(join(folder, name));
for (const { name, text } of dashboardFiles()) {
  writeFileSync(join(folder, name), text);
  process.stdout.write(`${join(folder, name)}\n`);
}
