import { describe, expect, it } from 'vitest';
import { oneLine } from './one-line.js';

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
