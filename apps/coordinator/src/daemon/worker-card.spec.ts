// Goal: operators are told what a worker told of its card, and nothing that is none. Method: the worker's own metrics, and edits.
import { expect, it } from 'vitest';
import { workerCard } from './worker-card.js';

const labels = 'card="3",uuid="GPU-5c1e"';
const text = [
  '# TYPE rocinante_worker_card_info gauge',
  `rocinante_worker_card_info{${labels},model="NVIDIA H200"} 1`,
  `rocinante_worker_card_utilization_ratio{${labels}} 0.97`,
  `rocinante_worker_card_memory_used_bytes{${labels}} 43014684672`,
  `rocinante_worker_card_temperature_celsius{${labels}} 64`,
  `rocinante_worker_card_throttled{${labels},reason="sw_power_cap"} 1`,
  `rocinante_worker_card_throttled{${labels},reason="hw_slowdown"} 0`,
  `rocinante_worker_card_throttled{${labels},reason="boredom"} 1`,
  `rocinante_worker_card_xid_errors_total{${labels}} 2`,
  'rocinante_worker_connected 1',
].join('\n');

const cardIn = (said: string): unknown => workerCard({ text: said, at: 0 }, 1000);

it('is what its metrics say', () => {
  expect(cardIn(text)).toEqual({
    number: '3',
    uuid: 'GPU-5c1e',
    model: 'NVIDIA H200',
    utilization: 0.97,
    memoryUsedBytes: 43014684672,
    temperatureCelsius: 64,
    throttled: ['sw_power_cap'],
    xidErrors: 2,
  });
});

it('is nothing where nothing was told, and once it is old', () => {
  expect(workerCard(null, 0)).toBeNull();
  expect(cardIn('rocinante_worker_connected 1')).toBeNull();
  const metrics = { text, at: 0 };
  expect(workerCard(metrics, 30_000)).not.toBeNull();
  expect(workerCard(metrics, 30_001)).toBeNull();
});

it.each([
  [text.replaceAll('card="3"', 'card="three"')],
  [text.replaceAll('GPU-5c1e', 'x'.repeat(500))],
  [text.replace(/^rocinante_worker_card_info.*$/m, '')],
])('is nothing where its name is none', (said) => {
  expect(cardIn(said)).toBeNull();
});

it('has no number that is none, and none of another card', () => {
  expect(cardIn(text.replace('} 0.97', '} NaN').replace('} 64', '} -1'))).toEqual({
    number: '3',
    uuid: 'GPU-5c1e',
    model: 'NVIDIA H200',
    memoryUsedBytes: 43014684672,
    throttled: ['sw_power_cap'],
    xidErrors: 2,
  });
  expect(cardIn(text.replace(`ratio{${labels}`, 'ratio{card="4",uuid="GPU-6d"'))).not.toHaveProperty(
    'utilization',
  );
});
