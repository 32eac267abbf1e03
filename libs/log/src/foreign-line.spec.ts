import { describe, expect, it } from 'vitest';
import { foreignLine, messageOf } from './foreign-line.js';

const line = { level: 'info', time: '2026-01-01T00:00:00.000Z', msg: 'ready' };

describe('a line of another process', () => {
  it('is kept under what the reader knows, without secrets', () => {
    const kept = foreignLine(JSON.stringify({ ...line, worker: 'liar', token: 'x', n: 1 }), { worker: 'a' });
    expect(JSON.parse(kept!)).toEqual({ ...line, worker: 'a', token: '[redacted]', n: 1 });
  });

  it('is one line, whatever the message holds', () => {
    expect(foreignLine(JSON.stringify({ ...line, msg: 'a\nb' }), {})).not.toContain('\n');
  });

  it.each(['', 'ready', '[]', 'null', '{', '{}', '{"level":"info","time":1,"msg":"x"}', '{"msg":"x"}'])(
    'is refused where it is none: %s',
    (text) => {
      expect(foreignLine(text, {})).toBeNull();
    },
  );

  it('is refused where it is nested without end', () => {
    const [open, close] = ['['.repeat(20_000), ']'.repeat(20_000)];
    const text = (more: string): string => `${JSON.stringify(line).slice(0, -1)},"more":${more}}`;
    expect(foreignLine(text(`${open}${close}`), {})).toBeNull();
    // Brackets in a string open nothing.
    expect(foreignLine(text(`"\\"${open}"`), {})).not.toBeNull();
  });

  it('says its message', () => {
    expect(messageOf(JSON.stringify(line))).toBe('ready');
    expect(messageOf('rocinante: no')).toBe('rocinante: no');
    expect(messageOf('{"msg":7}')).toBe('{"msg":7}');
  });
});
