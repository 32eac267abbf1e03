import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineNotFoundError } from './errors.js';
import { locateBinding } from './location.js';

const FILES = ['binding/tfjs_binding.node', 'lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2'];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'engine-location-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function makeEngine(directory: string, files = FILES): void {
  for (const file of files) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), '');
  }
}

describe('locateBinding', () => {
  it('takes the folder that the environment names', () => {
    makeEngine(join(root, 'elsewhere'));
    const found = locateBinding({ ROCINANTE_ENGINE_DIR: join(root, 'elsewhere') });
    expect(found).toBe(join(root, 'elsewhere', 'binding', 'tfjs_binding.node'));
  });

  it('finds node_modules/.rocinante/engine above the module', () => {
    const engine = join(root, 'node_modules', '.rocinante', 'engine');
    makeEngine(engine);
    const module = pathToFileURL(join(root, 'libs', 'engine', 'dist', 'location.js')).href;
    expect(locateBinding({}, module)).toBe(join(engine, 'binding', 'tfjs_binding.node'));
  });

  it('names the missing file and the folder', () => {
    makeEngine(root, FILES.slice(0, 2));
    expect(() => locateBinding({ ROCINANTE_ENGINE_DIR: root })).toThrow(EngineNotFoundError);
    expect(() => locateBinding({ ROCINANTE_ENGINE_DIR: root })).toThrow(
      /libtensorflow_framework\.so\.2.*engine-location-/,
    );
  });

  it('names the place where no folder is found', () => {
    expect(() => locateBinding({}, pathToFileURL(join(root, 'module.js')).href)).toThrow(EngineNotFoundError);
  });
});
