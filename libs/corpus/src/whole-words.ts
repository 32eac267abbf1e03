import type { Vocabulary } from './vocabulary.js';

/** Words that a weights file carries for sampling by whole words: the most frequent ones of the text. */
export const WORDS_MAX = 50_000;

/** Different words that are counted, at most: beyond them, in a huge text, new ones are as rare as can be. */
const COUNTED_MAX = 1_000_000;

/** A run of letters longer than this, in UTF-16 units, is no word: a text without spaces has none. */
export const WORD_LENGTH_MAX = 100;

/** A word is a run of letters, marks, digits and apostrophes; everything else stands between words. */
const WORD = /[\p{L}\p{M}\p{N}'’]+/gu;
const WORD_CHARACTER = /^[\p{L}\p{M}\p{N}'’]$/u;

/** The words of a text, at most WORDS_MAX, the most frequent first; of equally frequent ones the earlier in the text. */
export function wordsOf(pieces: Iterable<string>): string[] {
  const counts = new Map<string, number>();
  let held = '';
  const count = (word: string): void => {
    const before = counts.get(word) ?? 0;
    if (word.length <= WORD_LENGTH_MAX && (before > 0 || counts.size < COUNTED_MAX)) {
      counts.set(word, before + 1);
    }
  };
  for (const piece of pieces) {
    const text = held + piece;
    const cut = wordStart(text);
    for (const [word] of text.slice(0, cut).matchAll(WORD)) count(word);
    // What is too long already need not be kept longer than it takes to see that.
    held = text.slice(cut).slice(-WORD_LENGTH_MAX - 1);
  }
  if (held !== '') count(held);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, WORDS_MAX)
    .map(([word]) => word);
}

/**
 * Where the word begins that a text ends in; the text's end where it ends in none. It goes back from the end: a pattern that
 * ends in `$` would be tried at each character of every long run of letters.
 */
function wordStart(text: string): number {
  let start = text.length;
  while (start > 0) {
    const isPair = start > 1 && text.codePointAt(start - 2)! > 0xffff;
    const before = start - (isPair ? 2 : 1);
    if (!WORD_CHARACTER.test(text.slice(before, start))) break;
    start = before;
  }
  return start;
}

interface Node {
  readonly next: Map<number, Node>;
  ends: boolean;
}

/**
 * Holds a text that is drawn symbol by symbol to whole words of a list: a symbol may come next when it stands between
 * words, and the word before it is whole, or when some word of the list begins so.
 */
export class WholeWords {
  readonly #root: Node = { next: new Map(), ends: false };
  readonly #isWord: Uint8Array;
  readonly #size: number;
  /** Where the word in the making stands; null in one that no word of the list begins with. */
  #node: Node | null = this.#root;
  #seen = 0;

  /** @param before the text that the drawing goes on from; its last word may be in the making. */
  constructor(vocabulary: Vocabulary, words: Iterable<string>, before: ArrayLike<number>) {
    this.#size = vocabulary.size;
    this.#isWord = Uint8Array.from(vocabulary.symbols, (symbol) => (WORD_CHARACTER.test(symbol) ? 1 : 0));
    const ids = new Map(vocabulary.symbols.map((symbol, id) => [symbol, id]));
    for (const word of words) this.#add([...word].map((character) => ids.get(character)));
    for (let i = 0; i < before.length; i++) this.#step(before[i]);
  }

  /**
   * Which symbols may come after all that were drawn so far, one entry a symbol, 0 for those that may not. Called once
   * for each draw, with one symbol more each time.
   */
  readonly allowed = (drawn: readonly number[]): Uint8Array => {
    const between = this.isWhole(drawn);
    const allowed = new Uint8Array(this.#size);
    for (let id = 0; id < this.#size; id++) {
      allowed[id] = (this.#isWord[id] === 1 ? this.#node?.next.has(id) : between) ? 1 : 0;
    }
    // No list of words and no text between them: nothing could come, and the word is let go as it is.
    return allowed.includes(1) ? allowed : allowed.fill(1);
  };

  /** Whether what was drawn so far does not end within a word of the list. `drawn` only grows from call to call. */
  isWhole(drawn: readonly number[]): boolean {
    for (; this.#seen < drawn.length; this.#seen++) this.#step(drawn[this.#seen]);
    return this.#node === null || this.#node === this.#root || this.#node.ends;
  }

  #step(id: number): void {
    this.#node = this.#isWord[id] === 1 ? (this.#node?.next.get(id) ?? null) : this.#root;
  }

  #add(ids: readonly (number | undefined)[]): void {
    let node = this.#root;
    for (const id of ids) {
      if (id === undefined) return;
      let next = node.next.get(id);
      if (!next) node.next.set(id, (next = { next: new Map(), ends: false }));
      node = next;
    }
    node.ends = true;
  }
}
