import { describe, expect, it } from 'vitest';
import { CardRecord } from './card-record.js';
import { seatEnvironment, seatsOf } from './card-seats.js';

const card = (index: number, device = `GPU-${index}a`) => ({ index, device, shown: `card ${index}` });
const [zero, two] = [card(0), card(2)];

describe('seats on cards', () => {
  it('are named after cards, and by letters where cards are shared', () => {
    expect(seatsOf([two, zero], 1, 'rucio').map(({ name }) => name)).toEqual(['rucio-2', 'rucio-0']);
    expect(seatsOf([zero, two], 2, 'rucio').map(({ name }) => name)).toEqual([
      'rucio-0a',
      'rucio-0b',
      'rucio-2a',
      'rucio-2b',
    ]);
  });

  it('have names of their own', () => {
    expect(() => seatsOf([zero, card(0, 'MIG-1')], 1, 'rucio')).toThrow(
      '--gpus expected whole cards, or parts of cards, and received both; name the ones or the others alone',
    );
  });

  it('see one card, and leave its memory to others', () => {
    expect(seatEnvironment({ name: 'rucio-2', card: two })).toEqual({
      CUDA_VISIBLE_DEVICES: 'GPU-2a',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    });
  });
});

describe('the record of cards', () => {
  const [a, b, other] = [...seatsOf([zero], 2, 'n'), ...seatsOf([two], 1, 'n')];

  it('sets a card aside with all its seats when one of its workers fails for the second time', () => {
    const record = new CardRecord();
    expect(record.ended(a, { code: 1, at: 0 })).toBe('start-again');
    expect(record.ended(b, { code: null, at: 1 })).toBe('start-again');
    expect(record.isSetAside(a)).toBe(false);
    expect(record.ended(b, { code: null, at: 2 })).toBe('set-aside');
    expect([a, b, other].map((seat) => record.isSetAside(seat))).toEqual([true, true, false]);
    // It is told to end, and its end is no failure of its own.
    expect(record.ended(a, { code: 0, at: 3 })).toBe('set-aside');
    expect(record.ended(other, { code: 1, at: 4 })).toBe('start-again');
  });

  it('forgets a failure after a day', () => {
    const record = new CardRecord();
    const day = 24 * 3600_000;
    const verdicts = [0, day, 1.5 * day].map((at) => record.ended(a, { code: 1, at }));
    expect(verdicts).toEqual(['start-again', 'start-again', 'set-aside']);
  });

  it('takes wrong usage and an order to end for no failure', () => {
    const record = new CardRecord();
    expect([2, 2, 0, 1].map((code, at) => record.ended(a, { code, at }))).toEqual([
      'misconfigured',
      'misconfigured',
      'done',
      'start-again',
    ]);
  });
});
