import { foldLatin } from './latin-folding.js';

/** `reference`: what the reference network was trained on; `nfc`: the text with its letters composed; `none`: the text as it is. */
export const NORMALISATIONS = ['reference', 'nfc', 'none'] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

/**
 * Normalises a text that comes in pieces, in order.
 *
 * `reference` lowers the case, folds Latin letters and punctuation to ASCII (latin-folding.ts) and shortens runs of line
 * feeds (see `shortenedRun`), also where a run spans pieces. `nfc` composes each piece by itself, which is the whole text's
 * composition where pieces end after a line feed or a space, as those of `textPieces` do where there is one. `none` passes the
 * pieces on. Pieces may come out empty.
 */
export function* normalisePieces(
  pieces: Iterable<string>,
  normalisation: Normalisation,
): Generator<string, void, undefined> {
  if (normalisation === 'none') {
    yield* pieces;
    return;
  }
  if (normalisation === 'nfc') {
    for (const piece of pieces) yield composed(piece);
    return;
  }
  let heldLineFeeds = 0; // Those at the end so far: their run may go on in the next piece.
  for (const piece of pieces) {
    const text = foldLatin(piece.toLowerCase());
    const leading = leadingLineFeeds(text);
    heldLineFeeds += leading;
    if (leading === text.length) continue;
    const trailing = trailingLineFeeds(text);
    const middle = text.slice(leading, text.length - trailing);
    yield lineFeeds(heldLineFeeds) + middle.replace(/\n{2,}/g, (run) => lineFeeds(run.length));
    heldLineFeeds = trailing;
  }
  yield lineFeeds(heldLineFeeds);
}

/**
 * Marks in a row that are put in order and composed together: no writing has so many on a letter. Putting them in order takes
 * time that grows with the square of how many there are, so that one line of a hostile text would take hours.
 */
const MARKS_MAX = 64;
const MANY_MARKS = new RegExp(`\\p{M}{${MARKS_MAX}}`, 'u');
const BEHIND_MANY_MARKS = new RegExp(`(?<=\\p{M}{${MARKS_MAX}})`, 'u');

/** Unicode's canonical composition, NFC; of each longer run of marks the first `MARKS_MAX` by themselves, and each of the others. */
function composed(text: string): string {
  if (!MANY_MARKS.test(text)) return text.normalize('NFC');
  return text
    .split(BEHIND_MANY_MARKS)
    .map((part) => part.normalize('NFC'))
    .join('');
}

/** Normalises a short text, such as a prompt. */
export function normaliseText(text: string, normalisation: Normalisation): string {
  return [...normalisePieces([text], normalisation)].join('');
}

/**
 * How many line feeds are left of a run of `length`: the reference replaces, once each and from left to right, every 2 in
 * a row by one, then every 3, 4, 5 and 6. So 1 and 2 become 1, 3 to 5 become 2, 6 becomes 1.
 */
export function shortenedRun(length: number): number {
  let left = length;
  for (let run = 2; run <= 6; run++) left = Math.floor(left / run) + (left % run);
  return left;
}

function lineFeeds(runLength: number): string {
  return '\n'.repeat(shortenedRun(runLength));
}

function leadingLineFeeds(text: string): number {
  let count = 0;
  while (count < text.length && text.charCodeAt(count) === 10) count++;
  return count;
}

function trailingLineFeeds(text: string): number {
  let count = 0;
  while (count < text.length && text.charCodeAt(text.length - 1 - count) === 10) count++;
  return count;
}
