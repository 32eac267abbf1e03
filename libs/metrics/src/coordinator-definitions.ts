import { CHECKPOINT_BUCKETS, PHASE_BUCKETS, STEP_BUCKETS } from './buckets.js';
import { counter, gauge, histogram } from './definition.js';
import { processDefinitions } from './process-definitions.js';

/**
 * Where a step's time goes, as the coordinator sees it. At each moment a step is in one phase, the first of these that is
 * true, so that the phases of a step add up to the step.
 */
export const COORDINATOR_PHASES = ['assign', 'apply', 'sum', 'receive', 'broadcast', 'wait'] as const;
export type CoordinatorPhase = (typeof COORDINATOR_PHASES)[number];

export const COORDINATOR_PHASE_MEANINGS: Readonly<Record<CoordinatorPhase, string>> = {
  assign: 'Work is being handed out to workers.',
  apply: 'Adam is making the next parameters.',
  sum: 'Ranges of contributions that have arrived are being added.',
  receive: 'A worker that has reported still has ranges to send.',
  broadcast: 'Parameters are on their way to a worker: it has not given back the credit of their last range.',
  wait: 'None of these: workers compute.',
};

/** What a run's speed is bound by. */
export const BOUNDS = ['compute', 'wire', 'coordinator', 'worker'] as const;
export type Bound = (typeof BOUNDS)[number];

/** States of a run: those of the protocol's RunState. */
export const RUN_STATES = [
  'queued',
  'waiting',
  'running',
  'held',
  'stopping',
  'stopped',
  'done',
  'failed',
] as const;
export type MeteredRunState = (typeof RUN_STATES)[number];

/** What of a worker may arrive and count for nothing. */
const IGNORED_MESSAGES = ['report', 'evaluation', 'range'] as const;

/** Why a report is questioned. */
const SECOND_WORD_CAUSES = ['norm', 'audit'] as const;

/** What becomes of a questioned report. */
const SECOND_WORD_VERDICTS = ['stands', 'refuted', 'unsettled', 'unheld'] as const;

