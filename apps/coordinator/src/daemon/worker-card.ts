import { CARD_THROTTLE_REASONS, workerDefinitions } from '@rocinante/metrics';
import type { WorkerCard } from '@rocinante/wire';
import { seriesOf, type Series } from '../doctor/metric-text.js';

/** A worker's metrics, as it relayed them last, and when. */
interface Relayed {
  readonly text: string;
  readonly at: number;
}

/** A worker relays every five seconds, and asks of its card every ten: what is older is not true any more. */
const AGE_MAX_MS = 30_000;

const MODEL_LENGTH_MAX = 100;

const { cardInfo, cardThrottled, ...others } = workerDefinitions;
const VALUES = {
  [others.cardUtilization.name]: 'utilization',
  [others.cardMemoryUsed.name]: 'memoryUsedBytes',
  [others.cardMemoryTotal.name]: 'memoryTotalBytes',
  [others.cardTemperature.name]: 'temperatureCelsius',
  [others.cardPower.name]: 'powerWatts',
  [others.cardEccErrors.name]: 'uncorrectedEccErrors',
  [others.cardXidErrors.name]: 'xidErrors',
} as const;

const known = new WeakMap<Relayed, WorkerCard | null>();

/**
 * The card that a worker told of in its metrics, for operators; null where it told of none of late.
 * @param now by the clock of `at`.
 */
export function workerCard(metrics: Relayed | null, now: number): WorkerCard | null {
  if (metrics === null || now - metrics.at > AGE_MAX_MS) return null;
  let card = known.get(metrics);
  if (card === undefined) known.set(metrics, (card = cardOf(metrics.text)));
  return card;
}

/** What a worker says is bytes from outside: what is none of a card, or no number, is passed over. */
function cardOf(text: string): WorkerCard | null {
  const lines = text.split('\n').filter((line) => line.startsWith('rocinante_worker_card_'));
  const series = seriesOf(lines.join('\n'));
  const info = series.find(({ name }) => name === cardInfo.name);
  const { card = '', uuid = '', model = '' } = info?.labels ?? {};
  if (!/^\d{1,3}$/.test(card) || !/^GPU-[\w-]{1,64}$/.test(uuid)) return null;
  const own = series.filter(({ labels }) => labels.uuid === uuid);
  const values = own.flatMap(({ name, value }) =>
    name in VALUES && Number.isFinite(value) && value >= 0
      ? [[VALUES[name as keyof typeof VALUES], value]]
      : [],
  );
  return {
    number: card,
    uuid,
    model: model.slice(0, MODEL_LENGTH_MAX),
    throttled: reasonsOf(own),
    ...(Object.fromEntries(values) as Partial<WorkerCard>),
  };
}

function reasonsOf(series: readonly Series[]): string[] {
  const active = series.filter(({ name, value }) => name === cardThrottled.name && value === 1);
  return CARD_THROTTLE_REASONS.filter((reason) => active.some(({ labels }) => labels.reason === reason));
}
