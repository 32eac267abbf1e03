/**
 * The codecs, by the names that a run's configuration and the protocol carry. A further one is added here and nowhere else.
 * Both of these are exact: the same configuration gives the same weights to the bit.
 */

/** What a worker's gradient travels as: int32 multiples of a power-of-two grid, one exponent a block. */
export const GRADIENT_CODECS = ['int32-grid'] as const;

/** What the parameters travel as. */
export const PARAMETER_CODECS = ['float32'] as const;
