import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { presets } from '../presets.js';
import { RunDirectory, type RunRecord } from './run-directory.js';

const record: RunRecord = {
  version: 1,
  config: presets.quick,
  corpus: { source: 'bundled', sha256: 'a'.repeat(64) },
};
let folder: string;
let directory: RunDirectory;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-directory-'));
  directory = new RunDirectory(join(folder, 'run'));
});
afterEach(() => {
  directory.release();
  rmSync(folder, { recursive: true });
});

describe('a run directory', () => {
  it('gives back what was written', () => {
    directory.create();
    directory.write(record);
    expect(directory.read()).toEqual(record);
  });

  it('is not taken for a new run when something is in it', () => {
    directory.create();
    directory.write(record);
    directory.release();
    expect(() => directory.create()).toThrow('there is a run in it; use --resume or another --run-dir');
    writeFileSync(join(folder, 'notes.txt'), '');
    const file = join(folder, 'notes.txt');
    expect(() => new RunDirectory(file).create()).toThrow(
      `--run-dir ${file}: expected a folder, or a path where there is nothing yet, received a file; choose another --run-dir`,
    );
    expect(() => new RunDirectory(join(file, 'a')).refuseTaken()).toThrow(
      `received a path through the file ${file}; choose`,
    );
    expect(() => new RunDirectory(file).read()).toThrow(
      "expected a run's folder, such as runs/<time>, received a file; give the folder that holds config.json",
    );
    expect(() => new RunDirectory(join(folder, 'none')).expectRun()).toThrow('received nothing of that name');
    rmSync(directory.configPath);
    expect(() => directory.expectRun()).toThrow('received a folder without config.json');
    expect(() => new RunDirectory(folder).create()).toThrow('it is not empty; use another --run-dir');
  });

  it('is taken again where a coordinator was killed before it wrote anything', () => {
    directory.create();
    directory.release();
    directory.create();
    directory.write(record);
    expect(directory.read()).toEqual(record);
  });

  it('says that there is no place for it', () => {
    expect(() => new RunDirectory('/proc/x').create()).toThrow(
      'run directory /proc/x: the folder cannot be made: there is no such file or folder (ENOENT); choose a place where files can be written',
    );
  });

  it('lets one coordinator in at a time', () => {
    directory.create();
    const second = new RunDirectory(directory.path);
    expect(() => second.reopen(record, record)).toThrow(`process ${process.pid} works in it`);
    expect(() => second.create()).toThrow(`process ${process.pid} works in it`);
    directory.release();
    second.reopen(record, record);
  });

  it('goes on longer, but not as another run, and names what differs', () => {
    directory.create();
    directory.release();
    const longer = { ...record, config: { ...record.config, epochs: 99 } };
    directory.reopen(record, longer);
    directory.release();
    const other = { ...record, config: { ...record.config, seed: 2 }, corpus: { source: 'x', sha256: 'b' } };
    expect(() => directory.reopen(record, other)).toThrow(
      /it is another run's \(seed is 1, not 2; corpusSha256 is "a+", not "b"\)|\(corpusSha256 is "a+", not "b"; seed is 1, not 2\)/,
    );
    const given = [
      { setting: 'seed', text: '--seed 2' },
      { setting: 'corpusSha256', text: '--corpus other.txt' },
    ];
    expect(() => directory.reopen(record, other, given)).toThrow(
      /it is another run's \(--seed 2: it has 1; --corpus other\.txt is not its own\); leave the option out/,
    );
  });

  it('names the command that goes on with its weights as another run', () => {
    directory.create();
    directory.release();
    const config = { ...record.config, optimizer: { ...record.config.optimizer, learningRate: 0.001 } };
    const given = [
      { setting: 'optimizer.learningRate', text: '--learning-rate 0.001' },
      { setting: 'steps', text: '--steps 9' },
    ];
    const said = (other = config, options = given): string => {
      try {
        directory.reopen(record, { ...record, config: other }, options);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing';
    };
    expect(said()).toMatch(/leave the option out, or use another --run-dir$/);
    const within = (name: string): string => join(directory.shownPath, name);
    for (const name of [
      'checkpoints/step-00000003.safetensors',
      'checkpoints/step-00000012.safetensors',
      'checkpoints/step-99999999.safetensors',
      'checkpoints/step-100000000.safetensors',
      'weights/final.safetensors',
    ]) {
      writeFileSync(join(directory.path, name), '');
      expect(said()).toContain(
        `; leave the option out, or begin a new run with its weights: ./rocinante train --config ${within('config.json')} ` +
          `--init-from ${within(name)} --learning-rate 0.001 --steps 9 --run-dir NEW`,
      );
    }
    // Its weights are of its own network, and a setting of a file is no option.
    expect(
      said({ ...config, network: { ...config.network, recurrentActivation: 'hard-sigmoid' } }),
    ).not.toContain('--init-from');
    expect(said(config, [])).not.toContain('--init-from');
  });

  it('goes on with the folders that it needs, where one was cleared away', () => {
    directory.create();
    directory.write(record);
    directory.release();
    rmSync(dirname(directory.finalWeightsPath), { recursive: true });
    directory.reopen(record, record);
    expect(existsSync(dirname(directory.finalWeightsPath))).toBe(true);
  });

  it('without a record has nothing to resume; with a damaged one says so', () => {
    expect(() => directory.read()).toThrow('nothing to resume, there is no config.json');
    directory.create();
    writeFileSync(directory.configPath, '{"version": 2}');
    expect(() => directory.read()).toThrow('not the record of a run of this release');
  });

  it('of a daemon has its record written anew where a loss of power left half of one, or none', () => {
    expect(directory.use(record)).toBeNull();
    directory.release();
    for (const left of ['', '{"version": 1, "con']) {
      writeFileSync(directory.configPath, left);
      // Not null: the run has begun, and goes on from its checkpoints.
      expect(directory.use(record)).toEqual(record);
      directory.release();
      expect(directory.read()).toEqual(record);
    }
  });
});
