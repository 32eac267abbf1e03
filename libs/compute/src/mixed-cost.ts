import type { EngineDescription } from '@rocinante/engine';

/** What is to be known of `--precision mixed` where it is computed, for people; null where it is done as it is meant. */
export function mixedCost({
  device,
  model,
  multipliesBfloat16,
}: Pick<EngineDescription, 'device' | 'model' | 'multipliesBfloat16'>): string | null {
  if (device === 'gpu') {
    return multipliesBfloat16
      ? 'on a card LSTM layers are then computed op by op, which is usually slower than --precision float32; ' +
          '--precision tf32 is the fast one'
      : `${model} has no bfloat16 products (compute capability 8.0 and more), so factors are rounded and multiplied in float32, ` +
          'and LSTM layers are computed op by op: usually slower than --precision float32, and with other bits than where there are some';
  }
  if (multipliesBfloat16) return null;
  return (
    `${model} has no bfloat16 instructions (AVX512-BF16), so factors are rounded and multiplied in float32: ` +
    'no faster than --precision float32, and with other bits than where there are some'
  );
}
