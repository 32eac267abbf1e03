import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricsOf } from './metric-set.js';
import { LAG_STATISTICS, type ProcessDefinitions } from './process-definitions.js';

/** Node measures the loop by a timer of this period, and counts the period itself. */
const LAG_RESOLUTION_MS = 10;

const percentiles = { p50: 50, p99: 99, max: 100 } as const;

/** A set of metrics that has those of a process among them. */
export interface ProcessMetricSet {
  readonly metrics: MetricsOf<ProcessDefinitions>;
  beforeScrape(measure: () => void): void;
}

/**
 * Keeps a process's own metrics: they are measured at each scrape. The lag is that of the thread that calls this, since
 * the scrape before, whoever scraped. What measures it keeps no process alive.
 *
 * @param version the release.
 */
export function observeProcess(set: ProcessMetricSet, version: string): void {
  const { metrics } = set;
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  metrics.buildInfo.set({ version }, 1);
  metrics.startTime.set((Date.now() - performance.now()) / 1000);
  set.beforeScrape(() => {
    metrics.residentMemory.set(process.memoryUsage.rss());
    for (const statistic of LAG_STATISTICS) {
      const lagMs = delay.percentile(percentiles[statistic]) / 1e6 - LAG_RESOLUTION_MS;
      metrics.eventLoopLag.set({ statistic }, Math.max(0, lagMs) / 1000);
    }
    delay.reset();
  });
}
