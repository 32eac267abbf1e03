import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricDocument } from './metric-document.js';

it('docs/metrics.md is up to date: `npm run docs:metrics` writes it', () => {
  const path = new URL('../../../docs/metrics.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(metricDocument());
});
