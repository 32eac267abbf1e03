import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';

it.each([
  ['quixote', 'quijote'],
  ['quijot', 'quijote'],
  ['quijote', 'quijote'],
  ['bundle', 'bundled'],
  ['quilt', null],
  ['quijote.txt', null],
])('%s may have meant %s', (name, meant) => {
  expect(nearestName(name, ['bundled', 'quijote'])).toBe(meant);
});
