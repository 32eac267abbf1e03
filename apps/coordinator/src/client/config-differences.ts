import { identityDifferences, type RunConfig } from '@rocinante/training';
import type { ShownRun } from './coordinator.js';

/** A configuration key in which two runs differ, dotted; a value that a run does not have is null. */
export interface ConfigDifference {
  readonly key: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** All of two runs' configurations, lengths and texts too, where they differ. */
export function configDifferences(first: ShownRun, second: ShownRun): ConfigDifference[] {
  const whole = ({ configJson, corpusSha256 }: ShownRun): { config: RunConfig; corpusSha256: string } => ({
    config: JSON.parse(configJson) as RunConfig,
    corpusSha256,
  });
  const value = (json: string): unknown => (json === 'absent' ? null : JSON.parse(json));
  return identityDifferences(whole(first), whole(second)).map((difference) => ({
    key: difference.key,
    first: value(difference.first),
    second: value(difference.second),
  }));
}
