// Goal: the simulator finds bugs. Method: each bug is planted in a copy of the machine's own sources, which then plays the
// runs of seeds 0, 1, 2, …; one of so many must break a rule. A copy without a bug keeps them all. Bugs that an assertion
// guards are planted together with its absence, so that the simulator's own checks have to see them.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { drawScenario, type SimulationScenario } from './scenario.js';
import type { BrokenRule, searchSeeds as searchSeedsOf } from './simulation-search.js';

/** How small a scenario can be made is another spec's question. */
const SHRINK_TRIES = 40;

interface PlantedBug {
  readonly name: string;
  /** File, what stands there, and what is put in its place. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
  /** Runs within which it is found. */
  readonly runs: number;
  /** Which scenarios alone can meet it, where these are rare; the others are not played. */
  readonly where?: (scenario: SimulationScenario) => boolean;
}

const bugs: readonly PlantedBug[] = [
  {
    name: 'a range that arrives a second time is counted again',
    runs: 50,
    edits: [
      ['step-work.ts', 'if (range !== holding.added || !granted) {', 'if (!granted) {'],
      ['issue-ledger.ts', 'range === holding.added && range < holding.granted,', 'true,'],
      ['sending.ts', 'assert(index >= 0,', 'assert(true,'],
      ['issue-ledger.ts', 'assert(this.#rangesOf[microBatch] === range,', 'assert(true,'],
    ],
  },
  {
    name: 'what a lost worker was to evaluate is nobody’s',
    runs: 50,
    edits: [
      ['evaluation-work.ts', "if (holding.worker === worker && holding.state === 'computing')", 'if (false)'],
    ],
  },
  {
    name: 'an epoch’s last, short step is taken for a whole one',
    runs: 50,
    edits: [
      [
        'plan.ts',
        'return Math.min(batch, shape.windowsPerEpoch -',
        'return Math.max(batch, shape.windowsPerEpoch -',
      ],
    ],
  },
  {
    name: 'an epoch ends one step late',
    runs: 50,
    edits: [
      [
        'plan.ts',
        'return Math.floor(step / stepsPerEpoch(shape));',
        'return Math.floor((step - 1) / stepsPerEpoch(shape));',
      ],
    ],
  },
  {
    name: 'a checkpoint forgets the position in the epoch',
    runs: 50,
    edits: [
      [
        'machine.ts',
        'best, progress: this.#progress });',
        'best, progress: { ...this.#progress, epochLossWindows: 0 } });',
      ],
    ],
  },
  {
    name: 'the report of a late worker counts beside that of its rival',
    runs: 100,
    edits: [
      ['race.ts', 'for (const rival of ledger.rivalsOf(holding)) letGo(desk, ledger, rival);', ''],
      ['issue-ledger.ts', 'this.#holders[microBatch].length === 1,', 'true,'],
    ],
  },
  {
    name: 'what was granted and does not come is waited for, however long',
    runs: 100,
    edits: [['roster.ts', 'if (!sending.isAwaited) return Infinity;', 'return Infinity;']],
  },
  {
    name: 'a worker is late with what it was not told to send',
    runs: 100,
    edits: [
      [
        'sending.ts',
        'this.#owed.push({ assignment, range, isTold: false });',
        'this.#owed.push({ assignment, range, isTold: true });',
      ],
    ],
  },
  {
    name: 'a contribution that is late goes on beside the one that takes its place',
    runs: 100,
    edits: [
      ['race.ts', "rival.state === 'reported' && !isLate(desk, ledger, rival, frame)", 'false'],
      [
        'race.ts',
        'for (const rival of ledger.rivalsOf(holding)) letGo(desk, ledger, rival);',
        "for (const rival of ledger.rivalsOf(holding)) if (rival.state === 'computing') letGo(desk, ledger, rival);",
      ],
      ['issue-ledger.ts', 'this.#holders[microBatch].length === 1,', 'true,'],
      ['issue-ledger.ts', 'assert(this.#rangesOf[microBatch] === range,', 'assert(true,'],
    ],
  },
  {
    name: 'the grid is judged by a rival too, which has not reported',
    runs: 200,
    where: ({ faults: { stalls } }) => stalls > 0,
    edits: [
      [
        'step-work.ts',
        "this.#ledger.holdings.filter(({ state }) => state === 'reported')",
        'this.#ledger.holdings',
      ],
    ],
  },
  {
    name: 'what was added of a lost contribution is wanted again',
    runs: 50,
    edits: [
      [
        'issue-ledger.ts',
        'holders.splice(holders.indexOf(holding), 1);',
        'holders.splice(holders.indexOf(holding), 1); this.#rangesOf[microBatch] = 0;',
      ],
    ],
  },
  {
    name: 'a stale grid is accepted',
    runs: 100,
    edits: [['step-work.ts', 'if (agrees && !this.#misfit) {', 'if (!this.#misfit) {']],
  },
  {
    name: 'the wrong one of three workers is struck',
    runs: 100,
    edits: [['second-words.ts', "'stands', second.worker)", "'stands', first.worker)"]],
  },
  {
    name: 'a contribution that two others contradict counts all the same',
    runs: 100,
    edits: [['second-words.ts', "stands: verdict !== 'refuted'", 'stands: true']],
  },
  {
    name: 'an audit is given to the worker that is audited',
    runs: 50,
    edits: [['second-words.ts', 'words.every((word) => word.worker !== worker)', 'words.length > 0']],
  },
  {
    name: 'a questioned contribution is sent before it is settled',
    runs: 1000,
    edits: [
      [
        'issue-ledger.ts',
        "holding.worker === worker && holding.state === 'reported'",
        "holding.worker === worker && holding.state !== 'computing'",
      ],
    ],
  },
  {
    name: 'losses are added in another order',
    runs: 50,
    edits: [
      [
        'issue-ledger.ts',
        'for (const loss of this.#losses)',
        'for (const loss of [...this.#losses].reverse())',
      ],
    ],
  },
  {
    name: 'the first step does not wait for a checkpoint to go back to',
    runs: 50,
    edits: [['between.ts', 'if (!saves.isAny) return WAIT;', '']],
  },
  {
    name: 'a run that diverges goes back to a state that is still being saved',
    runs: 50,
    where: ({ faults: { divergence } }) => divergence !== null,
    edits: [
      [
        'between.ts',
        `if (saves.isUnderWay) return WAIT;
    return { type: 'finish', outcome: 'diverged'`,
        `return { type: 'finish', outcome: 'diverged'`,
      ],
    ],
  },
  {
    name: 'a state to go back to is not saved',
    runs: 50,
    edits: [['saves.ts', ' && step % anchorEverySteps !== 0', '']],
  },
];

