import { expect, it } from 'vitest';
import { presets } from '../presets.js';
import { configLines } from './config-lines.js';

it('shows a configuration in lines of a terminal', () => {
  const lines = configLines(JSON.stringify(presets.seed));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.slice(lines.findIndex((line) => line.startsWith('network'))).slice(0, 4)).toEqual([
    'network        input scaled,',
    '               layers (units 512, dropout 0.5) (units 512, dropout 0.5) (units 512, dropout 0.5),',
    '               recurrentActivation sigmoid, loss last',
    'text           normalisation reference, window 100, stride 1, heldOut false, order shuffled',
  ]);
  expect(lines).toContain('earlyStopping  none');
  expect(lines).toContain('epochs         100');
});

it('shows the length that decides, and not the other', () => {
  const lengths = (change: object): string[] =>
    configLines(JSON.stringify({ ...presets.quick, ...change })).filter((line) =>
      /^(steps|epochs)/.test(line),
    );
  expect(lengths({})).toEqual(['epochs         4']);
  expect(lengths({ steps: 10 })).toEqual(['steps          10']);
});
