import { gauge, type MetricDefinition } from './definition.js';

/** Which program a metric is of: the second word of its name. */
export type Part = 'coordinator' | 'worker';

/** What is told of the event loop's lag. The label is not `quantile`, which Prometheus keeps for summaries. */
export const LAG_STATISTICS = ['p50', 'p99', 'max'] as const;

/** What both programs tell of their own process. */
export type ProcessDefinitions = {
  readonly buildInfo: MetricDefinition<'gauge', { readonly version: null }>;
  readonly startTime: MetricDefinition<'gauge', Record<never, null>>;
  readonly residentMemory: MetricDefinition<'gauge', Record<never, null>>;
  readonly eventLoopLag: MetricDefinition<'gauge', { readonly statistic: typeof LAG_STATISTICS }>;
};

export function processDefinitions(part: Part): ProcessDefinitions {
  return {
    buildInfo: gauge(`rocinante_${part}_build_info`, {
      unit: 'always 1',
      help: `The release that this ${part} is of.`,
      labels: { version: null },
    }),
    startTime: gauge(`rocinante_${part}_process_start_time_seconds`, {
      unit: 'seconds since 1970',
      help: 'When the process started.',
    }),
    residentMemory: gauge(`rocinante_${part}_resident_memory_bytes`, {
      unit: 'bytes',
      help: 'Memory that the process holds.',
    }),
    eventLoopLag: gauge(`rocinante_${part}_event_loop_lag_seconds`, {
      unit: 'seconds',
      help: "How late timers of the network's thread fired since the scrape before.",
      labels: { statistic: LAG_STATISTICS },
    }),
  };
}
