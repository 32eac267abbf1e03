/** Another thing than a weights file is refused with what to give in its place. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHeader } from '@rocinante/weights';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readNamedWeights } from './named-weights.js';

let folder: string;
let run: string;
const workingFolder = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-named-'));
  run = join(folder, 'r7');
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  mkdirSync(join(run, 'weights'));
  writeFileSync(join(run, 'config.json'), '{}');
  writeFileSync(
    join(run, 'checkpoints', 'step-00000003.safetensors'),
    encodeHeader([], { format: 'rocinante-checkpoint' }),
  );
});
afterEach(() => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true });
});

/** How a path is refused, without what it begins with. */
async function refusal(path: string): Promise<string> {
  const error: unknown = await readNamedWeights(path).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ exitCode: 2 });
  const { message } = error as Error;
  expect(message.startsWith(`${path}: `)).toBe(true);
  return message.slice(path.length + 2);
}

const done = (): void => writeFileSync(join(run, 'weights', 'final.safetensors'), 'En un lugar de la Mancha');
const general = 'give weights/final.safetensors of a run that is done, or what weights pull wrote';

it('a checkpoint, by the weights of its run', async () => {
  const path = join(run, 'checkpoints', 'step-00000003.safetensors');
  const what = 'expected a weights file (format rocinante-weights), received format "rocinante-checkpoint"; ';
  expect(await refusal(path)).toBe(
    `${what}that run has weights once it is done: ./rocinante train --resume --run-dir ${run}`,
  );
  done();
  expect(await refusal(path)).toBe(`${what}the weights of that run are ${run}/weights/final.safetensors`);
});

it("a run's directory, a folder of it and a slip of the pen, too", async () => {
  done();
  const advice = `; the weights of that run are ${run}/weights/final.safetensors`;
  for (const path of [run, join(run, 'weights')])
    expect(await refusal(path)).toBe(`no sound weights file: expected a file, received a directory${advice}`);
  expect(await refusal(join(run, 'weights', 'finale.safetensors'))).toBe(
    `there is no such file or folder (ENOENT)${advice}`,
  );
});

it("a run of a coordinator's, by the command that pulls its weights", async () => {
  writeFileSync(join(run, 'run.json'), '{}');
  expect(await refusal(run)).toMatch(/; its weights are had with .* pull r7 --which newest --out FILE$/);
  expect(await refusal('r7')).toMatch(/\(ENOENT\); .*rocinante weights pull r7 --out FILE$/);
});

it("a folder that is named like a coordinator's run, as the folder that is there", async () => {
  process.chdir(folder);
  expect(await refusal('r7')).toMatch(/; that run has weights once .* --resume --run-dir r7$/);
  done();
  expect(await refusal('r7')).toMatch(/; the weights of that run are r7\/weights\/final.safetensors$/);
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
