import { createHash } from 'node:crypto';
import { NotUtf8Error } from '@rocinante/corpus';
import { describe, expect, it } from 'vitest';
import { corpusInfo } from './corpus-info.js';

describe('corpusInfo', () => {
  it('counts symbols, windows and steps', () => {
    // Reference: "<<" for "«", so preset seed sees more characters than preset quick.
    const bytes = Buffer.from('«Sí?'.repeat(1000));
    expect(corpusInfo(bytes, 'reference')).toEqual({
      normalisation: 'reference',
      bytes: 6000,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      characters: 5000,
      symbols: 4,
      symbolCounts: [
        { symbol: '<', count: 2000 },
        { symbol: '?', count: 1000 },
        { symbol: 'i', count: 1000 },
        { symbol: 's', count: 1000 },
      ],
      encodedBytes: 5000,
      epochs: [
        {
          ...{ preset: 'quick', window: 100, stride: 100, heldOut: true },
          ...{ windows: 35, batch: 32, steps: 2, charactersNeeded: null, smallerBatch: null },
        },
        {
          ...{ preset: 'seed', window: 100, stride: 1, heldOut: false },
          ...{ windows: 4900, batch: 64, steps: 77, charactersNeeded: null, smallerBatch: null },
        },
      ],
    });
  });

  it('has no windows in a short text', () => {
    const { epochs } = corpusInfo(Buffer.from('a'.repeat(100)), 'none');
    expect(epochs.map(({ windows, steps, charactersNeeded }) => [windows, steps, charactersNeeded])).toEqual([
      [0, 0, 3557],
      [0, 0, 164],
    ]);
  });

  it.each([
    [2011, 18, 0, 3557, '--batch 16 --micro-batch 16'],
    [3556, 31, 0, 3557, '--batch 16 --micro-batch 16'],
    [3557, 32, 1, null, null],
  ])(
    'of %i characters counts no step where the batch has more windows than there are',
    (characters, windows, steps, charactersNeeded, smallerBatch) => {
      const [quick] = corpusInfo(Buffer.from('ab'.repeat(characters).slice(0, characters)), 'none').epochs;
      expect(quick).toMatchObject({ windows, steps, charactersNeeded, smallerBatch });
    },
  );

  it('names the text that is not UTF-8', () => {
    expect(() => corpusInfo(Uint8Array.of(0xff), 'none', 'a.txt')).toThrow(NotUtf8Error);
    expect(() => corpusInfo(Uint8Array.of(0xff), 'none', 'a.txt')).toThrow(/^a\.txt:/);
  });
});
