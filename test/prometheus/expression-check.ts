import { metricTable } from '../support/metric-table.js';
import { groupingLabels, selectorsOf } from './promql.js';

/** Labels that Prometheus and discovery give: every series, and a worker's. */
const LABELS_OF_ALL = ['job', 'instance'];
const LABELS_OF_WORKERS = ['worker', 'pool', 'coordinator'];

/** Metrics that others export: Prometheus itself, and NVIDIA's dcgm-exporter by its default counters. */
const LABELS_OF_CARDS = ['gpu', 'Hostname'];
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  DCGM_FI_DEV_FB_USED: LABELS_OF_CARDS,
  DCGM_FI_DEV_GPU_TEMP: LABELS_OF_CARDS,
  DCGM_FI_DEV_GPU_UTIL: LABELS_OF_CARDS,
  DCGM_FI_DEV_POWER_USAGE: LABELS_OF_CARDS,
  DCGM_FI_DEV_ROW_REMAP_FAILURE: LABELS_OF_CARDS,
  DCGM_FI_DEV_SM_CLOCK: LABELS_OF_CARDS,
  DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS: LABELS_OF_CARDS,
  DCGM_FI_DEV_XID_ERRORS: LABELS_OF_CARDS,
};

/** Series that a run in plain has as NaN: those of metrics that come with a certificate. secured.spec.ts has the coordinator's. */
export const UNSEEN_METRICS: readonly string[] = [
  'rocinante_coordinator_certificate_expiry_timestamp_seconds',
  'rocinante_worker_certificate_expiry_timestamp_seconds',
];

/** Series that are there after a failure only; the coordinator's own specs have them. */
export const METRICS_OF_FAILURES: readonly string[] = [
  'rocinante_coordinator_run_failed_timestamp_seconds',
  'rocinante_coordinator_worker_lost',
];

/** Series that are there while a run is running only; a panel that shows them has them looked for over the run. */
export const METRICS_OF_RUNNING: readonly string[] = ['rocinante_coordinator_remaining_seconds'];

/** Each series with the labels that it has, by the names under which Prometheus keeps it. */
function seriesLabels(): Map<string, ReadonlySet<string>> {
  const known = new Map<string, ReadonlySet<string>>();
  for (const { name, type, labels } of metricTable()) {
    const own = [...LABELS_OF_ALL, ...labels.map(({ name }) => name)];
    const all = name.startsWith('rocinante_worker_') ? [...own, ...LABELS_OF_WORKERS] : own;
    if (type !== 'histogram') known.set(name, new Set(all));
    else {
      for (const part of ['sum', 'count']) known.set(`${name}_${part}`, new Set(all));
      known.set(`${name}_bucket`, new Set([...all, 'le']));
    }
  }
  for (const [name, labels] of Object.entries(FOREIGN))
    known.set(name, new Set([...LABELS_OF_ALL, ...labels]));
  return known;
}

const known = seriesLabels();

/** What an expression asks for and nothing exports, by docs/metrics.md: metrics, labels that are matched or grouped by. */
export function expressionProblems(expression: string): string[] {
  const selectors = selectorsOf(expression);
  const problems: string[] = selectors.length === 0 ? [`${expression}: it names no metric`] : [];
  const found = new Set<string>();
  for (const { metric, labels } of selectors) {
    const has = known.get(metric);
    if (!has) problems.push(`${metric}: there is no such metric`);
    else {
      for (const label of has) found.add(label);
      problems.push(
        ...labels.filter((label) => !has.has(label)).map((label) => `${metric}: it has no label ${label}`),
      );
    }
  }
  const groups = groupingLabels(expression).filter((label) => problems.length === 0 && !found.has(label));
  return [...problems, ...groups.map((label) => `${expression}: nothing in it has a label ${label}`)];
}