const sources = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rocinante-planted-'));
symlinkSync(join(sources, '../../../node_modules'), join(folder, 'node_modules'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true }));

/** Most files are the same in every copy. */
const outputs = new Map<string, string>();

function transpiled(text: string): string {
  const known = outputs.get(text);
  if (known !== undefined) return known;
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  const { outputText } = ts.transpileModule(text, { compilerOptions });
  outputs.set(text, outputText);
  return outputText;
}

/** Copies the sources with these edits, and looks for a run that breaks a rule; null where none of so many does. */
async function search(
  name: string,
  { edits, runs, where = () => true }: Omit<PlantedBug, 'name'>,
): Promise<BrokenRule | null> {
  const copy = join(folder, name);
  mkdirSync(join(copy, 'simulation'), { recursive: true });
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
    let text = readFileSync(join(sources, file), 'utf8');
    for (const [edited, from, to] of edits) {
      if (edited !== file) continue;
      expect(text.split(from), `${file}: ${from}`).toHaveLength(2);
      text = text.replace(from, () => to);
    }
    writeFileSync(join(copy, file.replace(/\.ts$/, '.js')), transpiled(text));
  }
  const url = pathToFileURL(join(copy, 'simulation', 'simulation-search.js')).href;
  const { searchSeeds } = (await import(url)) as { searchSeeds: typeof searchSeedsOf };
  for (let seed = 0, played = 0; played < runs; seed++) {
    if (!where(drawScenario(seed))) continue;
    const { broken } = searchSeeds(seed, 1, undefined, SHRINK_TRIES);
    if (broken !== null) return broken;
    played += 1;
  }
  return null;
}

describe('a planted bug', () => {
  for (const [index, { name, ...bug }] of bugs.entries()) {
    it(`is found within ${bug.runs} runs: ${name}`, { timeout: 120_000 }, async () => {
      const broken = await search(`bug-${index}`, bug);
      expect(broken).not.toBeNull();
      const { seed, scenario, leastRule } = broken!;
      // Where nothing could be left out, the least scenario is the first.
      expect(leastRule).toContain(`simulation ${seed}: `);
      expect(scenario.shape.stepsTotal).toBeLessThanOrEqual(drawScenario(seed).shape.stepsTotal);
    });
  }

  it('is what breaks the rules: without one they hold', { timeout: 120_000 }, async () => {
    expect(await search('no-bug', { edits: [], runs: 500 })).toBeNull();
  });
});
