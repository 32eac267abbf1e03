import { z } from 'zod';
import { runConfigSchema } from '@rocinante/training';
import { isName, limits, NAME_EXPECTED } from '@rocinante/wire';
import { RUN_ID_PATTERN } from '../run/run-id.js';
import { runLimitsSchema } from '../run/run-limits.js';

const { NOTE_LENGTH_MAX, PRIORITY_MAX, RUN_NAME_LENGTH_MAX, TAG_LENGTH_MAX, TAGS_MAX } = limits;

const count = z.int().min(0);
const time = z.iso.datetime();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const storedRunSchema = z.strictObject({
  version: z.literal(1),
  /** `r1`, `r2` and so on; never used again, also not after the run was removed. */
  id: z.string().regex(RUN_ID_PATTERN),
  /** What people call it; several runs may have one name. */
  name: z.string().min(1).max(RUN_NAME_LENGTH_MAX),
  tags: z.array(z.string().min(1).max(TAG_LENGTH_MAX)).max(TAGS_MAX),
  note: z.string().max(NOTE_LENGTH_MAX),
  /** Higher goes first in the queue. */
  priority: z.int().min(-PRIORITY_MAX).max(PRIORITY_MAX),
  /** Which workers work for it. */
  pool: z.string().refine(isName, `expected ${NAME_EXPECTED}`),
  config: runConfigSchema,
  corpus: z.strictObject({
    /** Of the text's bytes. */
    sha256,
    /** What people call it. */
    name: z.string(),
  }),
  limits: runLimitsSchema,
  state: z.enum(['queued', 'active', 'stopped', 'done', 'failed']),
  /** One sentence: why it was stopped or failed, or while it is active is to be; empty where there is nothing to say. */
  reason: z.string(),
  createdAt: time,
  /** Of the first activation, and of the last end. */
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  /** Equal priorities go in this order. */
  queuedAt: time,
  /** Of the whole run; null before it was active for the first time. */
  stepsTotal: z.int().min(1).nullable(),
  /** Steps that are closed. */
  step: count,
  /** Epochs begun. */
  epoch: count,
  /** Mean training loss of the epoch so far, in nats. */
  loss: z.number().nullable(),
  /** Of the last closed step, in nats. */
  lastStepLoss: z.number().nullable().default(null),
  /** Of the last evaluation, in nats. */
  validationLoss: z.number().nullable(),
  /** Of the last activation; null before its third step. */
  windowsPerSecond: z.number().nullable().default(null),
  activeSeconds: z.number().min(0),
  /**
   * Activations in a row that have come to no end yet, the one under way among them: each is counted as it begins, and all are
   * forgotten once one has ended, or has got further.
   */
  unfinishedActivations: count.default(0),
  /** Sum over workers of the time for which they were the run's. */
  workerSeconds: z.number().min(0),
  /** The coordinator's traffic with the run's workers, over all its activations. */
  bytesSent: count.default(0),
  bytesReceived: count.default(0),
  /** Of the final weights' data section; null before the run is done, and once it goes on for longer. */
  weightsSha256: sha256.nullable(),
});

/** What the daemon keeps of a run, in its `run.json`. */
export type StoredRun = Readonly<z.infer<typeof storedRunSchema>>;

/** What a person says of a run that is to be queued. */
export type NewRun = Pick<
  StoredRun,
  'tags' | 'note' | 'priority' | 'pool' | 'config' | 'corpus' | 'limits' | 'createdAt'
> & {
  /** Empty: the id serves as the name. */
  readonly name: string;
};

/** The record of a run that waits for its first activation. @param queuedAt by which it stands in the queue. */
export function newStoredRun(id: string, { name, ...run }: NewRun, queuedAt = run.createdAt): StoredRun {
  return {
    version: 1,
    id,
    name: name === '' ? id : name,
    ...run,
    state: 'queued',
    reason: '',
    startedAt: null,
    endedAt: null,
    queuedAt,
    stepsTotal: null,
    step: 0,
    epoch: 0,
    loss: null,
    lastStepLoss: null,
    validationLoss: null,
    windowsPerSecond: null,
    activeSeconds: 0,
    unfinishedActivations: 0,
    workerSeconds: 0,
    bytesSent: 0,
    bytesReceived: 0,
    weightsSha256: null,
  };
}
