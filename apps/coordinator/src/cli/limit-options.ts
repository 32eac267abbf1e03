import { Option, type Command } from 'commander';
import { DEFAULT_LIMITS, KEEP_LAST_MAX, MIN_WORKERS_MAX, type RunLimits } from '../run/run-limits.js';
import { UsageError } from '../errors.js';
import { positive, secondsOrAuto, share, wholeNumber } from './option-values.js';

/** What the options of a run's limits parse to; what is absent was not given. */
export interface LimitOptionValues {
  readonly minWorkers?: number;
  readonly maxHours?: number;
  readonly checkpoint?: RunLimits['checkpointSeconds'];
  readonly keepLast?: number;
  readonly keepEvery?: number;
  readonly exact?: RunLimits['exact'];
  readonly audit?: number;
  readonly normChecks?: RunLimits['normChecks'];
}

/** The options of a run's limits: all of them, as the type has it. */
const LIMIT_OPTIONS = Object.keys({
  minWorkers: true,
  maxHours: true,
  checkpoint: true,
  keepLast: true,
  keepEvery: true,
  exact: true,
  audit: true,
  normChecks: true,
} satisfies Record<keyof LimitOptionValues, true>) as (keyof LimitOptionValues)[];

interface LimitOptionsShown {
  /** Whether steps may wait for workers; on one machine all there will be are there. */
  readonly minWorkers: boolean;
  /** Whether environment variables and defaults count, as they do for a new run. */
  readonly fresh: boolean;
}

/** The options that bound a run, and say what is kept of it. */
export function addLimitOptions(command: Command, { minWorkers, fresh }: LimitOptionsShown): Command {
  const limit = (flags: string, description: string, usual: string, environment: string): Option => {
    const shown = new Option(flags, fresh ? `${description} (default: ${usual})` : description);
    return fresh ? shown.env(`ROCINANTE_${environment}`) : shown;
  };
  if (minWorkers) {
    command.addOption(
      limit(
        '--min-workers <n>',
        'take steps only with so many workers there',
        String(DEFAULT_LIMITS.minWorkers),
        'MIN_WORKERS',
      ).argParser(wholeNumber(1, MIN_WORKERS_MAX)),
    );
  }
  return command
    .addOption(
      limit(
        '--max-hours <x>',
        'stop after so many hours by the clock, with a checkpoint: waits for workers count, the queue does not',
        'none',
        'MAX_HOURS',
      ).argParser(positive),
    )
    .addOption(
      limit(
        '--checkpoint <seconds|auto>',
        'time between checkpoints; auto follows from what they take; 0 for none between evaluations',
        String(DEFAULT_LIMITS.checkpointSeconds),
        'CHECKPOINT',
      ).argParser(secondsOrAuto),
    )
    .addOption(
      limit(
        '--keep-last <n>',
        'newest checkpoints that are kept, beside the best',
        String(DEFAULT_LIMITS.keepLast),
        'KEEP_LAST',
      ).argParser(wholeNumber(1, KEEP_LAST_MAX)),
    )
    .addOption(
      limit(
        '--keep-every <n>',
        'keep checkpoints of steps that are multiples of this, too; 0 for none',
        String(DEFAULT_LIMITS.keepEverySteps),
        'KEEP_EVERY',
      ).argParser(wholeNumber(0)),
    )
    .addOption(
      limit(
        '--exact <mode>',
        'auto parks workers whose bits would differ; off admits them, and the record says so',
        DEFAULT_LIMITS.exact,
        'EXACT',
      ).choices(['auto', 'off']),
    )
    .addOption(
      limit(
        '--audit <share>',
        'have so many of the micro-batches computed by two workers, and compare bits: 0 to 1',
        String(DEFAULT_LIMITS.auditShare),
        'AUDIT',
      ).argParser(share),
    )
    .addOption(
      limit(
        '--norm-checks <mode>',
        'on has a gradient of unlikely norm computed by a second worker before it counts; off does not',
        DEFAULT_LIMITS.normChecks,
        'NORM_CHECKS',
      ).choices(['on', 'off']),
    );
}

/** Whether any limit was given. */
export function limitsGiven(values: LimitOptionValues): boolean {
  return LIMIT_OPTIONS.some((name) => values[name] !== undefined);
}

/**
 * Limits with what was given in place of `base`'s.
 * @throws {UsageError} an audit where bits may differ.
 */
export function limitsFrom(values: LimitOptionValues, base: RunLimits = DEFAULT_LIMITS): RunLimits {
  const limits: RunLimits = {
    minWorkers: values.minWorkers ?? base.minWorkers,
    maxHours: values.maxHours ?? base.maxHours,
    checkpointSeconds: values.checkpoint ?? base.checkpointSeconds,
    keepLast: values.keepLast ?? base.keepLast,
    keepEverySteps: values.keepEvery ?? base.keepEverySteps,
    exact: values.exact ?? base.exact,
    auditShare: values.audit ?? base.auditShare,
    normChecks: values.normChecks ?? base.normChecks,
  };
  if (limits.exact === 'off' && limits.auditShare > 0) {
    throw new UsageError(
      '--audit: compares bits, in which workers may differ under --exact off; expected one of the two, received both',
    );
  }
  return limits;
}
