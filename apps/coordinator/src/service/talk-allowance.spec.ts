import { describe, expect, it } from 'vitest';
import { TALK_AT_ONCE, TALK_PER_SECOND, TalkAllowance } from './talk-allowance.js';

describe('what a worker may say of its own accord', () => {
  it('is bounded at once, and grows again with time', () => {
    const allowance = new TalkAllowance('ada', 1000);
    for (let message = 0; message < TALK_AT_ONCE; message += 1) allowance.take(1000);
    expect(() => allowance.take(1000)).toThrow(
      'worker ada: expected at most 5 messages a second of its own accord (metrics, log, readiness, trouble), received more',
    );
    for (let message = 0; message < TALK_PER_SECOND; message += 1) allowance.take(2000);
    expect(() => allowance.take(2000)).toThrow('received more');
  });

  it('saves up no more than at the start', () => {
    const allowance = new TalkAllowance('ada', 0);
    const take = (): void => allowance.take(1_000_000);
    for (let message = 0; message < TALK_AT_ONCE; message += 1) take();
    expect(take).toThrow('received more');
  });
});
