import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/project-root.js';
import type { Outcome } from './fuzz-child.js';

/** What a target's process may take. The heap's limit ends it where a reader takes objects without end. */
const HEAP_MB_MAX = 256;
const RSS_BYTES_MAX = 700 * 2 ** 20;

/** Wall-clock time of one input, at most: above what the process itself allows, on a machine that is busy. */
const INPUT_MS_MAX = 30_000;
const LOOK_INTERVAL_MS = 250;

/** Making a target and ending the process, beside the time for inputs. */
const START_MS_MAX = 60_000;

/**
 * Fuzzes a target for a time.
 * @param seed with the target's number and an input's index decides the input.
 * @returns counts, and where a reader did what it may not, a report that names seed, index and the input; null for none.
 */
export async function fuzz(
  number: number,
  name: string,
  seed: number,
  milliseconds: number,
): Promise<Pick<Outcome, 'taken' | 'refused'> & { readonly report: string | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-fuzz-'));
  const status = join(folder, 'index');
  writeFileSync(status, '');
  const script = join(projectRoot, 'test', 'dist', 'fuzz', 'fuzz-child.js');
  const words = [script, number, seed, firstIndex(), milliseconds, status].map(String);
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB_MAX}`, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));

  let killed: string | null = null;
  let last = { index: '', since: performance.now() };
  const watch = setInterval(() => {
    const index = readFileSync(status, 'utf8').trim();
    if (index !== last.index) last = { index, since: performance.now() };
    const allowed = index === '' ? START_MS_MAX : INPUT_MS_MAX;
    if (performance.now() - last.since > allowed) killed = `it did not end within ${allowed / 1000} s`;
    const rss = residentBytes(child.pid!);
    if (rss > RSS_BYTES_MAX) killed = `the process grew to ${Math.round(rss / 2 ** 20)} MB`;
    if (killed !== null) child.kill('SIGKILL');
  }, LOOK_INTERVAL_MS);
  try {
    const code = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const index = readFileSync(status, 'utf8').trim();
    const where = `${name}, seed ${seed}, input ${index}`;
    const again = `ROCINANTE_FUZZ_SEED=${seed} ROCINANTE_FUZZ_FIRST=${index}`;
    if (killed !== null || code !== 0) {
      const why = killed ?? `the process ended with ${code}: ${errors}`;
      return { taken: 0, refused: 0, report: `${where}: ${why}\n${again} repeats it` };
    }
    const { taken, refused, finding } = JSON.parse(output) as Outcome;
    if (finding === null) return { taken, refused, report: null };
    const { problem, stack, input } = finding;
    return { taken, refused, report: `${where}: ${problem}\n${stack}\nbase64 ${input}\n${again} repeats it` };
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true });
  }
}

/** The first input's index: 0, or where something is repeated. */
function firstIndex(): number {
  return Number(process.env.ROCINANTE_FUZZ_FIRST ?? 0);
}

/** What a process has in memory; 0 once it has ended. */
function residentBytes(pid: number): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return Number(pages) * 4096;
  } catch {
    return 0;
  }
}
