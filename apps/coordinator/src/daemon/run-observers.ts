import { join } from 'node:path';
import { noProgress } from '@rocinante/training';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import type { DaemonNotifier } from '../notify/daemon-notifier.js';
import { parametersReckoned } from '../run/disk-space.js';
import type { PreparedRun } from '../run/prepared-run.js';
import type { RunObserver } from '../run/run-observer.js';
import { TensorboardLog, tensorboardRun } from '../run/log/tensorboard-log.js';

/** Who is told of every run of a daemon. */
export interface ObserverParts {
  readonly metrics: CoordinatorMetrics;
  /** Null for nobody. */
  readonly notifier: DaemonNotifier | null;
  /** The folder of event files for TensorBoard; null for none. */
  readonly tensorboard: string | null;
  /** Hears of event files that cannot be written. */
  readonly warn: (run: string, message: string) => void;
}

/** Those who are told what happens in one activation of a run: notices, metrics, event files. */
export function observersOf(
  { metrics, notifier, tensorboard, warn }: ObserverParts,
  id: string,
  prepared: PreparedRun,
): readonly RunObserver[] {
  const { shape, loaded, config, corpus } = prepared;
  return [
    ...(notifier === null ? [] : [notifier.observer(id)]),
    metrics.begin({
      id,
      parameterBytes: Float32Array.BYTES_PER_ELEMENT * parametersReckoned(config, corpus.vocabulary.size),
      config,
      shape,
      progress: loaded?.progress ?? noProgress,
    }),
    ...(tensorboard === null
      ? []
      : [
          new TensorboardLog(join(tensorboard, id), tensorboardRun(prepared), (message) => warn(id, message)),
        ]),
  ];
}
