import { assert, oneLine } from '@rocinante/base';
import { UnknownSymbolsError, VocabularyInvalidError } from './errors.js';

/** Ids of symbols at the narrowest width that fits the vocabulary. */
export type SymbolIds = Uint8Array | Uint16Array | Uint32Array;

/** The symbols that can enter and leave a network; a symbol's id is its place in the list. */
export class Vocabulary {
  /** In order of id. Made from a text: in order of code point. */
  readonly symbols: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** The symbols must differ; bytes from outside go through `fromJSON`. */
  constructor(symbols: readonly string[]) {
    this.symbols = [...symbols];
    this.#ids = new Map(symbols.map((symbol, id) => [symbol, id]));
    assert(this.#ids.size === symbols.length, 'symbols of a vocabulary must differ');
  }

  /**
   * Reads the JSON form: an array of strings of one character each.
   * @throws {VocabularyInvalidError} it is anything else, empty, or names a character twice.
   */
  static fromJSON(value: unknown): Vocabulary {
    if (!Array.isArray(value)) throw new VocabularyInvalidError(value === null ? 'null' : typeof value);
    if (value.length === 0) throw new VocabularyInvalidError('an empty list');
    const seen = new Set<string>();
    for (const [id, symbol] of (value as unknown[]).entries()) {
      if (typeof symbol !== 'string' || !isCharacter(symbol)) {
        throw new VocabularyInvalidError(`${shown(symbol)} at ${id}`);
      }
      if (seen.has(symbol)) throw new VocabularyInvalidError(`${shown(symbol)} a second time at ${id}`);
      seen.add(symbol);
    }
    return new Vocabulary([...seen]);
  }

  get size(): number {
    return this.symbols.length;
  }

  /**
   * The ids of a text's characters, in order. The text must be normalised as the corpus was.
   * @param subject what messages call the text.
   * @throws {UnknownSymbolsError} it has characters that the vocabulary lacks; names them all.
   */
  encode(text: string, subject = 'text'): SymbolIds {
    const characters = [...text];
    const ids = createIds(this.size, characters.length);
    const unknown = new Set<string>();
    characters.forEach((character, index) => {
      const id = this.#ids.get(character);
      if (id === undefined) unknown.add(character);
      else ids[index] = id;
    });
    if (unknown.size > 0) {
      throw new UnknownSymbolsError([...unknown].sort(byCodePoint), this.size, { subject });
    }
    return ids;
  }

  /** The text that ids stand for. Every id must be below `size`. */
  decode(ids: Iterable<number>): string {
    let text = '';
    for (const id of ids) {
      const symbol = this.symbols[id];
      assert(symbol !== undefined, `symbol ids are 0 to ${this.size - 1}, not ${id}`);
      text += symbol;
    }
    return text;
  }

  /** The array of symbols, for checkpoints and weights files. */
  toJSON(): string[] {
    return [...this.symbols];
  }
}

/** What stands in a symbol's place, for a message. */
function shown(symbol: unknown): string {
  return typeof symbol === 'string'
    ? oneLine(JSON.stringify(symbol), 80)
    : `a value of type ${typeof symbol}`;
}

/** Bytes of one id of a vocabulary of `size` symbols. */
export function idBytes(size: number): 1 | 2 | 4 {
  return size <= 2 ** 8 ? 1 : size <= 2 ** 16 ? 2 : 4;
}

/** Room for `count` ids, all zero, at the narrowest width for a vocabulary of `size` symbols. */
export function createIds(size: number, count: number): SymbolIds {
  switch (idBytes(size)) {
    case 1:
      return new Uint8Array(count);
    case 2:
      return new Uint16Array(count);
    case 4:
      return new Uint32Array(count);
  }
}

function byCodePoint(a: string, b: string): number {
  return a.codePointAt(0)! - b.codePointAt(0)!;
}

/** One code point, and not a lone half of a surrogate pair. */
function isCharacter(symbol: string): boolean {
  return /^\P{Surrogate}$/su.test(symbol);
}
