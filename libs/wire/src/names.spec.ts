import { expect, it } from 'vitest';
import { NAME_LENGTH_MAX } from './limits.js';
import { isName } from './names.js';

it.each(['a', 'gpu-1.example:7070', 'me@home_2', 'x'.repeat(NAME_LENGTH_MAX)])('%s is a name', (text) => {
  expect(isName(text)).toBe(true);
});

it.each(['', 'a b', 'a\n', 'a#2', 'a/b', 'ñ', 'x'.repeat(NAME_LENGTH_MAX + 1)])('%j is none', (text) => {
  expect(isName(text)).toBe(false);
});
