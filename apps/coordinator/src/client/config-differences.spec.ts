import { describe, expect, it } from 'vitest';
import { presets } from '../presets.js';
import { configDifferences } from './config-differences.js';
import type { ShownRun } from './coordinator.js';

describe('two configurations', () => {
  const shown = (config: object, corpusSha256 = 'aa'): ShownRun =>
    ({ configJson: JSON.stringify(config), corpusSha256 }) as ShownRun;

  it('differ in lengths and texts too', () => {
    const first = shown(presets.quick);
    const second = shown({ ...presets.quick, seed: 2, steps: 9, epochs: 1 }, 'bb');
    expect(configDifferences(first, first)).toEqual([]);
    expect(configDifferences(first, second)).toEqual([
      { key: 'epochs', first: 4, second: 1 },
      { key: 'seed', first: 1, second: 2 },
      { key: 'steps', first: null, second: 9 },
      { key: 'corpusSha256', first: 'aa', second: 'bb' },
    ]);
  });
});
