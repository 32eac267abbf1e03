import { RocinanteError } from '@rocinante/base';

const thousands = new Intl.NumberFormat('en-US');

/** A number as messages show it: 1,234,567. */
function shown(count: number): string {
  return thousands.format(count);
}

/** The text is not UTF-8: another encoding (often Latin-1), a compressed or binary file, or a file cut inside a character. */
export class NotUtf8Error extends RocinanteError {
  constructor(
    readonly subject: string,
    /** Place of the first byte that begins no UTF-8 character, from 0, in the bytes as given. */
    readonly offset: number,
    readonly byte: number,
    /** What to do, in words. */
    advice: string,
  ) {
    const received = `0x${byte.toString(16).toUpperCase().padStart(2, '0')} at byte ${offset}`;
    super('CORPUS_NOT_UTF8', 2, `${subject}: expected UTF-8 text, received ${received}; ${advice}`);
  }
}

/** Nothing to train on: no bytes, only a byte-order mark, or only characters that the normalisation drops. */
export class EmptyCorpusError extends RocinanteError {
  constructor(readonly subject: string) {
    super('CORPUS_EMPTY', 2, `${subject}: expected a text, received no characters`);
  }
}

/** More bytes than CORPUS_BYTES_MAX. */
export class CorpusTooLargeError extends RocinanteError {
  constructor(
    readonly subject: string,
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(
      'CORPUS_TOO_LARGE',
      2,
      `${subject}: expected at most ${shown(bytesMax)} bytes (1 GiB), received ${shown(bytes)}; train on a part of it`,
    );
  }
}

/** The text holds no window, or a part of it none: a very short text, a long window, or a split of a text too short to split. */
export class CorpusTooShortError extends RocinanteError {
  constructor(
    /** Characters that the whole text must have: for a window in each part, and for all windows of a step. */
    readonly needed: { readonly symbols: number; readonly batch: number; readonly batchSymbols: number },
    /** Characters that it has. */
    readonly received: number,
    readonly windowLength: number,
    /** Whether a validation and a test part are held out, each of which needs a window too. */
    readonly split: boolean,
    /** What the text is called. */
    readonly subject = 'corpus',
  ) {
    const least = windowLength + 1;
    const why = split ? 'so that what is held out has' : 'which is';
    const without = split && received >= least ? ', or --no-held-out' : '';
    const { symbols, batch, batchSymbols } = needed;
    const forBatch =
      batchSymbols > symbols ? `, and ${shown(batchSymbols)} for a batch of ${shown(batch)} windows` : '';
    super(
      'CORPUS_TOO_SHORT',
      2,
      `${subject}: expected at least ${shown(symbols)} characters, ${why} a window of ${shown(windowLength)} and the one that ` +
        `follows${forBatch}, received ${shown(received)}; take a longer text or a shorter window${without}`,
    );
  }
}

/** How many unknown symbols a message names; the error's field holds all. */
const SYMBOLS_NAMED_MAX = 10;

/** A text has characters that the vocabulary lacks: a prompt in another script, or one that was not normalised. */
export class UnknownSymbolsError extends RocinanteError {
  constructor(
    /** Each unknown symbol once, in order of code point. */
    readonly symbols: readonly string[],
    readonly vocabularySize: number,
    /** What the text is called, and what to do about it. */
    { subject = 'text', advice }: { readonly subject?: string; readonly advice?: string } = {},
  ) {
    const named = symbols.slice(0, SYMBOLS_NAMED_MAX).map((symbol) => JSON.stringify(symbol));
    const more = symbols.length - named.length;
    super(
      'CORPUS_UNKNOWN_SYMBOLS',
      2,
      `${subject}: expected only the vocabulary's ${shown(vocabularySize)} symbols, received ${named.join(', ')}` +
        (more > 0 ? ` and ${shown(more)} more` : '') +
        (advice === undefined ? '' : `; ${advice}`),
    );
  }
}

/** A vocabulary read from a file or a message is not a list of different characters: it was damaged or written by hand. */
export class VocabularyInvalidError extends RocinanteError {
  constructor(readonly received: string) {
    super(
      'CORPUS_VOCABULARY_INVALID',
      2,
      `vocabulary: expected a list of different characters, received ${received}`,
    );
  }
}
