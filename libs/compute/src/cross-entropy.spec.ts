// The cross-entropy that cards use against the one that processors use, on a processor.
import { Engine, sparseSoftmaxCrossEntropy, type Tensor } from '@rocinante/engine';
import { expect, it } from 'vitest';
import { crossEntropyInParts } from './cross-entropy.js';

const engine = Engine.load();

it('in ordinary ops is the one op’s, also where a logit is far from the others', () => {
  engine.scope(() => {
    const [N, V] = [40, 13];
    const values = Float32Array.from({ length: N * V }, (_, index) => Math.sin(index) * (index < V ? 80 : 3));
    const logits = engine.float32(values, [N, V]);
    const labels = engine.int32(
      Int32Array.from({ length: N }, (_, row) => (row * 5) % V),
      [N],
    );
    const expected = sparseSoftmaxCrossEntropy(engine, logits, labels);
    const received = crossEntropyInParts(engine, logits, labels);
    const largestError = (a: Tensor, b: Tensor): number => {
      const [left, right] = [engine.readFloat32(a), engine.readFloat32(b)];
      return Math.max(...left.map((value, index) => Math.abs(value - right[index]) / (1 + Math.abs(value))));
    };
    expect(Math.max(...engine.readFloat32(expected.loss))).toBeGreaterThan(40);
    // Some roundings of float32.
    expect(largestError(expected.loss, received.loss)).toBeLessThan(1e-6);
    expect(largestError(expected.gradient, received.gradient)).toBeLessThan(1e-6);
  });
});
