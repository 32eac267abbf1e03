/**
 * Goal: whoever has a card for some minutes gets figures from the first try: each part of benchmark:card works as a whole, its
 * results are on the disk, what cannot be measured is said in one line, and the exit code tells. Method: the program itself on the
 * processor, at its smallest sizes, with a stand-in for nvidia-smi. What is asked of every device (paths, bits) is asked here.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Figure, Section } from '../benchmark/card/figure.js';
import { until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import { Workspace, type Finished } from '../support/rocinante.js';
import { standInCards } from '../support/stand-in-cards.js';

const workspace = new Workspace();
const environment = standInCards(workspace);
afterAll(() => workspace.remove());

const SMALL = ['--device', 'cpu', '--small', '--sizes', '8', '--processes', '2', '--steps', '2'];
const SHORT = ['--seconds', '1', '--counts', '1', '--minutes', '0.01'];

function begin(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const program = join(projectRoot, 'test', 'dist', 'benchmark', 'card', 'main.js');
  return spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, ...env },
    cwd: workspace.path,
  });
}

function endOf(child: ChildProcess): Promise<Finished> {
  let [stdout, stderr] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

function benchmark(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return endOf(begin(args, env));
}

/** The command lines of all processes with this variable, whoever's children they are. */
function processesWith(variable: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return variables.includes(variable) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
    } catch {
      // It has ended meanwhile, or is another user's.
      return [];
    }
  });
}

interface Results {
  readonly facts: Readonly<Record<string, string | null>>;
  readonly sections: readonly Section[];
}

/** What lies in a folder of results: one JSON file and its table. */
function resultsIn(folder: string): Results & { readonly table: string } {
  const [json, table, ...others] = readdirSync(folder).sort();
  expect(others).toEqual([]);
  expect([json, table]).toEqual([expect.stringMatching(/\.json$/), json.replace(/json$/, 'md')]);
  const [results, text] = [json, table].map((file) => readFileSync(join(folder, file), 'utf8'));
  return { ...(JSON.parse(results) as Results), table: text };
}

it('each part has its figures, on the disk and in a table', { timeout: 480_000 }, async () => {
  const out = workspace.in('whole');
  const { code, stdout, stderr } = await benchmark([...SMALL, ...SHORT, '--out', out]);
  expect(code, stdout + stderr).toBe(0);
  const { facts, sections, table } = resultsIn(out);
  expect(facts).toMatchObject({
    TensorFlow: '2.21.0',
    'LSTM path': 'plain',
    engine: expect.stringMatching(/, avx/) as string,
    card: null,
    'computed on': expect.stringContaining('processor') as string,
  });
  expect(sections.map(({ part, state, error }) => [part, state, error])).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((part) => [part, 'done', null]),
  );
  const [paths, bits, steps, use, training] = sections.map(
    ({ figures }) => new Map(figures.map((figure) => [figure.what, figure])),
  );
  const found = (figures: ReadonlyMap<string, Figure>, what: RegExp): Figure => {
    const name = [...figures.keys()].find((one) => what.test(one));
    expect(name, `${what} among ${[...figures.keys()].join('; ')}`).toBeDefined();
    return figures.get(name!)!;
  };

  for (const what of [/^fused beside the golden/, /^fused beside plain/, /^plain beside the golden/]) {
    const { value, met, note } = found(paths, what);
    if (String(what).includes('golden')) expect(note).toMatch(/; [1-9]\d* of [1-9]\d* networks$/);
    expect(met, String(what)).toBe(true);
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1e-4);
  }
  // Of these paths a processor knows the names alone, and nothing is asked of it.
  for (const name of ['cudnn', 'cudnn-batch-major']) {
    const refused = found(paths, new RegExp(`^${name} beside the golden`));
    expect(refused).toMatchObject({
      value: null,
      met: null,
      note: expect.stringContaining('Cudnn') as string,
    });
  }
  expect(found(paths, /^path that is chosen/)).toMatchObject({ value: 'plain', met: null });

  expect(found(bits, /^different gradients and sums of 8 windows in 2/)).toMatchObject({
    value: 1,
    met: true,
  });
  expect(found(bits, /^weights of two workers/)).toMatchObject({ value: 'the same', met: true });
  const hashes = sections[1].details['hashes float32'] as { gradient: string; sum: string }[][];
  expect(hashes).toHaveLength(2);
  for (const { gradient, sum } of hashes.flat())
    for (const hash of [gradient, sum]) expect(hash).toMatch(/^[\da-f]{64}$/);

  for (const what of [/^gradient’s share, 8/, /^whole step, 8/]) {
    const figure = found(steps, what);
    expect(figure).toMatchObject({
      unit: 'ms',
      met: null,
      note: expect.stringContaining('--python') as string,
    });
    expect(figure.value).toBeGreaterThan(0.1);
  }
  expect(found(use, /^mean use over 1 s/)).toMatchObject({
    ...{ value: 97, unit: '%', met: null },
    note: expect.stringMatching(
      /^\d+ windows\/s; 1 readings, memory 40\.1 GiB at most, 402 W in the mean, clocks held/,
    ) as string,
  });
  expect(found(training, /^training$/).value).toBeGreaterThan(1);
  // The text is not the reference's.
  expect(found(training, /^minutes to a mean loss/)).toMatchObject({ value: null, asked: null, met: null });
  for (const { figures } of sections) for (const { what } of figures) expect(table).toContain(`| ${what} |`);
});

