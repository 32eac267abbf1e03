/**
 * The codecs, by the names that the protocol and a run's configuration carry. A further one is added here and nowhere
 * else; `exact` says whether the same configuration still gives the same weights to the bit.
 */

/** What a worker's gradient travels as: int32 multiples of a power-of-two grid, one exponent a block. */
export const GRADIENT_CODECS = { 'int32-grid': { exact: true, bytesPerElement: 4 } } as const;
export type GradientCodec = keyof typeof GRADIENT_CODECS;

/** What the parameters travel as. */
export const PARAMETER_CODECS = { float32: { exact: true, bytesPerElement: 4 } } as const;
export type ParameterCodec = keyof typeof PARAMETER_CODECS;

/** Whether a name from outside is one of ours. */
export function isGradientCodec(name: string): name is GradientCodec {
  return Object.hasOwn(GRADIENT_CODECS, name);
}

/** Whether a name from outside is one of ours. */
export function isParameterCodec(name: string): name is ParameterCodec {
  return Object.hasOwn(PARAMETER_CODECS, name);
}
