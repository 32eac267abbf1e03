import { expect, it } from 'vitest';
import { logLine } from './log-line.js';

it.each([
  [
    {
      level: 'warn',
      time: '2026-11-24T12:30:05.123Z',
      run: 'r1',
      worker: 'a',
      step: 12,
      msg: 'slow',
      seconds: 3,
    },
    '2026-11-24 12:30:05 WARN  a, step 12: slow {"seconds":3}',
  ],
  [
    {
      level: 'info',
      time: '2026-11-24T12:30:05.123Z',
      run: 'r1',
      step: 1200,
      event: 'issued-again',
      msg: 'the step is issued again',
      issue: 2,
    },
    '2026-11-24 12:30:05 INFO  step 1,200: the step is issued again',
  ],
  [
    { level: 'info', time: '2026-11-24T12:30:05.123Z', run: 'r1', msg: 'began' },
    '2026-11-24 12:30:05 INFO  began',
  ],
  [
    { level: 'info', time: '2026-11-24T12:30:05.123Z', worker: 'a', msg: '\u001b]0;owned\u0007' },
    '2026-11-24 12:30:05 INFO  a: \\u001b]0;owned\\u0007',
  ],
])('%j is shown as a line', (entry, line) => {
  expect(logLine(JSON.stringify(entry))).toBe(line);
});

it('a line that is no JSON object is shown as it is', () => {
  expect(logLine('Segmentation fault\r')).toBe('Segmentation fault\\u000d');
  expect(logLine('12')).toBe('12');
});
