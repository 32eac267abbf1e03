import { foldLatin } from './latin-folding.js';

/** `reference`: what the reference network was trained on; `none`: the text as it is. */
export const NORMALISATIONS = ['reference', 'none'] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

/**
 * Normalises a text that comes in pieces, in order.
 *
 * `reference` lowers the case, folds Latin letters and punctuation to ASCII (latin-folding.ts) and shortens runs of line
 * feeds (see `shortenedRun`), also where a run spans pieces. `none` passes the pieces on. Pieces may come out empty.
 */
export function* normalisePieces(
  pieces: Iterable<string>,
  normalisation: Normalisation,
): Generator<string, void, undefined> {
  if (normalisation === 'none') {
    yield* pieces;
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
