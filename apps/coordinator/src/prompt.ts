/** What a text goes on from, as a person gives it and as a network reads it. */
import { createReadStream } from 'node:fs';
import { systemTrouble } from '@rocinante/base';
import {
  nearestSymbol,
  NORMALISATIONS,
  normaliseText,
  textPieces,
  UnknownSymbolsError,
  type Normalisation,
  type SymbolIds,
  type Vocabulary,
} from '@rocinante/corpus';
import { UsageError } from './errors.js';

/** 64 KiB: all of a prompt is read side by side in one piece of the engine's memory, and no network remembers as much. */
export const PROMPT_BYTES_MAX = 1 << 16;

/** Which standard input is. */
const STANDARD_INPUT = '-';

/** A text with what messages call it: the option that gave it. */
export interface Prompt {
  readonly bytes: Uint8Array;
  readonly subject: string;
}

/**
 * Reads a prompt of a file, or `-` of standard input, to its end.
 * @throws {UsageError} it cannot be read, or is longer than PROMPT_BYTES_MAX, behind which nothing is read.
 */
export async function readPrompt(path: string): Promise<Prompt> {
  const subject = `--prompt-file ${path}`;
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    const input = path === STANDARD_INPUT ? process.stdin : createReadStream(path);
    for await (const piece of input as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > PROMPT_BYTES_MAX) {
        throw new UsageError(
          `${subject}: expected at most ${PROMPT_BYTES_MAX} bytes, received more; give its last part`,
        );
      }
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${subject}: cannot be read: ${systemTrouble(cause, path)}`, { cause });
  }
  return { bytes: Buffer.concat(pieces), subject };
}

/** A prompt of the command line. */
export function promptOf(text: string): Prompt {
  return { bytes: new TextEncoder().encode(text), subject: '--prompt' };
}

/**
 * A prompt's ids, one at least: it is decoded and normalised as the network's text was. Letters with accents are taken composed or
 * decomposed, as the network knows them.
 * @throws {NotUtf8Error} it is not UTF-8. @throws {UsageError} nothing is left of it.
 * @throws {UnknownSymbolsError} it has characters that the network does not know; names those that may be meant.
 */
export function promptIds(
  { bytes, subject }: Prompt,
  vocabulary: Vocabulary,
  normalisation: string,
): SymbolIds {
  const given = [...textPieces(bytes, subject)].join('');
  const known: readonly string[] = NORMALISATIONS;
  const text = known.includes(normalisation) ? normaliseText(given, normalisation as Normalisation) : given;
  if (text === '') throw new UsageError(`${subject}: expected at least one character, received none`);
  try {
    return vocabulary.encode(text, subject);
  } catch (error) {
    if (!(error instanceof UnknownSymbolsError)) throw error;
    return otherForm(text, vocabulary) ?? refuse(error, vocabulary, subject);
  }
}

function otherForm(text: string, vocabulary: Vocabulary): SymbolIds | undefined {
  const symbols = new Set(vocabulary.symbols);
  const forms = [text.normalize('NFC'), text.normalize('NFD')];
  const form = forms.find((other) => [...other].every((symbol) => symbols.has(symbol)));
  return form === undefined ? undefined : vocabulary.encode(form);
}

/** Of how many symbols the message says what may be meant. */
const HINTS_MAX = 5;

function refuse({ symbols }: UnknownSymbolsError, vocabulary: Vocabulary, subject: string): never {
  const hints = symbols.flatMap((symbol) => {
    const nearest = nearestSymbol(symbol, vocabulary.symbols);
    return nearest === undefined ? [] : [`${JSON.stringify(nearest)} for ${JSON.stringify(symbol)}`];
  });
  const advice = hints.length === 0 ? {} : { advice: `it knows ${hints.slice(0, HINTS_MAX).join(', ')}` };
  throw new UnknownSymbolsError(symbols, vocabulary.size, { subject, ...advice });
}
