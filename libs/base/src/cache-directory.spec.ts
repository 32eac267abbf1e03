import { expect, it } from 'vitest';
import { cacheDirectory } from './cache-directory.js';

it('is ROCINANTE_CACHE, else in XDG_CACHE_HOME, else in ~/.cache; an empty variable counts as none', () => {
  const home = { HOME: '/home/sancho' };
  expect(cacheDirectory({ ...home, XDG_CACHE_HOME: '/x', ROCINANTE_CACHE: '/r' })).toBe('/r');
  expect(cacheDirectory({ ...home, XDG_CACHE_HOME: '/x', ROCINANTE_CACHE: '' })).toBe('/x/rocinante');
  expect(cacheDirectory({ ...home, XDG_CACHE_HOME: '' })).toBe('/home/sancho/.cache/rocinante');
});
