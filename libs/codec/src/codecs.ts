/**
 * The codecs, by the names that a run's configuration and the protocol carry. A further one is added here and nowhere else.
 * All of these are exact: the same configuration gives the same weights to the bit. Those of two bytes give other weights than
 * those of four, for they are other runs.
 */

/** What a worker's gradient travels as: integer multiples of a power-of-two grid, one exponent a block. */
export const GRADIENT_CODECS = ['int32-grid', 'int16-grid'] as const;
export type GradientCodec = (typeof GRADIENT_CODECS)[number];

/** What the parameters travel as. */
export const PARAMETER_CODECS = ['float32', 'bfloat16'] as const;
export type ParameterCodec = (typeof PARAMETER_CODECS)[number];