/** Codes with which connections, sessions and calls are refused or dropped: all that are counted. */
const REFUSALS = [
  'MALFORMED',
  'CHECKSUM_MISMATCH',
  'MESSAGE_TOO_LARGE',
  'UNKNOWN_SESSION',
  'PROTOCOL_VERSION',
  'TOO_MANY_SESSIONS',
  'TOO_MANY_CONNECTIONS',
  'TIMEOUT',
  'NOT_TLS',
  'BAD_CERTIFICATE',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'FOREIGN_HOST',
  'FOREIGN_ORIGIN',
  'UNKNOWN_METHOD',
  'UNKNOWN_CORPUS',
  'RUN_NAME',
  'AMBIGUOUS',
  'CONTENT_NAME',
  'CONTENT_TOO_LARGE',
  'CONTENT_LENGTH',
  'CONTENT_HASH',
  'CONTENT_DISK_FULL',
  'CONTENT_NOT_WRITTEN',
  'INTERNAL',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Whether refusals with this code are counted under it. */
export function isRefusal(code: string): code is Refusal {
  return (REFUSALS as readonly string[]).includes(code);
}

const CHECKPOINT_REASONS = ['start', 'interval', 'evaluation', 'stop', 'end'] as const;

const run = { run: null } as const;

/** Every metric of a coordinator. */
export const coordinatorDefinitions = {
  runInfo: gauge('rocinante_coordinator_run_info', {
    unit: 'always 1',
    help: "A run's name and pool of workers, beside the id that the label `run` holds everywhere; those that run_state has.",
    labels: { run: null, name: null, pool: null },
  }),
  runState: gauge('rocinante_coordinator_run_state', {
    unit: 'always 1',
    help: 'The state that a run is in: each run that waits, is active, or has just ended has one series.',
    labels: { run: null, state: RUN_STATES },
  }),
  loss: gauge('rocinante_coordinator_loss_nats', {
    unit: 'nats',
    help: 'Mean training loss over the windows of the last closed step, with dropout.',
    labels: run,
  }),
  heldOutLoss: gauge('rocinante_coordinator_held_out_loss_nats', {
    unit: 'nats',
    help: 'Mean loss over the held-out part at the last evaluation; a run that holds nothing out has none.',
    labels: run,
  }),
  learningRate: gauge('rocinante_coordinator_learning_rate', {
    unit: 'ratio',
    help: 'Learning rate of the last closed step.',
    labels: run,
  }),
  gradientNorm: gauge('rocinante_coordinator_gradient_norm', {
    unit: 'norm',
    help: "Euclidean norm of the last closed step's mean gradient, before clipping; a run that does not clip has none.",
    labels: run,
  }),
  step: gauge('rocinante_coordinator_step', {
    unit: 'steps',
    help: "Steps closed since the run's beginning, those before a resume included.",
    labels: run,
  }),
  plannedSteps: gauge('rocinante_coordinator_planned_steps', {
    unit: 'steps',
    help: 'Steps that the run ends after.',
    labels: run,
  }),
  remaining: gauge('rocinante_coordinator_remaining_seconds', {
    unit: 'seconds',
    help: 'Time to the last step by the pace of the last minutes, evaluations and checkpoints included; a run that is not running, or whose pace is not known yet, has none.',
    labels: run,
  }),
  epoch: gauge('rocinante_coordinator_epoch', {
    unit: 'epochs',
    help: 'Epochs begun, the one in progress included.',
    labels: run,
  }),
  progressAge: gauge('rocinante_coordinator_progress_age_seconds', {
    unit: 'seconds',
    help: 'Time since the run last got on: it was taken up, released or taken back, a step closed, or a part of an evaluation came.',
    labels: run,
  }),
  divergences: counter('rocinante_coordinator_divergences_total', {
    unit: 'divergences',
    help: 'Times that the loss spiked or was no number: the run failed by it, or went back.',
    labels: run,
  }),
  parametersBytes: gauge('rocinante_coordinator_parameters_size_bytes', {
    unit: 'bytes',
    help: "Size of the run's parameters as float32: what a vector is without any codec.",
    labels: run,
  }),
  windows: counter('rocinante_coordinator_windows_total', {
    unit: 'windows',
    help: 'Windows whose gradient is in a closed step, of this process.',
    labels: run,
  }),
  windowsPerSecond: gauge('rocinante_coordinator_windows_per_second', {
    unit: 'windows per second',
    help: 'Speed over the last 20 steps, from first issue to close: evaluations and checkpoints between steps do not count.',
    labels: run,
  }),
  stepDuration: histogram('rocinante_coordinator_step_duration_seconds', {
    unit: 'seconds',
    help: "From a step's first issue to its close.",
    labels: run,
    buckets: STEP_BUCKETS,
  }),
  stepPhase: histogram('rocinante_coordinator_step_phase_duration_seconds', {
    unit: 'seconds',
    help: 'Part of a step spent in each phase, one observation a step; the phases add up to the step.',
    labels: { run: null, phase: COORDINATOR_PHASES },
    buckets: PHASE_BUCKETS,
  }),
  boundBy: gauge('rocinante_coordinator_bound_by', {
    unit: '0 or 1',
    help: "1 for what bounds the run's speed over the last steps: compute, wire, coordinator, or the named worker.",
    labels: { run: null, by: BOUNDS, worker: null },
  }),
  reissuedSteps: counter('rocinante_coordinator_reissued_steps_total', {
    unit: 'issues',
    help: 'Issues of a step after its first: its gradient did not fit the grid.',
    labels: run,
  }),
  repeatedMicroBatches: counter('rocinante_coordinator_repeated_micro_batches_total', {
    unit: 'micro-batches',
    help: 'Micro-batches given once more within one issue of a step: a worker was lost, or was late.',
    labels: run,
  }),
  lateMicroBatches: counter('rocinante_coordinator_late_micro_batches_total', {
    unit: 'micro-batches',
    help: 'Micro-batches, or pieces of an evaluation, that others were given too, since a worker was late with them.',
    labels: run,
  }),
  secondWords: counter('rocinante_coordinator_second_words_total', {
    unit: 'reports',
    help: 'Reports that were questioned, for a norm far outside or by audit, by what became of them; unheld: nobody else could be asked.',
    labels: { run: null, cause: SECOND_WORD_CAUSES, verdict: SECOND_WORD_VERDICTS },
  }),
  strikes: counter('rocinante_coordinator_strikes_total', {
    unit: 'strikes',
    help: 'Times that this worker was found to have computed what is wrong.',
    labels: { run: null, worker: null },
  }),
  workerShare: gauge('rocinante_coordinator_worker_share_ratio', {
    unit: 'ratio',
    help: "Part of the last closed step's micro-batches that this worker was given.",
    labels: { run: null, worker: null },
  }),
  liveWorkers: gauge('rocinante_coordinator_live_workers', {
    unit: 'workers',
    help: 'Workers that have a session.',
    labels: { pool: null },
  }),
  lostWorkers: counter('rocinante_coordinator_lost_workers_total', {
    unit: 'sessions',
    help: "Sessions whose end was no decision of the worker's: its connection was lost, or cut for a fault.",
  }),
  workerLost: gauge('rocinante_coordinator_worker_lost', {
    unit: 'always 1',
    help: 'A worker whose session was lost and that has not come back: for a day, of this process, under the name that it has.',
    labels: { pool: null, worker: null },
  }),
  parkedWorkers: gauge('rocinante_coordinator_parked_workers', {
    unit: 'workers',
    help: "Workers that are given no work, since their joining proof is another than the run's: --exact off admits them.",
    labels: run,
  }),
  setAsideWorkers: gauge('rocinante_coordinator_set_aside_workers', {
    unit: 'workers',
    help: 'Workers that stay and are given no work any more, since they computed what is wrong too often.',
    labels: run,
  }),
  checkpoints: counter('rocinante_coordinator_checkpoints_total', {
    unit: 'checkpoints',
    help: 'Checkpoints that are whole and on the disk, by why they were saved.',
    labels: { run: null, reason: CHECKPOINT_REASONS },
  }),
  checkpointFailures: counter('rocinante_coordinator_checkpoint_failures_total', {
    unit: 'checkpoints',
    help: 'Checkpoints that could not be written.',
    labels: run,
  }),
  checkpointDuration: histogram('rocinante_coordinator_checkpoint_duration_seconds', {
    unit: 'seconds',
    help: "From a checkpoint's copy to its file on the disk.",
    labels: run,
    buckets: CHECKPOINT_BUCKETS,
  }),
  checkpointBytes: gauge('rocinante_coordinator_checkpoint_size_bytes', {
    unit: 'bytes',
    help: 'Size of the newest checkpoint.',
    labels: run,
  }),
  checkpointAge: gauge('rocinante_coordinator_checkpoint_age_seconds', {
    unit: 'seconds',
    help: 'Time since the newest checkpoint, or since the run was taken up or back: the work that a crash would cost now.',
    labels: run,
  }),
  checkpointInterval: gauge('rocinante_coordinator_checkpoint_interval_seconds', {
    unit: 'seconds',
    help: 'Time from one checkpoint by the clock to the next; a run that makes none by the clock has no series.',
    labels: run,
  }),
  storedObjects: counter('rocinante_coordinator_stored_files_total', {
    unit: 'files',
    help: "Checkpoints and final weights that went into the run's object store.",
    labels: run,
  }),
  storedBytes: counter('rocinante_coordinator_stored_bytes_total', {
    unit: 'bytes',
    help: 'Bytes of these.',
    labels: run,
  }),
  storeFailures: counter('rocinante_coordinator_store_failures_total', {
    unit: 'tries',
    help: 'Tries to bring something into the object store that failed.',
    labels: run,
  }),
  storeLost: gauge('rocinante_coordinator_store_lost', {
    unit: '0 or 1',
    help: '1 while the object store does not take what is to go there; 0 where it does, and for a run without one.',
    labels: run,
  }),
  runs: gauge('rocinante_coordinator_runs', {
    unit: 'runs',
    help: 'Runs that the coordinator holds, by state.',
    labels: { state: RUN_STATES },
  }),
  runFailedAt: gauge('rocinante_coordinator_run_failed_timestamp_seconds', {
    unit: 'seconds since 1970',
    help: 'When a run failed, by its record: the last 20 of those that are failed now. One that is resumed or removed has no series.',
    labels: { run: null, name: null, pool: null },
  }),
  ignoredMessages: counter('rocinante_coordinator_ignored_messages_total', {
    unit: 'messages',
    help: "Messages of workers that counted for nothing: late, of another issue, or a stranger's.",
    labels: { what: IGNORED_MESSAGES },
  }),
  refusedConnections: counter('rocinante_coordinator_refused_connections_total', {
    unit: 'connections',
    help: 'Connections, sessions and calls that were refused or dropped, by the code of the reason.',
    labels: { why: REFUSALS },
  }),
  sentBytes: counter('rocinante_coordinator_sent_bytes_total', {
    unit: 'bytes',
    help: 'Bytes sent to workers and operators over gRPC, protocol overhead included.',
  }),
  receivedBytes: counter('rocinante_coordinator_received_bytes_total', {
    unit: 'bytes',
    help: 'Bytes received from workers and operators over gRPC, protocol overhead included.',
  }),
  diskFree: gauge('rocinante_coordinator_disk_free_bytes', {
    unit: 'bytes',
    help: 'Room for this process on the disk of the runs.',
  }),
  certificateExpiry: gauge('rocinante_coordinator_certificate_expiry_timestamp_seconds', {
    unit: 'seconds',
    help: 'When the certificate that is shown ends, in seconds since 1970; not a number where it serves in plain.',
  }),
  ...processDefinitions('coordinator'),
} as const;
