/** The integer grid in real runs: what a jump of the gradient does, and what rare characters do not do. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointName, readCheckpointFile, writeCheckpointFile } from '@rocinante/checkpoint';
import { events, train, Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const workspace = new Workspace();
let config: string;
let common: string[];

beforeAll(() => {
  const corpus = workspace.write('corpus.txt', smallText(20_000));
  config = workspace.write('config.json', smallConfig);
  common = ['--corpus', corpus, '--config', config];
});
afterAll(() => workspace.remove());

/** How often each step of a run was issued, by step. */
function issuesOf(runDir: string): Map<number, number> {
  return new Map(
    events(runDir).flatMap((event) =>
      'step' in event ? [[event.step as number, event.issues as number]] : [],
    ),
  );
}

describe('a gradient a thousand times as large as its grid expects', () => {
  const STEP = 30;

  /** A copy of a run at a step, which expects other magnitudes of the next one. */
  async function expecting(
    source: string,
    name: string,
    magnitudes: (now: Float32Array) => Float32Array,
  ): Promise<string> {
    const runDir = workspace.in(name);
    cpSync(source, runDir, { recursive: true });
    const path = join(runDir, 'checkpoints', checkpointName(STEP));
    const checkpoint = await readCheckpointFile(path);
    await writeCheckpointFile(path, { ...checkpoint, magnitudes: magnitudes(checkpoint.magnitudes) }, true);
    return runDir;
  }

  it(
    'is issued again, and its weights are those of a run with the coarser grid from the start',
    { timeout: 240_000 },
    async () => {
      const source = workspace.in('source');
      await train([...common, '--steps', String(STEP), '--run-dir', source]);
      const resume = ['--resume', '--steps', String(STEP + 1), '--run-dir'];

      const grown = await expecting(source, 'grown', (now) => now.map((magnitude) => magnitude / 1000));
      const jumped = await train([...common, ...resume, grown]);
      expect(issuesOf(grown).get(STEP + 1)).toBe(2);

      const { magnitudes } = await readCheckpointFile(join(grown, 'checkpoints', checkpointName(STEP + 1)));
      const coarse = await expecting(source, 'coarse', () => magnitudes);
      const expected = await train([...common, ...resume, coarse]);
      expect(issuesOf(coarse).get(STEP + 1)).toBe(1);
      expect(jumped.weightsSha256).toBe(expected.weightsSha256);
    },
  );
});

describe('characters that occur once', () => {
  it('do not make steps be issued again', { timeout: 600_000 }, async () => {
    const steps = LONG ? 420 : 120;
    // Forty characters that occur once each, in a text that is learned with one-hot input.
    const rare = String.fromCodePoint(...Array.from({ length: 40 }, (_, i) => 0x3041 + i));
    const text = [...rare].map((character) => `${smallText(1500)}${character}`).join('');
    const corpus = workspace.write('rare.txt', text);
    const runDir = workspace.in('rare');
    const options = ['--corpus', corpus, '--config', config, '--steps', String(steps)];
    await train([...options, '--run-dir', runDir]);
    const again = [...issuesOf(runDir)].filter(([step, issues]) => step > 20 && issues > 1);
    expect(again.length).toBeLessThanOrEqual((steps - 20) / 100);
  });
});
