import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isSystemError } from './system-error.js';

it('is what the system refuses, and no other error', () => {
  let refused: unknown;
  try {
    readFileSync('/dev/null/none');
  } catch (error) {
    refused = error;
  }
  expect(isSystemError(refused)).toBe(true);
  expect(isSystemError(new TypeError('this is no function'))).toBe(false);
  expect(isSystemError({ syscall: 'read' })).toBe(false);
  expect(isSystemError(null)).toBe(false);
});
