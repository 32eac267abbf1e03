import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { WireError } from './errors.js';
import { mayRetry, statusOf } from './status.js';

describe('errors as statuses', () => {
  it('keep their line', () => {
    expect(statusOf(new WireError('MALFORMED', 'range 7: expected 0 to 1'))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'range 7: expected 0 to 1',
    });
  });

  it('gives nothing on that a status cannot carry, and nothing without end', () => {
    const cut = 'a'.repeat(10) + '😀'.slice(0, 1);
    expect(statusOf(new WireError('MALFORMED', cut)).details).toBe(`${'a'.repeat(10)}\ufffd`);
    expect(encodeURI(statusOf(new WireError('MALFORMED', '😀'.repeat(2_000) + cut)).details!)).toContain(
      '%F0',
    );
    expect(statusOf(new WireError('MALFORMED', 'a'.repeat(10_000))).details).toHaveLength(2_000);
  });

  it('that are not ours are internal', () => {
    expect(statusOf(new TypeError('x')).code).toBe(status.INTERNAL);
  });

  it('end a worker only where dialling again would bring the same answer', () => {
    expect(mayRetry({ code: status.FAILED_PRECONDITION })).toBe(false);
    expect(mayRetry({ code: status.INVALID_ARGUMENT })).toBe(false);
    expect(mayRetry({ code: status.UNAVAILABLE })).toBe(true);
    expect(mayRetry({ code: status.NOT_FOUND })).toBe(true);
    expect(mayRetry({ code: status.INTERNAL })).toBe(true);
    expect(mayRetry(new WireError('CHECKSUM_MISMATCH', 'x'))).toBe(true);
    expect(mayRetry(new WireError('MALFORMED', 'x'))).toBe(false);
    expect(mayRetry(new TypeError('x'))).toBe(false);
  });
});
