import { renameSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RocinanteError } from '@rocinante/base';
import { FILE_LOOK_INTERVAL_MS, onFileChange, rereadOnChange } from './file-change.js';
import { file, folder } from './spec-folder.js';

/** Files whose states are written by hand, and a clock that ticks when it is told. */
class Scripted {
  readonly states: Record<string, string>;
  told = 0;
  ended = false;
  intervalMs = 0;
  readonly end: () => void;
  #look!: () => void;

  constructor(states: Record<string, string>) {
    this.states = states;
    this.end = onFileChange(Object.keys(states), () => this.told++, {
      stateOf: (path) => this.states[path],
      every: (intervalMs, look) => {
        this.intervalMs = intervalMs;
        this.#look = look;
        return () => {
          this.ended = true;
        };
      },
    });
  }

  /** The count of changes told, after a look. */
  look(): number {
    this.#look();
    return this.told;
  }
}

describe('onFileChange', () => {
  it('says nothing where nothing changes', () => {
    const files = new Scripted({ a: '1', b: '1' });
    expect([files.look(), files.look(), files.look()]).toEqual([0, 0, 0]);
    expect(files.intervalMs).toBe(FILE_LOOK_INTERVAL_MS);
  });

  it('tells a change once, when it has settled', () => {
    const files = new Scripted({ a: '1' });
    files.states.a = '2';
    expect([files.look(), files.look(), files.look()]).toEqual([0, 1, 1]);
    files.states.a = '3';
    expect([files.look(), files.look(), files.look()]).toEqual([1, 2, 2]);
  });

  it('tells files once that change one after the other', () => {
    const files = new Scripted({ cert: '1', key: '1' });
    files.states.key = '2';
    expect(files.look()).toBe(0);
    files.states.cert = '2';
    expect([files.look(), files.look(), files.look()]).toEqual([0, 1, 1]);
  });

  it('does not tell of a file that was away for a look', () => {
    const files = new Scripted({ a: '1' });
    files.states.a = 'ENOENT';
    expect(files.look()).toBe(0);
    files.states.a = '1';
    expect([files.look(), files.look()]).toEqual([0, 0]);
  });

  it('tells that a file stays away, and that it is back', () => {
    const files = new Scripted({ a: '1' });
    files.states.a = 'ENOENT';
    expect([files.look(), files.look(), files.look()]).toEqual([0, 1, 1]);
    files.states.a = '1';
    expect([files.look(), files.look()]).toEqual([1, 2]);
  });

  it('ends', () => {
    const files = new Scripted({ a: '1' });
    files.end();
    expect(files.ended).toBe(true);
  });

  it.each([
    ['written anew, as long as before', (path: string) => writeFileSync(path, '2222')],
    ['replaced by another', (path: string) => renameSync(file('1111'), path)],
  ])('sees a real file %s', (_, change) => {
    const path = file('1111');
    expect(toldAfter(path, () => change(path))).toBe(1);
  });

  it('sees what Kubernetes does with a mounted secret: a link to the folder is swapped', () => {
    const mount = join(folder, 'mount');
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(mount, version), { recursive: true });
      writeFileSync(join(mount, version, 'tls.crt'), 'same length');
    }
    symlinkSync('v1', join(mount, '..data'));
    symlinkSync('..data/tls.crt', join(mount, 'tls.crt'));
    const swap = (): void => {
      symlinkSync('v2', join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    expect(toldAfter(join(mount, 'tls.crt'), swap)).toBe(1);
  });
});

/** How often a change of a real file is told, in three looks. */
function toldAfter(path: string, change: () => void): number {
  let told = 0;
  let look!: () => void;
  onFileChange([path], () => told++, {
    every: (_, tick) => {
      look = tick;
      return () => undefined;
    },
  });
  look();
  change();
  look();
  look();
  look();
  return told;
}

it('rereads, and tells of what cannot be used, but not of errors of ours', () => {
  let look = (): void => undefined;
  let state = 0;
  let error: Error | null = null;
  const failures: string[] = [];
  let reads = 0;
  const change = (): void => {
    state++;
    look();
    look();
  };
  rereadOnChange(
    ['a'],
    () => {
      reads++;
      if (error) throw error;
    },
    ({ code }) => failures.push(code),
    {
      stateOf: () => String(state),
      every: (_, given) => {
        look = given;
        return () => undefined;
      },
    },
  );
  change();
  expect([reads, failures]).toEqual([1, []]);
  error = new RocinanteError('FILE', 2, 'not a certificate');
  change();
  expect([reads, failures]).toEqual([2, ['FILE']]);
  error = new TypeError('ours');
  expect(change).toThrow('ours');
});
