/** Goal: a run's place in a store costs no run. Method: a real folder, which cannot be written where a folder has a file's name. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MANIFEST_KEY, type ObjectStore } from '@rocinante/store';
import { noProgress } from '@rocinante/training';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, smallConfig } from '../daemon/spec-coordinator.js';
import { isWhole, RunPlace } from './run-place.js';

type TakenRun = Parameters<RunPlace['takeNow']>[0];
const run = { loaded: null, limits: { keepLast: 1, keepEverySteps: 0 } } as unknown as TakenRun;
const soon = { weights: false, waitMs: 60_000, lostWaitMs: 0 };

let directory: string;
let mark: string;
let told: string[];
/** What is in the store. */
let held: Map<string, Uint8Array>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rocinante-place-'));
  mkdirSync(join(directory, 'checkpoints'));
  writeFileSync(join(directory, 'config.json'), '{}');
  mark = join(directory, 'store.json');
  told = [];
  held = new Map();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A store in memory, as far as a run without a checkpoint needs one. */
function objects(): ObjectStore {
  const etag = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
  const store: Partial<ObjectStore> = {
    name: 's3://spec/run',
    read: (key) => {
      const bytes = held.get(key);
      return Promise.resolve(bytes === undefined ? null : { bytes, etag: etag(bytes) });
    },
    write: (key, bytes) => Promise.resolve((held.set(key, bytes), etag(bytes))),
    upload: (key, { bytes }) => Promise.resolve(void held.set(key, new Uint8Array(bytes))),
    list: () => Promise.resolve([]),
    abandonUploads: () => Promise.resolve(),
    end: () => undefined,
  };
  return store as ObjectStore;
}

function begin(place: RunPlace): void {
  place.begin({ config: smallConfig, progress: () => noProgress }, [
    {
      storeLost: (reason) => told.push(reason),
      storeBack: () => told.push('back'),
    },
  ]);
}

const marked = (): unknown => JSON.parse(readFileSync(mark, 'utf8'));

describe('a place in a store', () => {
  it('is marked beside the run before anything is in the store, and again once all of it is', async () => {
    const place = RunPlace.beside(objects(), directory);
    place.take(run);
    begin(place);
    await eventually(() => (held.size > 0 ? true : null));
    expect(marked()).toMatchObject({ store: 's3://spec/run', whole: false });
    expect(await place.finish(soon)).toEqual({ isWhole: true, line: null });
    expect(marked()).toMatchObject({ whole: true });
    expect([...held.keys()]).toContain(MANIFEST_KEY);
  });

  it('whose mark cannot be written ends no run: nothing goes there before it is', async () => {
    const place = RunPlace.beside(objects(), directory);
    mkdirSync(mark);
    place.take(run);
    begin(place);
    await eventually(() => (told.length > 0 ? true : null));
    expect(told).toEqual([
      expect.stringMatching(/^store s3:\/\/spec\/run: .*store\.json: cannot be written: /),
    ]);
    expect(held.size).toBe(0);
    rmdirSync(mark);
    expect(await place.finish(soon)).toEqual({ isWhole: true, line: null });
    expect(told.slice(1)).toEqual(['back']);
    expect(marked()).toMatchObject({ whole: true });
  });

  it('says at the end that the mark could not be written, and what is not there', async () => {
    const place = RunPlace.beside(objects(), directory);
    place.take(run);
    begin(place);
    await eventually(() => (held.has(MANIFEST_KEY) ? true : null));
    rmSync(mark);
    mkdirSync(mark);
    const end = await place.finish(soon);
    expect(end.isWhole).toBe(true);
    expect(end.line).toMatch(
      /^all of it is in the store, which cannot be noted: .*store\.json: cannot be written/,
    );

    const other = RunPlace.beside(objects(), mkdtempSync(join(directory, 'other-')));
    other.take(run);
    other.begin({ config: smallConfig, progress: () => noProgress }, []);
    // The same place: another's by now.
    expect(await other.finish(soon)).toMatchObject({
      isWhole: false,
      line: expect.stringMatching(/^not in the store: the last lines of its logs; store s3/) as string,
    });
  });

  it('that nothing was brought to is left, and the mark does not say that all is there', async () => {
    let ends = 0;
    const place = RunPlace.beside({ ...objects(), end: () => void ends++ }, directory);
    place.take(run);
    expect(await place.finish(soon)).toEqual({ isWhole: false, line: null });
    expect([ends, held.size]).toEqual([1, 0]);
    expect(marked()).toMatchObject({ whole: false });
    expect(isWhole(directory)).toBe(false);
  });

  it('whose disk takes the mark at the very end only has it: the rest is brought there another time', async () => {
    const place = RunPlace.beside({ ...objects(), end: () => rmdirSync(mark) }, directory);
    mkdirSync(mark);
    place.take(run);
    begin(place);
    await eventually(() => (told.length > 0 ? true : null));
    expect(await place.finish(soon)).toMatchObject({ isWhole: false });
    expect(held.size).toBe(0);
    expect(marked()).toMatchObject({ whole: false });
    expect(isWhole(directory)).toBe(false);
  });

  it('whose disk never takes the mark ends all the same, and says what is not there', async () => {
    const place = RunPlace.beside(objects(), directory);
    mkdirSync(mark);
    place.take(run);
    begin(place);
    await eventually(() => (told.length > 0 ? true : null));
    const { isWhole, line } = await place.finish(soon);
    expect(isWhole).toBe(false);
    expect(line).toMatch(/^not in the store: .*store\.json: cannot be written: /);
  });

  it('that was not taken leaves no mark', async () => {
    await RunPlace.beside(objects(), directory).finish(soon);
    expect(existsSync(mark)).toBe(false);
    expect(isWhole(directory)).toBe(true);
  });

  it('is refused at the beginning of a run that takes it at once', async () => {
    const place = RunPlace.beside(objects(), directory);
    mkdirSync(mark);
    await expect(place.takeNow(run)).rejects.toMatchObject({ exitCode: 1, code: 'RUN_FAILED' });
    expect(held.size).toBe(0);
  });

  it('is not taken in a store that does not keep what it took: one line, and no failure of ours', async () => {
    rmSync(join(directory, 'config.json'));
    const forgetful: Pick<ObjectStore, 'name' | 'read' | 'write'> = {
      name: 's3://spec/run',
      read: () => Promise.resolve(null),
      write: () => Promise.resolve(null),
    };
    const place = await RunPlace.find(forgetful as ObjectStore, directory, false);
    await expect(place.takeNow(run)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      exitCode: 1,
      message:
        'store s3://spec/run: could not be brought up to date: latest.json is not there, and a new one is not taken',
    });
  });
});
