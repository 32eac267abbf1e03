import { expect, it } from 'vitest';
import { usageLine } from './usage-line.js';

it.each([
  ["error: unknown option '--x'\n", "rocinante: unknown option '--x'\n"],
  [
    "error: unknown option '--stpes'\n(Did you mean --steps?)\n",
    "rocinante: unknown option '--stpes'; did you mean --steps?\n",
  ],
  [
    "error: unknown command 'ru'\n(Did you mean one of rm, run?)\n",
    "rocinante: unknown command 'ru'; did you mean one of rm, run?\n",
  ],
])('%j is %j', (text, line) => {
  expect(usageLine(text)).toBe(line);
});
