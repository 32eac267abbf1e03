import { counter, gauge, histogram } from './definition.js';
import { PHASE_BUCKETS } from './buckets.js';
import { processDefinitions } from './process-definitions.js';

/** Where a worker's time goes, in the order of a contribution. */
export const WORKER_PHASES = ['wait', 'receive', 'compute', 'encode', 'send'] as const;
export type WorkerPhase = (typeof WORKER_PHASES)[number];

export const WORKER_PHASE_MEANINGS: Readonly<Record<WorkerPhase, string>> = {
  wait: 'From the last range sent, or from the session’s begin, to the next assignment.',
  receive: 'Until the parameters to compute with are whole.',
  compute: 'The gradients are computed.',
  encode: 'They are rounded to the grid and summed.',
  send: 'From the report to the last range sent.',
};

/** Why a card's clocks are lower than they could be, as nvidia-smi names it. */
export const CARD_THROTTLE_REASONS = [
  'sw_power_cap',
  'hw_slowdown',
  'sync_boost',
  'sw_thermal_slowdown',
  'hw_thermal_slowdown',
  'hw_power_brake_slowdown',
] as const;

/** Which card: nvidia-smi's number and its UUID. */
const CARD = { card: null, uuid: null } as const;

/** Every metric of a worker. Which worker and pool it is, discovery says. */
export const workerDefinitions = {
  stepPhase: histogram('rocinante_worker_step_phase_duration_seconds', {
    unit: 'seconds',
    help: 'Duration of the phases of a contribution, one observation of each.',
    labels: { phase: WORKER_PHASES },
    buckets: PHASE_BUCKETS,
  }),
  microBatches: counter('rocinante_worker_micro_batches_total', {
    unit: 'micro-batches',
    help: 'Micro-batches whose gradient was computed.',
  }),
  windows: counter('rocinante_worker_windows_total', {
    unit: 'windows',
    help: 'Windows whose gradient was computed.',
  }),
  sentBytes: counter('rocinante_worker_sent_bytes_total', {
    unit: 'bytes',
    help: 'Bytes of vectors sent to the coordinator.',
  }),
  receivedBytes: counter('rocinante_worker_received_bytes_total', {
    unit: 'bytes',
    help: 'Bytes of vectors received from the coordinator.',
  }),
  engineHandles: gauge('rocinante_worker_engine_handles', {
    unit: 'handles',
    help: 'Tensors and other handles of the engine that are live; it stays level between steps.',
  }),
  sessions: counter('rocinante_worker_sessions_total', {
    unit: 'sessions',
    help: 'Sessions that the coordinator welcomed; each after the first is a reconnection.',
  }),
  connected: gauge('rocinante_worker_connected', {
    unit: '0 or 1',
    help: 'Whether the worker has a session with a coordinator.',
  }),
  certificateExpiry: gauge('rocinante_worker_certificate_expiry_timestamp_seconds', {
    unit: 'seconds',
    help: 'When the certificate in the file of --tls-cert ends, in seconds since 1970, looked at every hour; not a number where the worker has none.',
  }),
  engineInfo: gauge('rocinante_worker_engine_info', {
    unit: 'always 1',
    help: "What decides the worker's bits: TensorFlow's version, cpu or gpu, and the model of it.",
    labels: { tensorflow: null, device: null, model: null },
  }),
  cardInfo: gauge('rocinante_worker_card_info', {
    unit: 'always 1',
    help: 'The card that the worker was given, and its model. Metrics of cards are what nvidia-smi tells, every ten seconds; what it does not tell has no series.',
    labels: { ...CARD, model: null },
  }),
  cardUtilization: gauge('rocinante_worker_card_utilization_ratio', {
    unit: '0 to 1',
    help: 'The part of the last sampling period in which a kernel ran on the card, of any program.',
    labels: CARD,
  }),
  cardMemoryUsed: gauge('rocinante_worker_card_memory_used_bytes', {
    unit: 'bytes',
    help: "The card's memory in use, of all programs.",
    labels: CARD,
  }),
  cardMemoryTotal: gauge('rocinante_worker_card_memory_total_bytes', {
    unit: 'bytes',
    help: "The card's memory.",
    labels: CARD,
  }),
  cardTemperature: gauge('rocinante_worker_card_temperature_celsius', {
    unit: '°C',
    help: "The card's temperature.",
    labels: CARD,
  }),
  cardPower: gauge('rocinante_worker_card_power_watts', {
    unit: 'watts',
    help: 'The power that the card draws.',
    labels: CARD,
  }),
  cardThrottled: gauge('rocinante_worker_card_throttled', {
    unit: '0 or 1',
    help: "Whether the card's clocks are held down for this reason, by nvidia-smi's names.",
    labels: { ...CARD, reason: CARD_THROTTLE_REASONS },
  }),
  cardEccErrors: gauge('rocinante_worker_card_uncorrected_ecc_errors', {
    unit: 'errors',
    help: "Errors of the card's memory that could not be corrected, since the driver was loaded.",
    labels: CARD,
  }),
  cardXidErrors: counter('rocinante_worker_card_xid_errors_total', {
    unit: 'errors',
    help: "Errors of the card that the driver reported (Xid), from 0 since the worker reads the kernel's log. It has no series where the worker may not read that.",
    labels: CARD,
  }),
  ...processDefinitions('worker'),
} as const;
