import { describe, expect, it } from 'vitest';
import { isGradientCodec, isParameterCodec } from './codecs.js';

describe('codec names', () => {
  it('are told apart by direction, and from what only looks like one', () => {
    expect(isGradientCodec('int32-grid')).toBe(true);
    expect(isParameterCodec('float32')).toBe(true);
    expect(isGradientCodec('float32')).toBe(false);
    expect(isParameterCodec('toString')).toBe(false);
  });
});
