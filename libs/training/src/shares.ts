/** One that work can be dealt to. */
export interface Candidate {
  /** Micro-batches a second; positive. */
  readonly rate: number;
  /** Micro-batches that it still has to compute. */
  readonly load: number;
  /** Whether it gets one micro-batch before any other gets a second, so that its speed is measured again. */
  readonly probe?: boolean;
}

/**
 * How many of `count` equal micro-batches each candidate gets, so that the last one is done as early as possible.
 *
 * Each micro-batch goes to the candidate that would have finished it first; the earlier in the list where two are even.
 * With no load this is Jefferson's apportionment by speed. A candidate far slower than the rest, or one too many, gets 0.
 */
export function deal(count: number, candidates: readonly Candidate[]): number[] {
  const counts = candidates.map(() => 0);
  let left = count;
  candidates.forEach((candidate, index) => {
    if (candidate.probe && left > 0) {
      counts[index] = 1;
      left -= 1;
    }
  });
  for (; left > 0 && candidates.length > 0; left--) {
    let chosen = 0;
    let earliest = Infinity;
    candidates.forEach(({ rate, load }, index) => {
      const finish = (load + counts[index] + 1) / rate;
      if (finish < earliest) {
        earliest = finish;
        chosen = index;
      }
    });
    counts[chosen] += 1;
  }
  return counts;
}
