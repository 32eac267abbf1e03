import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { clockFinding, roleFinding } from './call-checks.js';

describe('the clock', () => {
  it.each([
    [1000, 1000.9, 'ok'],
    [1000, 1002.5, 'ok'],
    [1000, 1004, 'warning'],
    [1000, 996, 'warning'],
    [1000, 1100, 'problem'],
  ])('there at %d, here at %d: %s', (dateSeconds, atSeconds, expected) => {
    expect(clockFinding([{ dateSeconds, atSeconds }]).status).toBe(expected);
  });

  it('is judged by the answer that fits best, and unknown without one', () => {
    const slow = { dateSeconds: 1000, atSeconds: 1010 };
    expect(clockFinding([slow, { dateSeconds: 1000, atSeconds: 1000.5 }]).status).toBe('ok');
    expect(clockFinding([{ dateSeconds: null, atSeconds: 1 }]).status).toBe('warning');
  });
});

describe('the role of a token', () => {
  const { OK, PERMISSION_DENIED, UNAUTHENTICATED } = status;
  it.each([
    ['none is asked for', OK, OK, OK, true],
    ['its role is operator', OK, OK, PERMISSION_DENIED, true],
    ['its role is reader', OK, PERMISSION_DENIED, PERMISSION_DENIED, true],
    ['its role is worker', PERMISSION_DENIED, PERMISSION_DENIED, OK, true],
    ['it allows nothing', PERMISSION_DENIED, PERMISSION_DENIED, PERMISSION_DENIED, true],
    ['the coordinator does not know it', UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED, true],
    ['none was given, and one is asked for', UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED, false],
  ])('%s', (found, reader, operator, worker, isGiven) => {
    expect(roleFinding({ reader, operator, worker }, isGiven).found).toBe(found);
  });
});
