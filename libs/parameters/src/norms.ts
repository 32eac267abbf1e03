/**
 * Elements whose squares are added into one partial sum of a norm, in order, and these sums in order. Part of what the bits of a
 * norm depend on: they do not depend on how the vector travelled, and threads may later share the work.
 */
export const NORM_BLOCK_ELEMENTS = 65_536;
