export type { MetricDefinition, MetricTable, MetricType } from './definition.js';
export { MetricSet, type MetricOf, type MetricsOf, type OpenLabels } from './metric-set.js';
export { observeProcess } from './process-metrics.js';
export {
  BOUNDS,
  COORDINATOR_PHASES,
  coordinatorDefinitions,
  isRefusal,
  RUN_STATES,
  type Bound,
  type CoordinatorPhase,
  type MeteredRunState,
  type Refusal,
} from './coordinator-definitions.js';
export {
  CARD_THROTTLE_REASONS,
  WORKER_PHASES,
  workerDefinitions,
  type WorkerPhase,
} from './worker-definitions.js';
export { healthRoutes, type MetricText } from './health-routes.js';
export { workerRoutes, type DiscoveredWorker, type WorkerRoutesOptions } from './worker-routes.js';
export { metricDocument } from './metric-document.js';
