/** For specs: a worker's configuration as the command line gives it where nothing is asked for. */
import type { WorkerConfig } from './config.js';

/** @param coordinator its `host:port`. */
export function workerConfig(coordinator: string, changes: Partial<WorkerConfig> = {}): WorkerConfig {
  return {
    coordinator,
    name: 'a',
    pool: 'default',
    device: 'auto',
    precision: 'float32',
    lstm: 'auto',
    workersPerGpu: 1,
    threads: 1,
    threadsGiven: true,
    insecure: false,
    corpusCache: false,
    logLevel: 'info',
    endWithParent: false,
    supervised: false,
    ...changes,
  };
}
