import { describe, expect, it } from 'vitest';
import { Vocabulary } from './vocabulary.js';
import { WholeWords, wordsOf } from './whole-words.js';

const vocabulary = new Vocabulary([' ', '.', 'a', 'b', 'c']);
const ids = (text: string): number[] => [...vocabulary.encode(text)];

/** The symbols that may come after a text, as one string. */
function next(words: readonly string[], before: string, drawn = ''): string {
  const whole = new WholeWords(vocabulary, words, ids(before));
  const allowed = whole.allowed(ids(drawn));
  return vocabulary.symbols.filter((_, id) => allowed[id] === 1).join('');
}

describe('wordsOf', () => {
  it('gives the most frequent words first, also where pieces cut them', () => {
    expect(wordsOf(['whale the wh', 'ale, the wha', 'le; sea’s'])).toEqual(['whale', 'the', 'sea’s']);
  });

  it('goes through a long text without spaces once, whatever ends it', () => {
    const began = process.cpuUsage();
    expect(wordsOf(['a'.repeat(1_000_000) + '.', `b ${'é'.repeat(1_000_000)}\n`, '\u{10400}', ' c'])).toEqual(
      ['b', '\u{10400}', 'c'],
    );
    // At each letter anew it would be hours. Processor time: a busy machine takes longer.
    expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
  });
});

describe('WholeWords', () => {
  it('lets a word go on only as some word of the list does', () => {
    expect(next(['ab', 'abc', 'ca'], '')).toBe(' .ac');
    expect(next(['ab', 'abc', 'ca'], '', 'a')).toBe('b');
  });

  it('lets a word end only where a word of the list does', () => {
    expect(next(['ab', 'abc'], '', 'ab')).toBe(' .c');
    expect(next(['ab', 'abc'], '', 'abc')).toBe(' .');
  });

  it('goes on with the word that the prompt began', () => {
    expect(next(['abc'], 'b. a')).toBe('b');
  });

  it('ends a word of the prompt that no word of the list begins with', () => {
    expect(next(['abc'], 'bb')).toBe(' .');
  });

  it('knows where a text may end', () => {
    const whole = new WholeWords(vocabulary, ['ab', 'abc'], []);
    const texts = ['a', 'ab', 'abc', 'abc.', 'abc.a'];
    expect(texts.map((text) => whole.isWhole(ids(text)))).toEqual([false, true, true, true, false]);
  });

  it('follows what is drawn, symbol by symbol', () => {
    const whole = new WholeWords(vocabulary, ['ab', 'c'], []);
    const drawn: number[] = [];
    for (const symbol of ids('ab c')) {
      expect(whole.allowed(drawn)[symbol]).toBe(1);
      drawn.push(symbol);
    }
    expect(whole.allowed(drawn)[ids('a')[0]]).toBe(0);
  });
});
