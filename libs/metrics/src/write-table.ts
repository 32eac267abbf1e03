import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { metricDocument } from './metric-document.js';

/** Writes docs/metrics.md. */
const path = fileURLToPath(new URL('../../../docs/metrics.md', import.meta.url));
writeFileSync(path, metricDocument());
process.stdout.write(`${path}\n`);
