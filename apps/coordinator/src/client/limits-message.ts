import type { RunLimits as RunLimitsSent, RunLimitsMessage } from '@rocinante/wire';
import { DEFAULT_LIMITS, type RunLimits } from '../run/run-limits.js';

/** A run's limits as the protocol sends them, where 0 stands for none. */
export function limitsMessage(limits: RunLimits): RunLimitsSent {
  return { ...limits, maxHours: limits.maxHours ?? 0 };
}

/** The limits that a message speaks of. */
export function limitsOf(message: RunLimitsMessage): RunLimits {
  const { minWorkers, maxHours, checkpointSeconds, keepLast, keepEverySteps, exact, auditShare } = message;
  return {
    minWorkers: minWorkers || DEFAULT_LIMITS.minWorkers,
    maxHours: maxHours || null,
    checkpointSeconds,
    keepLast: keepLast || DEFAULT_LIMITS.keepLast,
    keepEverySteps,
    exact: exact === 'off' ? 'off' : 'auto',
    auditShare,
  };
}
