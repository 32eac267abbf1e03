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
  engineInfo: gauge('rocinante_worker_engine_info', {
    unit: 'always 1',
    help: "What decides the worker's bits: TensorFlow's version, cpu or gpu, and the model of it.",
    labels: { tensorflow: null, device: null, model: null },
  }),
  ...processDefinitions('worker'),
} as const;
