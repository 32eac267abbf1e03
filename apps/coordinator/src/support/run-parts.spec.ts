// Goal: what a run's directory has is packed, and of what it lacks one reads whether it should be there. Method: real folders.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isPart } from './part.js';
import { directoryParts } from './run-parts.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'rocinante-run-parts-'))));
afterAll(() => rmSync(folder, { recursive: true }));

it('says of a run of train that it has no record and no log, as a coordinator’s has', async () => {
  for (const name of ['config.json', 'events.jsonl']) writeFileSync(join(folder, name), '{}\n');
  const parts = await directoryParts(folder);
  expect(parts.filter(isPart).map(({ name }) => name)).toEqual(['config.json', 'events.jsonl', 'files.json']);
  const ofCoordinator =
    'a coordinator’s run has one, in runs/<id> of serve’s --data, and a run of train has none';
  expect(parts.filter((part) => !isPart(part))).toEqual([
    { name: 'run.json', why: ofCoordinator },
    { name: 'log.jsonl', why: ofCoordinator },
    {
      name: 'ledger.jsonl',
      why: 'a run has one, but for train --no-ledger; without it who computed what is not known',
    },
  ]);
});

it('says what the system says where a file is there and cannot be read', async () => {
  mkdirSync(join(folder, 'run.json'));
  const parts = await directoryParts(folder);
  expect(parts.find(({ name }) => name === 'run.json')).toEqual({ name: 'run.json', why: 'no file' });
});

it('is refused where it is none', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await expect(directoryParts(empty)).rejects.toMatchObject({
    exitCode: 2,
    message: `--run-dir ${empty}: expected a run’s directory, received one without config.json and logs`,
  });
});
