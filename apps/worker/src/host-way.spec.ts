/** Goal: gradients in the host's memory take as much of it as is held at once, whatever fails. Method: a real network over one VectorMemory. */
import { Network } from '@rocinante/compute';
import { Engine } from '@rocinante/engine';
import { firstValues } from '@rocinante/model';
import { kernelsOf, VectorMemory } from '@rocinante/parameters';
import { networkOf } from '@rocinante/training';
import { afterAll, expect, it, vi } from 'vitest';
import { HostWay } from './host-way.js';
import { specRunConfig } from './spec-run-config.js';

const engine = Engine.load();
const config = specRunConfig({
  network: {
    input: 'one-hot',
    layers: [{ units: 4, dropout: 0 }],
    recurrentActivation: 'sigmoid',
    loss: 'every',
  },
  text: { normalisation: 'none', window: 3, stride: 3, heldOut: false, order: 'shuffled' },
  batch: { size: 4, microBatch: 2 },
});
const described = networkOf(config, 5);
const network = Network.create(engine, described, { windowLength: 3 });
network.setParameters(firstValues(described, 1));
const { layout } = network;
afterAll(() => network.dispose());

const batch = { windows: 2, symbols: Int32Array.of(0, 1, 2, 3, 4, 3, 2, 1) };
const masks = { seed: 1, step: 0, microBatch: 0 };

it('serves the next gradient by the memory of one that was retired or could not be computed', () => {
  const memory = VectorMemory.create(HostWay.vectors(layout, 2));
  const way = new HostWay(network, memory);
  const taken = vi.spyOn(memory, 'float32');
  const fails = vi.spyOn(network, 'gradient').mockImplementation(() => {
    throw new RangeError('no memory');
  });
  for (let n = 0; n < 3; n++) expect(() => way.measure(batch, masks)).toThrow('no memory');
  fails.mockRestore();
  const [one, other] = [way.measure(batch, masks), way.measure(batch, masks)];
  expect(one.gradient).not.toBe(other.gradient);
  expect(one.gradient).toEqual(other.gradient);
  way.retire(one.gradient);
  expect(way.measure(batch, masks).gradient).toBe(one.gradient);
  way.retire(other.gradient);
  way.withRoom((out) => {
    expect([out.length, kernelsOf(out)]).toEqual([layout.length, kernelsOf(one.gradient)]);
    expect(out.byteOffset).not.toBe(one.gradient.byteOffset);
  });
  expect(way.measure(batch, masks).gradient).toBe(other.gradient);
  expect(taken).toHaveBeenCalledTimes(2);
});
