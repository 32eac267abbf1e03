/** Which symbols a draw is among. */
export interface CandidateOptions {
  /** Only so many of the likeliest, at least 1; undefined: as many as there are. */
  readonly topK?: number | undefined;
  /**
   * Only the likeliest that have this share of the probability together, above 0 to 1, and one at least; undefined: all
   * (Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration").
   */
  readonly topP?: number | undefined;
}

/**
 * The places in `weights` that a draw is among. Both options given, the share is of the `topK`'s probability.
 *
 * Order: ascending, as the draw adds them up; of equal weights the first place counts as the likelier.
 * @param weights probabilities, or multiples of them, one at least; finite, not all zero.
 */
export function candidatesOf(weights: readonly number[], { topK, topP }: CandidateOptions): number[] {
  const places = [...weights.keys()];
  if (topK === undefined && topP === undefined) return places;
  // A sort is stable: equals stay in their order.
  let likeliest = places.sort((a, b) => weights[b] - weights[a]).slice(0, topK);
  if (topP !== undefined) {
    const wanted = topP * likeliest.reduce((sum, place) => sum + weights[place], 0);
    let sum = 0;
    const last = likeliest.findIndex((place) => (sum += weights[place]) >= wanted);
    // The sums are of the same numbers in the same order, so that 1 is reached by the last of them.
    likeliest = likeliest.slice(0, last + 1);
  }
  return likeliest.sort((a, b) => a - b);
}
