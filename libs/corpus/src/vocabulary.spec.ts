import { AssertionError } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { UnknownSymbolsError, VocabularyInvalidError } from './errors.js';
import { createIds, idBytes, Vocabulary } from './vocabulary.js';

const vocabulary = new Vocabulary(['\n', 'a', 'ñ', '😀']);

describe('Vocabulary', () => {
  it('encodes code points and decodes them back', () => {
    const ids = vocabulary.encode('a😀ñ\n');
    expect(ids).toEqual(Uint8Array.of(1, 3, 2, 0));
    expect(vocabulary.decode(ids)).toBe('a😀ñ\n');
    expect(vocabulary.decode([])).toBe('');
  });

  it('names every unknown symbol once, in order', () => {
    const attempt = (): unknown => vocabulary.encode('abz😁b');
    expect(attempt).toThrow(UnknownSymbolsError);
    expect(attempt).toThrow('text: expected only the vocabulary\'s 4 symbols, received "b", "z", "😁"');
  });

  it('names ten unknown symbols at most, and counts the others', () => {
    expect(() => vocabulary.encode('bcdefghijklmn')).toThrow(/"k" and 3 more$/);
  });

  it('refuses ids beyond its size', () => {
    expect(() => vocabulary.decode([4])).toThrow(AssertionError);
  });

  it('survives JSON', () => {
    const copy = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(copy.symbols).toEqual(vocabulary.symbols);
  });

  it.each([
    [null, 'null'],
    [{ a: 1 }, 'object'],
    [[], 'an empty list'],
    [['a', 1], 'a value of type number at 1'],
    [['a', ''], '"" at 1'],
    [['ab'], '"ab" at 0'],
    [['\ud83d'], '"\\ud83d" at 0'],
    [['a', 'b', 'a'], '"a" a second time at 2'],
  ])('refuses %j', (value, received) => {
    const attempt = (): unknown => Vocabulary.fromJSON(value);
    expect(attempt).toThrow(VocabularyInvalidError);
    expect(attempt).toThrow(`received ${received}`);
  });
});

describe('createIds', () => {
  it('takes the narrowest width', () => {
    expect([1, 256, 257, 65_536, 65_537].map(idBytes)).toEqual([1, 1, 2, 2, 4]);
    expect([256, 65_536, 65_537].map((size) => createIds(size, 3).byteLength)).toEqual([3, 6, 12]);
  });
});
