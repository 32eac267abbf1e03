import { expect, it } from 'vitest';
import { runOf } from './address.js';

it.each([
  ['', null],
  ['#', null],
  ['#r12', 'r12'],
  ['#moby%20dick', 'moby dick'],
  ['#%', null],
  ['#%e0%a4', null],
])('%j names the run %j', (hash, run) => expect(runOf(hash)).toBe(run));