it('a part that fails says why in one line, and what is left goes on', { timeout: 240_000 }, async () => {
  const out = workspace.in('failed');
  // A stand-in for PyTorch, which fails at its first step.
  const python = workspace.in('python');
  const versions = '{"torch": "2.15.0", "cuda": null, "cudnn": null}';
  const script = [
    'while read -r line; do case "$line" in',
    `*describe*) echo '${versions}' ;;`,
    `*) echo '{"error": "CUDA out of memory"}' ;;`,
    'esac; done',
  ];
  writeFileSync(python, ['#!/bin/sh', ...script, ''].join('\n'), { mode: 0o755 });
  const words = ['--only', 'e,c,a', '--corpus', 'nowhere.txt', '--python', python, '--precision', 'tf32'];
  const { code, stdout } = await benchmark([...SMALL, ...words, '--out', out]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^\(e\) failed: train ended with \d: .*nowhere\.txt.*$/m);
  const { sections, table, facts } = resultsIn(out);
  expect(facts.PyTorch).toBe('2.15.0');
  expect(sections.map(({ title, state }) => [title, state])).toEqual([
    ['The preset seed, end to end, tf32', 'failed'],
    ['Step time beside PyTorch’s, tf32', 'failed'],
    // In float32, whatever the others are in.
    ['LSTM paths', 'done'],
  ]);
  expect(table).toContain(sections[0].error);
  const [, { figures, error }] = sections;
  expect(error).toBe('PyTorch: CUDA out of memory');
  // Ours is not lost with it.
  for (const what of ['gradient’s share, 8 windows, tf32', 'whole step, 8 windows, tf32']) {
    const figure = figures.find((one) => one.what === what);
    const note = expect.stringMatching(/^PyTorch: CUDA out of memory/) as string;
    expect(figure).toMatchObject({ unit: 'ms', asked: null, met: null, note });
    expect(figure!.value).toBeGreaterThan(0);
  }

  const again = await benchmark([...SMALL, '--only', 'a', '--out', out]);
  expect(again.stderr).toMatch(
    /^benchmark:card: --out .*failed: expected no results of .*; name another folder$/m,
  );
  expect(again.code).toBe(2);
  expect(resultsIn(out).table).toBe(table);
});

it.each([
  ['a process computes', 'engine-process.js'],
  ['a run’s daemon comes up', '\0serve\0'],
])('told to end while %s, it leaves no process behind', { timeout: 240_000 }, async (_, word) => {
  const mark = String(performance.now());
  const marker = `CARD_BENCHMARK_SPEC=${mark}`;
  const out = workspace.in(mark);
  const child = begin([...SMALL, '--only', 'b,a', '--out', out], { CARD_BENCHMARK_SPEC: mark });
  const end = endOf(child);
  await until(word, () => processesWith(marker).some((line) => line.includes(word)));
  child.kill('SIGTERM');
  const { code, stderr } = await end;
  expect(code, stderr).toBe(1);
  expect(processesWith(marker)).toEqual([]);
  const { sections, table } = resultsIn(out);
  expect(sections.map(({ part, state, error }) => [part, state, error])).toEqual([
    ['b', 'failed', 'interrupted'],
  ]);
  expect(table).not.toContain('SIGKILL');
});

it.each([
  ['an option', ['--only', 'f'], /^benchmark:card: --only: expected a, b, c, d, e, received f$/],
  ['a number', ['--sizes', '64,x'], /^benchmark:card: --sizes: expected numbers from 1, received x$/],
  [
    'a card',
    ['--card', '7'],
    /^benchmark:card: --card 7: expected cards of this machine, received 7; there is /,
  ],
  // The engine is the processor's, whatever the stand-in says.
  ['its engine', [], /^benchmark:card: .* is the processor's; .*--device gpu/],
])('%s that is not there is one line, with exit code 2', { timeout: 60_000 }, async (_, args, line) => {
  const { code, stderr } = await benchmark(args);
  expect(stderr.trimEnd()).toMatch(line);
  expect(code).toBe(2);
});

it('where the cache has no engine for GPUs, it is set up first', { timeout: 60_000 }, async () => {
  const [cache, wheels] = ['cache', 'wheels'].map((name) => workspace.in(name));
  mkdirSync(wheels);
  const { code, stderr } = await benchmark([], {
    ...{ ROCINANTE_ENGINE_DIR: '', ROCINANTE_CACHE: cache, ROCINANTE_ENGINE_FROM: wheels },
  });
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^benchmark:card: --device gpu: --engine-from .*wheels: expected the file tensorflow.*\.whl/,
  );
  expect(code).toBe(2);
});
