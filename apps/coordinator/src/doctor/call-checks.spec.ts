import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { clockFinding, tokenFinding } from './call-checks.js';

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

describe('whose token it is', () => {
  const { OK, PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION } = status;
  const denied = (holder: string): string => `expected a token of role any, received ${holder}`;
  it.each([
    ['none is asked for', 'anybody', OK, '', OK, '', true],
    [
      'its role is operator, called ops',
      'operator',
      PERMISSION_DENIED,
      denied("ops's, of role operator"),
      OK,
      '',
      true,
    ],
    [
      'its role is reader, called a-1',
      'reader',
      PERMISSION_DENIED,
      denied("a-1's, of role reader"),
      OK,
      '',
      true,
    ],
    [
      'its role is worker, called w',
      'worker',
      OK,
      '',
      PERMISSION_DENIED,
      denied("w's, of role worker"),
      true,
    ],
    // A worker of another release.
    [
      'its role is worker, called w',
      'worker',
      FAILED_PRECONDITION,
      '',
      PERMISSION_DENIED,
      denied("w's, of role worker"),
      true,
    ],
    // A coordinator that tells it otherwise.
    ['a reader’s or an operator’s', 'reader', PERMISSION_DENIED, 'no', OK, '', true],
    ['its role is worker', 'worker', OK, '', PERMISSION_DENIED, 'no', true],
    ['one that allows nothing', 'nobody', PERMISSION_DENIED, '', PERMISSION_DENIED, '', true],
    ['the coordinator does not know it', 'nobody', UNAUTHENTICATED, '', UNAUTHENTICATED, '', true],
    ['none was given, and one is asked for', 'nobody', UNAUTHENTICATED, '', UNAUTHENTICATED, '', false],
  ])('%s', (found, standing, joined, joinedSaid, listed, listedSaid, isGiven) => {
    const answers = {
      joined: { status: joined, details: joinedSaid },
      listed: { status: listed, details: listedSaid },
    };
    const seen = tokenFinding(answers, isGiven);
    expect([seen.finding.found, seen.standing]).toEqual([found, standing]);
    expect(seen.finding.status).toBe(standing === 'nobody' ? 'problem' : 'ok');
  });
});
