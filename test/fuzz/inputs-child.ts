/** Tells of each target, as JSON on standard output, the SHA-256 of its first inputs, which are not read. */
import { createHash } from 'node:crypto';
import { inputAt } from './target.js';
import { TARGETS } from './targets/index.js';

const SEED = 1;
const INPUTS = 50;

const digests: Record<string, string> = {};
for (const [number, make] of TARGETS.entries()) {
  const target = await make();
  const hash = createHash('sha256');
  for (let index = 0; index < INPUTS; index++) hash.update(inputAt(target, number, SEED, index));
  digests[target.name] = hash.digest('hex');
}
// Servers that a target has made would keep the process.
process.stdout.write(`${JSON.stringify(digests)}\n`, () => process.exit());
