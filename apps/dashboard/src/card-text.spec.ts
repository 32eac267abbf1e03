import { expect, it } from 'vitest';
import { cardText } from './card-text.js';

const silent = {
  number: '1',
  uuid: 'GPU-5c1e',
  model: 'NVIDIA H200',
  utilization: null,
  memoryUsedBytes: null,
  memoryTotalBytes: null,
  temperatureCelsius: null,
  powerWatts: null,
  throttled: [],
  uncorrectedEccErrors: null,
  xidErrors: null,
};

it('says what is told of a card', () => {
  expect(cardText(silent)).toBe('card 1: nothing is told of it');
  const busy = { utilization: 0.97, memoryUsedBytes: 43014684672, memoryTotalBytes: 150754820096 };
  expect(
    cardText({ ...silent, ...busy, temperatureCelsius: 64, powerWatts: 402.12, uncorrectedEccErrors: 0 }),
  ).toBe('card 1: 97 % busy, 43.01 GB of 150.75 GB, 64 °C, 402 W');
});

it('says what is not well', () => {
  expect(
    cardText({
      ...silent,
      throttled: ['sw_power_cap', 'hw_slowdown'],
      uncorrectedEccErrors: 2,
      xidErrors: 1,
    }),
  ).toBe('card 1: held down by sw power cap, hw slowdown, 2 uncorrected memory errors, 1 Xid errors');
});
