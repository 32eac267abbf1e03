import { splice } from './byte-edits.js';

/** How long the search for a smaller input may take, in milliseconds. */
const SEARCH_MS = 5_000;

/**
 * Takes stretches out of an input, large ones first, as long as what is left still does the same.
 * @param same whether bytes do what the input does.
 */
export async function minimised(
  bytes: Uint8Array,
  same: (bytes: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  const deadline = performance.now() + SEARCH_MS;
  let least = bytes;
  for (let stretch = Math.ceil(bytes.length / 2); stretch >= 1; stretch = Math.floor(stretch / 2)) {
    for (let start = 0; start + stretch <= least.length && performance.now() < deadline;) {
      const less = splice(least, start, stretch, new Uint8Array());
      if (await same(less)) least = less;
      else start += stretch;
    }
  }
  return least;
}
