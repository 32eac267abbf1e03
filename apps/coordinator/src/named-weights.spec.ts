/** Weights are had of whatever has them; another thing is refused with what to give in its place. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { checkpointName } from '@rocinante/checkpoint';
import { firstValues, networkLayout } from '@rocinante/model';
import { networkOf, noProgress } from '@rocinante/training';
import { encodeHeader, writeWeightsFile } from '@rocinante/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WhichWeights } from './client/weights-download.js';
import { smallConfig } from './daemon/spec-coordinator.js';
import { readNamedWeights } from './named-weights.js';
import { RunCheckpoints } from './run/checkpoints/run-checkpoints.js';
import { saveState } from './run/checkpoints/spec-checkpoints.js';
import { NOT_PROVEN } from './run/exactness.js';
import { keepWords, wordsEntry } from './run/kept-words.js';
import { RunDirectory } from './run/run-directory.js';
import { DEFAULT_LIMITS } from './run/run-limits.js';

let folder: string;
let run: string;
const workingFolder = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-named-'));
  run = join(folder, 'r7');
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  mkdirSync(join(run, 'weights'));
  writeFileSync(join(run, 'config.json'), '{}');
});
afterEach(() => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true });
});

/** How a path is refused, without what it begins with. */
async function refusal(path: string, which?: WhichWeights): Promise<string> {
  const error: unknown = await readNamedWeights(path, which).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ exitCode: 2 });
  const { message } = error as Error;
  expect(message.startsWith(`${path}: `)).toBe(true);
  return message.slice(path.length + 2);
}

const done = (): void => writeFileSync(join(run, 'weights', 'final.safetensors'), 'En un lugar de la Mancha');
const general =
  'give weights/final.safetensors of a run that is done, or its directory, a checkpoint, or what weights pull wrote';

describe('of checkpoints', () => {
  const vocabulary = ['a', 'b', 'c'];
  const network = networkOf(smallConfig, vocabulary.length);
  const layout = networkLayout(network);
  const at = (step: number): string => join(run, 'checkpoints', checkpointName(step));

  /** The run's checkpoint of a step, whose parameters follow from it. */
  async function save(step: number, best: boolean, notExactSince: number | null = null): Promise<void> {
    const frame = { config: smallConfig, layout, vocabulary, corpusSha256: '0'.repeat(64) };
    await saveState(
      new RunCheckpoints(join(run, 'checkpoints'), frame, DEFAULT_LIMITS),
      layout,
      { type: 'save', step, reason: 'evaluation', best, progress: { ...noProgress, step } },
      { parameters: firstValues(network, step), exactness: { ...NOT_PROVEN, notExactSince } },
    );
  }

  it('are those of the file that is named, or of the best or newest of a run', async () => {
    await save(3, true);
    await save(5, false);
    const named = await readNamedWeights(at(3));
    expect(named).toMatchObject({ step: 3, path: at(3), vocabulary, parameters: firstValues(network, 3) });
    expect(await readNamedWeights(run, 'best')).toEqual(named);
    expect(await readNamedWeights(run, 'newest')).toMatchObject({ step: 5, path: at(5) });
  });

  it('have what final weights have, words and exactness too, and are the same file', async () => {
    await save(5, true, 2);
    keepWords({ directory: new RunDirectory(run), words: ['sea', 'whale'] });
    const named = await readNamedWeights(at(5));
    expect(named.further).toEqual({ words: '["sea","whale"]', exactness: 'not exact since step 2' });
    const path = join(run, 'weights', 'final.safetensors');
    await writeWeightsFile(path, named);
    expect(named.contentSha256).toBe(sha256(readFileSync(path)));
    expect(sha256(named.content!)).toBe(named.contentSha256);
    expect(await readNamedWeights(run)).toMatchObject({ path, step: 5, content: null });
  });

  it('have no words where the run kept none, or is elsewhere', async () => {
    await save(5, true);
    expect(wordsEntry(new RunDirectory(run))).toEqual({});
    expect((await readNamedWeights(at(5))).further).toEqual({});
  });

  it('are what a run that is not done has, which is said of its directory', async () => {
    await save(5, false);
    expect(await refusal(run)).toBe(
      `no final weights yet: that run is not done; its newest checkpoint is ${at(5)}`,
    );
    expect(await refusal(run, 'best')).toBe('--which best: that run has no best checkpoint yet');
    await save(7, true);
    expect(await refusal(join(run, 'weights', 'finale.safetensors'))).toBe(
      `there is no such file or folder (ENOENT); that run is not done; its best checkpoint is ${at(7)}`,
    );
  });

  it('are refused of a damaged one', async () => {
    writeFileSync(at(3), encodeHeader([], { format: 'rocinante-checkpoint' }));
    expect(await refusal(at(3))).toMatch(/^damaged checkpoint: \S/);
    await expect(readNamedWeights(run, 'newest')).rejects.toThrow(`${at(3)}: damaged checkpoint: `);
  });

  it('are asked for of a directory alone', async () => {
    await save(3, true);
    await expect(readNamedWeights(at(3), 'best')).rejects.toMatchObject({
      exitCode: 2,
      message: `--which best: expected a run's directory, received ${at(3)}`,
    });
  });
});

it("are a run's final ones, by its directory", async () => {
  done();
  const final = join(run, 'weights', 'final.safetensors');
  await expect(readNamedWeights(run)).rejects.toThrow(`${final}: no sound weights file`);
});

it("a slip of the pen in a run's directory, by the weights of the run", async () => {
  done();
  expect(await refusal(join(run, 'weights', 'finale.safetensors'))).toBe(
    `there is no such file or folder (ENOENT); the weights of that run are ${run}/weights/final.safetensors`,
  );
});

it("a run of a coordinator's, by the command that pulls its weights", async () => {
  writeFileSync(join(run, 'run.json'), '{}');
  expect(await refusal(run)).toMatch(/: its weights are had with .* pull r7 --which newest --out FILE$/);
  expect(await refusal('r7')).toMatch(/\(ENOENT\); .*rocinante weights pull r7 --out FILE$/);
});

it("a folder that is named like a coordinator's run, as the folder that is there", async () => {
  process.chdir(folder);
  expect(await refusal('r7')).toMatch(/: that run has weights once .* --resume --run-dir r7$/);
  done();
  await expect(readNamedWeights('r7')).rejects.toThrow('r7/weights/final.safetensors: no sound weights file');
});

it('a folder with a space in its name, by a command that a shell takes', async () => {
  const spaced = join(folder, 'my first');
  renameSync(run, spaced);
  expect(await refusal(spaced)).toMatch(/ --resume --run-dir '.*\/my first'$/);
  writeFileSync(join(spaced, 'run.json'), '{}');
  expect(await refusal(spaced)).toMatch(/ pull 'my first' --which newest --out FILE$/);
});

it('anything else, in general', async () => {
  const text = join(folder, 'book.txt');
  writeFileSync(text, 'En un lugar de la Mancha');
  for (const path of [text, folder, join(folder, 'none.safetensors')])
    expect(await refusal(path)).toMatch(new RegExp(`; ${general}$`));
  done();
  expect(await refusal(join(run, 'weights', 'final.safetensors'))).toMatch(new RegExp(`; ${general}$`));
});

it('and what is cut as it is', async () => {
  const path = join(folder, 'cut.safetensors');
  writeFileSync(path, '');
  expect(await refusal(path)).toMatch(/expected at least 8 bytes, received 0$/);
});
