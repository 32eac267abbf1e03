import { describe, expect, it } from 'vitest';
import { oneLine, quoted } from './one-line.js';

describe('oneLine', () => {
  it('leaves a line as it is', () => {
    expect(oneLine('kind: expected "step", received «día» \u{1f980}')).toBe(
      'kind: expected "step", received «día» \u{1f980}',
    );
  });

  it('shows what ends a line or commands a terminal as escapes', () => {
    expect(oneLine('a\nb\u001b[2J\u009b\u007f\u2028')).toBe('a\\u000ab\\u001b[2J\\u009b\\u007f\\u2028');
  });

  it('cuts a text that is too long for a line', () => {
    expect(oneLine('abcdefghij', 8)).toBe('abcde...');
  });
});

describe('quoted', () => {
  it('shows a value from outside as JSON, on one line, and not without end', () => {
    expect(quoted('a "b"\n')).toBe('"a \\"b\\"\\n"');
    expect(quoted('\u009b')).toBe('"\\u009b"');
    expect(quoted(undefined)).toBe('nothing');
    const long = [quoted('x'.repeat(10_000)), quoted(Array(10_000).fill(12))];
    expect(long.map((text) => text.length)).toEqual([80, 80]);
    expect(long.every((text) => text.endsWith('...'))).toBe(true);
  });
});
