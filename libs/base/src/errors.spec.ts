import { describe, expect, it } from 'vitest';
import { assert, assertNever, AssertionError, RocinanteError } from './errors.js';

class PortInUseError extends RocinanteError {
  constructor(readonly port: number) {
    super('PORT_IN_USE', 1, `port ${port}: expected it free`, { cause: 'EADDRINUSE' });
  }
}

describe('RocinanteError', () => {
  it('carries its code, exit code, cause, and the name of its own class', () => {
    const error = new PortInUseError(7070);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PortInUseError',
      code: 'PORT_IN_USE',
      exitCode: 1,
      message: 'port 7070: expected it free',
      cause: 'EADDRINUSE',
      port: 7070,
    });
  });

  it('is one line of bounded length, whatever it says', () => {
    const { message } = new RocinanteError('READ', 2, `a\u001b[2J\n${'x'.repeat(10_000)}`);
    expect(message).toMatch(/^a\\u001b\[2J\\u000ax+\.\.\.$/);
    expect(message.length).toBeLessThan(4_100);
  });
});

describe('assert', () => {
  it('lets what is true pass and ends what is not', () => {
    expect(() => assert(true, 'never')).not.toThrow();
    expect(() => assert(false, 'two is not three')).toThrow(new AssertionError('two is not three'));
  });

  it('is no operating error, so no handler of those takes it for one', () => {
    expect(new AssertionError('x')).not.toBeInstanceOf(RocinanteError);
  });
});

describe('assertNever', () => {
  it('names what got past the check', () => {
    expect(() => assertNever({ kind: 'unknown' } as never)).toThrow('{"kind":"unknown"}');
  });
});
