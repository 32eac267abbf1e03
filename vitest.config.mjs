// What `./rocinante test` runs each project's tests with. A report lies beside each project, and the command adds them up.
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

/**
 * Libs of the base and the domain: their specs share a process. What a spec there changes of it (spies, the environment, the folder,
 * timers) it puts back in afterEach, or in a finally.
 */
const shared = ['base', 'parameters', 'corpus', 'model', 'optimizer', 'codec', 'training'];

/**
 * Specs that take half a minute and more though their files are small. They begin first, the longest before the others: one that
 * begins last has a core wait for it. All others come as vitest has them, which on a fresh checkout is by size.
 */
const longest = [
  'src/determinism',
  'e2e/same-bits',
  'e2e/mixed-precision',
  'e2e/card-benchmark',
  'e2e/joining-proof',
  'e2e/full-disk',
  'fuzz/readers',
  'network/seeded-links',
  'e2e/divergence',
  'integration/strangers',
  'e2e/seeded-faults',
].map((name) => join(process.cwd(), `${name}.spec.ts`));

class LongestFirst extends BaseSequencer {
  /** @param {import('vitest/node').TestSpecification[]} specs */
  async sort(specs) {
    const place = ({ moduleId }) => (longest.includes(moduleId) ? longest.indexOf(moduleId) : longest.length);
    return (await super.sort(specs)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Specs are compiled with their lib; only the sources are run.
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: true,
    // What other libs compiled to is JavaScript already, which Node loads sooner by itself than by way of vite.
    server: { deps: { external: [/\/(apps|libs)\/[^/]+\/dist\//] } },
    // A test that takes a second on a quiet machine may take many on one with other work. So may what comes before and after it:
    // the engine is loaded there, and processes are started and ended.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Child processes, not threads: the engine and the process's signals belong to one test file at a time.
    pool: 'forks',
    isolate: !shared.includes(basename(process.cwd())),
    // Two on two cores: many specs wait, and the longest project is tested when all others are over.
    maxWorkers: Math.max(2, availableParallelism() >> 1),
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results.json' },
  },
});
