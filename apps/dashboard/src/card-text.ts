import type { WorkerCardJson } from '@rocinante/run-json';
import { bytesShown, grouped, percent } from './figures.js';

/** `card 0: 97 % busy, 43.01 GB of 150.76 GB, 64 °C, 402 W`, and what is not well. What is not told is left out. */
export function cardText(card: WorkerCardJson): string {
  const { utilization, memoryUsedBytes: used, memoryTotalBytes: total } = card;
  const { temperatureCelsius, powerWatts, throttled, uncorrectedEccErrors: errors, xidErrors: xids } = card;
  const parts = [
    utilization === null ? '' : `${percent(utilization)} busy`,
    used === null ? '' : bytesShown(used) + (total === null ? '' : ` of ${bytesShown(total)}`),
    temperatureCelsius === null ? '' : `${temperatureCelsius} °C`,
    powerWatts === null ? '' : `${Math.round(powerWatts)} W`,
    throttled.length === 0
      ? ''
      : `held down by ${throttled.map((reason) => reason.replaceAll('_', ' ')).join(', ')}`,
    errors ? `${grouped(errors)} uncorrected memory errors` : '',
    xids ? `${grouped(xids)} Xid errors` : '',
  ];
  return `card ${card.number}: ${parts.filter((part) => part !== '').join(', ') || 'nothing is told of it'}`;
}
