import { createHash } from 'node:crypto';
import { NotUtf8Error } from '@rocinante/corpus';
import { describe, expect, it } from 'vitest';
import { corpusInfo } from './corpus-info.js';

describe('corpusInfo', () => {
  it('counts symbols, windows and steps', () => {
    const bytes = Buffer.from('¿Sí?'.repeat(100));
    expect(corpusInfo(bytes, 'reference')).toEqual({
      normalisation: 'reference',
      bytes: 600,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      characters: 400,
      symbols: 3,
      symbolCounts: [
        { symbol: '?', count: 200 },
        { symbol: 'i', count: 100 },
        { symbol: 's', count: 100 },
      ],
      encodedBytes: 400,
      epochs: [
        { window: 100, stride: 1, windows: 300, batch: 64, steps: 5 },
        { window: 100, stride: 100, windows: 3, batch: 64, steps: 1 },
      ],
    });
  });

  it('has no windows in a short text', () => {
    const { epochs } = corpusInfo(Buffer.from('a'.repeat(100)), 'none');
    expect(epochs.map(({ windows, steps }) => [windows, steps])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('names the text that is not UTF-8', () => {
    expect(() => corpusInfo(Uint8Array.of(0xff), 'none', 'a.txt')).toThrow(NotUtf8Error);
    expect(() => corpusInfo(Uint8Array.of(0xff), 'none', 'a.txt')).toThrow(/^a\.txt:/);
  });
});
