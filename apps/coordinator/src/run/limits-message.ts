import type { RunLimits as RunLimitsSent, RunLimitsMessage } from '@rocinante/wire';
import { DEFAULT_LIMITS, type RunLimits } from './run-limits.js';

/** A run's limits as the protocol sends them, where 0 stands for none. */
export function limitsMessage(limits: RunLimits): RunLimitsSent {
  const isAuto = limits.checkpointSeconds === 'auto';
  return {
    ...limits,
    maxHours: limits.maxHours ?? 0,
    // A coordinator that does not know `auto` takes the usual time.
    checkpointSeconds: isAuto ? DEFAULT_LIMITS.checkpointSeconds : limits.checkpointSeconds,
    checkpointAuto: isAuto,
  };
}

/** The time between checkpoints that a message speaks of, whatever number it has. */
export function checkpointSecondsOf(
  message: Pick<RunLimitsMessage, 'checkpointSeconds' | 'checkpointAuto'>,
): RunLimits['checkpointSeconds'] {
  return message.checkpointAuto ? 'auto' : message.checkpointSeconds;
}

/** The limits that a message speaks of. */
export function limitsOf(message: RunLimitsMessage): RunLimits {
  const { minWorkers, maxHours, keepLast, keepEverySteps, exact, auditShare, normChecks } = message;
  return {
    minWorkers: minWorkers || DEFAULT_LIMITS.minWorkers,
    maxHours: maxHours || null,
    checkpointSeconds: checkpointSecondsOf(message),
    keepLast: keepLast || DEFAULT_LIMITS.keepLast,
    keepEverySteps,
    exact: exact === 'off' ? 'off' : 'auto',
    auditShare,
    normChecks: normChecks === 'off' ? 'off' : 'on',
  };
}
