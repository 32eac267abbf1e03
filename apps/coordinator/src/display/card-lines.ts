import type { WorkerCard } from '@rocinante/wire';
import type { ShownRun } from '../client/coordinator.js';
import { grouped } from './quantities.js';
import { table } from './table.js';

const UNKNOWN = '-';

/** A line for each worker that tells of its card. */
export function cardLines({ workers, idleWorkers }: Pick<ShownRun, 'workers' | 'idleWorkers'>): string[] {
  const rows = [...workers, ...idleWorkers].flatMap(({ name, card }) =>
    card ? [[name, ...cellsOf(card)]] : [],
  );
  if (rows.length === 0) return [];
  const heads = [
    'worker',
    'card',
    'busy',
    'memory',
    'temperature',
    'power',
    'held down by',
    'memory errors',
    'Xid errors',
  ];
  return table(heads, rows).split('\n');
}

function cellsOf(card: WorkerCard): string[] {
  const { number, model, utilization, memoryUsedBytes: used, memoryTotalBytes: total } = card;
  const {
    temperatureCelsius,
    powerWatts,
    throttled = [],
    uncorrectedEccErrors: errors,
    xidErrors: xids,
  } = card;
  return [
    `${number} ${model}`,
    utilization === undefined ? UNKNOWN : `${Math.round(Number(utilization) * 100)} %`,
    used === undefined
      ? UNKNOWN
      : gigabytes(Number(used)) + (total === undefined ? '' : ` of ${gigabytes(Number(total))}`),
    temperatureCelsius === undefined ? UNKNOWN : `${temperatureCelsius} °C`,
    powerWatts === undefined ? UNKNOWN : `${Math.round(Number(powerWatts))} W`,
    throttled.join(', ') || UNKNOWN,
    errors === undefined ? UNKNOWN : grouped(Number(errors)),
    xids === undefined ? UNKNOWN : grouped(Number(xids)),
  ];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
