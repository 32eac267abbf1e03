import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/project-root.js';
import type { Outcome } from './fuzz-child.js';

/** What a target's process may take. The heap's limit ends it where a reader takes objects without end. */
const HEAP_MB_MAX = 256;
const RSS_BYTES_MAX = 700 * 2 ** 20;

/**
 * An input that never ends: by processor seconds, far above what the process itself allows, which other processes do not
 * change; and by the clock for one that waits, so far off that no busy machine gets there.
 */
const INPUT_CPU_SECONDS_MAX = 20;
const INPUT_MS_MAX = 180_000;
const LOOK_INTERVAL_MS = 250;

/** Of a second, as Linux counts processor time. */
const TICKS_PER_SECOND = 100;

/** Which inputs of a target are read. */
export interface InputRange {
  readonly seed: number;
  /** By index, [first, end). */
  readonly first: number;
  readonly end: number;
  /** After this no further input is begun. */
  readonly milliseconds: number;
}

export interface FuzzResult extends Pick<Outcome, 'taken' | 'refused' | 'end'> {
  /** Where a reader did what it may not: seed, index and the input; null for none. */
  readonly report: string | null;
}

/** Fuzzes a target: seed, the target's number and an input's index decide the input. */
export async function fuzz(
  number: number,
  name: string,
  { seed, first, end, milliseconds }: InputRange,
): Promise<FuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-fuzz-'));
  const status = join(folder, 'index');
  writeFileSync(status, '');
  const script = join(projectRoot, 'test', 'dist', 'fuzz', 'fuzz-child.js');
  const words = [script, number, seed, first, end, milliseconds, status].map(String);
  const options = ['--expose-gc', `--max-old-space-size=${HEAP_MB_MAX}`];
  const child = spawn(process.execPath, [...options, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));

  let killed: string | null = null;
  let last = { index: '', since: performance.now(), cpuSeconds: 0 };
  const watch = setInterval(() => {
    const index = readFileSync(status, 'utf8').trim();
    const { rss, cpuSeconds } = usageOf(child.pid!);
    if (index !== last.index) last = { index, since: performance.now(), cpuSeconds };
    if (cpuSeconds - last.cpuSeconds > INPUT_CPU_SECONDS_MAX)
      killed = `it did not end within ${INPUT_CPU_SECONDS_MAX} s of a processor`;
    if (performance.now() - last.since > INPUT_MS_MAX)
      killed = `it did not end within ${INPUT_MS_MAX / 1000} s`;
    if (rss > RSS_BYTES_MAX) killed = `the process grew to ${Math.round(rss / 2 ** 20)} MB`;
    if (killed !== null) child.kill('SIGKILL');
  }, LOOK_INTERVAL_MS);
  try {
    const code = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const index = readFileSync(status, 'utf8').trim();
    const where = `${name}, seed ${seed}, input ${index}`;
    const again = `ROCINANTE_FUZZ_SEED=${seed} ROCINANTE_FUZZ_INPUT=${index}`;
    if (killed !== null || code !== 0) {
      const why = killed ?? `the process ended with ${code}: ${errors}`;
      return { taken: 0, refused: 0, end: Number(index), report: `${where}: ${why}\n${again} repeats it` };
    }
    const { finding, ...counts } = JSON.parse(output) as Outcome;
    if (finding === null) return { ...counts, report: null };
    const { problem, stack, input } = finding;
    return { ...counts, report: `${where}: ${problem}\n${stack}\nbase64 ${input}\n${again} repeats it` };
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true });
  }
}

/** What a process has in memory, and has taken of processors; nothing once it has ended. */
function usageOf(pid: number): { rss: number; cpuSeconds: number } {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    // The name before may hold anything but a line's end; times in and out of the kernel are the 14th and 15th word.
    const words = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return {
      rss: Number(pages) * 4096,
      cpuSeconds: (Number(words[11]) + Number(words[12])) / TICKS_PER_SECOND,
    };
  } catch {
    return { rss: 0, cpuSeconds: 0 };
  }
}
