import type { FilePart } from './manifest.js';

/** What a file that grows has in the store, and what is to be added. */
export interface PartPlan {
  /** Parts that stay, from the file's beginning. */
  readonly kept: readonly FilePart[];
  /** What becomes the next part; null where nothing is missing. */
  readonly rest: { readonly from: number; readonly bytes: number } | null;
}

/**
 * Cuts a file that only grows into few parts, of which little is sent again: the new bytes take the last part with them as
 * long as that is less than twice as long as they. So each part is at least twice as long as the next: a file of n bytes has at most
 * log2(n) parts, and each of its bytes is sent some log1.5(n) times at most.
 * @param parts those that are there and agree with the file, in order.
 * @param bytes the file's length now, at least that of the parts.
 */
export function planParts(parts: readonly FilePart[], bytes: number): PartPlan {
  const kept = [...parts];
  let from = kept.reduce((sum, part) => sum + part.bytes, 0);
  if (from === bytes) return { kept, rest: null };
  for (let last = kept.at(-1); last !== undefined && last.bytes < 2 * (bytes - from); last = kept.at(-1)) {
    from = last.from;
    kept.pop();
  }
  return { kept, rest: { from, bytes: bytes - from } };
}
