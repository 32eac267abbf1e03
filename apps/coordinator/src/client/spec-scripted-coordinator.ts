/** For specs: a real gRPC server whose answers are written by hand. */
import type { EventEmitter } from 'node:events';
import { status, type ServiceError } from '@grpc/grpc-js';
import {
  listen,
  type ListeningServer,
  type RunDetail,
  type RunsHandlers,
  type RunSummary,
} from '@rocinante/wire';
import { presets } from '../presets.js';

/** A status to answer with. */
export function refusal(code: status, details: string): Partial<ServiceError> {
  return { code, details };
}

/** Serves some of the operator's calls; every other one is answered as by a coordinator that fails. */
export function serveRuns(
  handlers: Partial<RunsHandlers>,
  address = '127.0.0.1:0',
): Promise<ListeningServer> {
  const unexpected = refusal(status.INTERNAL, 'this call was not expected');
  const unary = (_call: unknown, callback: (error: Partial<ServiceError>) => void): void =>
    callback(unexpected);
  const stream = (call: EventEmitter): void => {
    call.emit('error', unexpected);
  };
  return listen(address, {
    training: { Work: stream, Contribute: unary, Parameters: stream, Corpus: stream },
    runs: {
      Have: unary,
      Push: unary,
      Start: unary,
      List: unary,
      Show: unary,
      Losses: stream,
      Digests: stream,
      Watch: stream,
      Logs: stream,
      Stop: unary,
      Resume: unary,
      Remove: unary,
      Weights: stream,
      ...handlers,
    },
  });
}

/** A run in the middle of its work. */
export const runningRun = {
  id: 'r12',
  name: 'baseline',
  tags: ['paper', 'lstm'],
  note: 'the first one',
  pool: 'default',
  state: 'RUN_STATE_RUNNING',
  createdAt: '2026-11-24T10:00:00.000Z',
  startedAt: '2026-11-24T10:00:05.000Z',
  step: 40,
  stepsTotal: 100,
  epoch: 2,
  loss: 2.25,
  lastStepLoss: 2.375,
  validationLoss: 2.5,
  windowsPerSecond: 410.25,
  workerHours: 1.5,
  activeHours: 0.75,
  workers: 2,
} as const satisfies RunSummary;

/** The same run as it ended. */
export const doneRun = {
  ...runningRun,
  state: 'RUN_STATE_DONE',
  step: 100,
  endedAt: '2026-11-24T11:00:00.000Z',
  weightsSha256: 'ab'.repeat(32),
} as const satisfies RunSummary;

/** What `Show` says of a run with a history and troubles. */
export function detailOf(summary: RunSummary): RunDetail {
  return {
    summary,
    configJson: JSON.stringify(presets.quick),
    limits: { minWorkers: 2, checkpointSeconds: 60, keepLast: 3, maxHours: 12 },
    corpusSha256: 'cd'.repeat(32),
    joiningProof: 'ef'.repeat(32),
    idleWorkers: [
      {
        name: 'worker-4',
        threads: 1,
        device: 'cpu',
        model: 'Xeon',
        lstm: 'fused',
        standing: 'parked',
        reason: 'its joining proof is another',
        joinedAt: '2026-11-24T10:00:05.000Z',
      },
    ],
    corpusName: 'book.txt',
    workers: [
      {
        name: 'worker-1',
        threads: 4,
        device: 'cpu',
        model: 'Zen 4',
        microBatches: 3,
        microBatchesPerSecond: 1.5,
        joinedAt: '2026-11-24T10:00:06.000Z',
      },
      {
        name: 'worker-2',
        threads: 1,
        device: 'gpu',
        model: 'H100',
        lstm: 'cudnn-batch-major',
        microBatches: 5,
        joinedAt: '2026-11-24T10:00:07.000Z',
        card: {
          number: '0',
          uuid: 'GPU-5c1e',
          model: 'H100',
          utilization: 0.97,
          memoryUsedBytes: 10.8e9,
          memoryTotalBytes: 85.5e9,
          temperatureCelsius: 64,
          powerWatts: 402.12,
          throttled: ['sw_power_cap'],
          xidErrors: 3,
        },
      },
    ],
    history: [{ step: 25, epoch: 1, loss: 2.5, validationLoss: 2.6, best: true }],
    incidents: [
      {
        time: '2026-11-24T10:10:00.000Z',
        step: 7,
        kind: 'worker-lost',
        worker: 'worker-3',
        cause: 'the connection was cut',
      },
      {
        time: '2026-11-24T10:11:00.000Z',
        step: 9,
        kind: 'resumed',
        cause: 'the coordinator was started again',
      },
    ],
    checkpoints: ['step-00000025.safetensors', 'step-00000040.safetensors'],
    bestCheckpoint: 'step-00000025.safetensors',
    bytesSent: 2_000_000,
    bytesReceived: 1_000_000,
    boundBy: 'compute',
  };
}
