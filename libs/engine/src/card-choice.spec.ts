// Goal: a list of cards means what nvidia-smi and CUDA mean by it, and what is wrong with it is one line. Method: machines that
// are written down.
import { describe, expect, it } from 'vitest';
import type { CardList } from '@rocinante/base';
import { CardChoiceError, chooseCards } from './card-choice.js';
import { seatsOf } from './card-seats.js';
import type { Nvidia } from './nvidia.js';

const uuid = (digit: number): string => `GPU-${String(digit).repeat(8)}-2222-3333-4444-555555555555`;
const machine = (count: number): Nvidia => ({
  driver: '570.26',
  cards: Array.from({ length: count }, (_, index) => ({
    index,
    uuid: uuid(index + 1),
    name: 'NVIDIA H200',
    capability: '9.0',
  })),
  trouble: null,
});

/** What the chosen cards are called: their numbers, or what CUDA is to show. */
const chosen = (list: CardList, visible?: string): (number | string)[] =>
  chooseCards(list, visible === undefined ? {} : { CUDA_VISIBLE_DEVICES: visible }, machine(4)).map(
    ({ index, device }) => (device === uuid(index + 1) ? index : device),
  );

describe('the cards that a list means', () => {
  it.each([
    ['all', undefined, [0, 1, 2, 3]],
    [['2', '0'], undefined, [2, 0]],
    [['GPU-2222', '0'], undefined, [1, 0]],
    ['all', '3,1', [3, 1]],
    ['all', uuid(2), [1]],
    ['all', '1,9,0', [1]],
    [['3'], '3,1', [3]],
    ['all', 'MIG-5c,MIG-6d', ['MIG-5c', 'MIG-6d']],
    [['MIG-6d'], 'MIG-5c,MIG-6d', ['MIG-6d']],
    [['MIG-6d'], undefined, ['MIG-6d']],
  ] as const)('%j with CUDA_VISIBLE_DEVICES=%j', (list, visible, cards) => {
    expect(chosen(list, visible)).toEqual(cards);
  });

  it('are parts, each with its place in the list as its number, so that their workers have names of their own', () => {
    const parts = chooseCards(['MIG-a', 'MIG-b'], {}, machine(1));
    expect(parts.map(({ index, device }) => [index, device])).toEqual([
      [0, 'MIG-a'],
      [1, 'MIG-b'],
    ]);
    expect(seatsOf(parts, 1, 'rucio').map(({ name }) => name)).toEqual(['rucio-0', 'rucio-1']);
  });

  it('are called by number where nobody tells a UUID', () => {
    const [card] = chooseCards(
      'all',
      {},
      {
        ...machine(0),
        cards: [{ index: 0, uuid: '0000:19:00.0', name: '0000:19:00.0', capability: null }],
      },
    );
    expect(card.device).toBe('0');
  });

  it.each([
    [
      ['7'],
      {},
      machine(2),
      /^--gpus 7: expected cards of this machine, received 7; there is card 0 \(NVIDIA H200, GPU-1/,
    ],
    [
      ['0'],
      { CUDA_VISIBLE_DEVICES: '1' },
      machine(2),
      /received 0; there is card 1 \(NVIDIA H200, GPU-2[^)]*\)$/,
    ],
    [
      ['0', 'GPU-1111'],
      {},
      machine(2),
      /^--gpus 0,GPU-1111: expected different cards, received card 0 .* twice$/,
    ],
    [
      ['MIG-7e'],
      { CUDA_VISIBLE_DEVICES: 'MIG-5c' },
      machine(1),
      /received MIG-7e; there is part of a card \(MIG-5c\)$/,
    ],
    ['all', { CUDA_VISIBLE_DEVICES: '' }, machine(2), /CUDA_VISIBLE_DEVICES= shows none of the 2 here$/],
    [
      'all',
      {},
      { ...machine(0), driver: null },
      /^--gpus all: expected an NVIDIA card, found no driver; without a card leave/,
    ],
    [
      'all',
      {},
      { ...machine(0), trouble: 'no devices' },
      /found driver 570\.26, which shows no card here \(nvidia-smi: no devices\)/,
    ],
  ] as const)('%j with %j is refused in one line', (list, environment, nvidia, line) => {
    expect(() => chooseCards(list, environment, nvidia)).toThrow(CardChoiceError);
    expect(() => chooseCards(list, environment, nvidia)).toThrow(line);
  });
});
