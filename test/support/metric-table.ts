import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** A row of docs/metrics.md. */
export interface TabledMetric {
  readonly name: string;
  readonly type: string;
  /** Each label with its values, where the table lists them. */
  readonly labels: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** The metrics that the documentation promises. */
export function metricTable(): TabledMetric[] {
  const document = readFileSync(join(projectRoot, 'docs', 'metrics.md'), 'utf8');
  return [...document.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \|/gm)].map(([, name, type, labels]) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`(?:: ([^;]*))?/g)].map(([, label, values]) => ({
      name: label,
      values: values === undefined ? [] : values.split(', '),
    })),
  }));
}
