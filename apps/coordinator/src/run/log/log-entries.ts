import { z } from 'zod';

/**
 * What a run's event log says: one JSON object a line in `events.jsonl`, in the order in which it happened.
 *
 * Every entry has `time` (RFC 3339, UTC) and `event`. Steps are counted from 1: the entry of the n-th step has `step: n`,
 * and no other entry has that key; the others name a point of the run as `atStep`, the steps closed by then (for a step that
 * is issued again, that step). Losses are in nats. An entry of an unknown kind is another release's: readers pass it over.
 */
const count = z.int().min(0);
const at = { time: z.string(), atStep: count };

/** Why the work begins: for the first time, on an operator's order, or after the coordinator's own end. */
const startCause = z.enum(['begun', 'resumed', 'coordinator-restarted']);

export type StartCause = z.infer<typeof startCause>;

/** The work begins, or goes on: what it is. */
const started = z.object({
  ...at,
  event: z.literal('started'),
  cause: startCause,
  stepsTotal: count,
  stepsPerEpoch: count,
  windowsPerEpoch: count,
  /** Symbols of the held-out part that evaluations read; 0 where nothing is held out. */
  heldOutSymbols: count,
  characters: count,
  symbols: count,
  window: count,
  batch: count,
  microBatch: count,
  units: z.array(count),
  parameters: count,
  /** In what products are computed; null where an earlier release wrote it, as the next. */
  precision: z.string().nullable().default(null),
  /** Steps over which the learning rate rises, and to what. */
  warmUp: z.object({ steps: count, rate: z.number() }).nullable().default(null),
  /** The checkpoint that the run goes on from; null where it begins. */
  checkpoint: z.string().nullable(),
  /** As the last `not-exact` entry before has it, where the checkpoint has it too; null where the run is exact till here. */
  notExactSince: count.nullable().default(null),
});

/** What a worker says that it computes on; null where it says nothing. */
export const engineSchema = z
  .object({
    tensorflow: z.string(),
    device: z.string(),
    model: z.string(),
    features: z.array(z.string()),
  })
  .nullable();

const workerJoined = z.object({
  ...at,
  event: z.literal('worker-joined'),
  worker: z.string(),
  threads: count,
  engine: engineSchema,
});

const workerLeft = z.object({
  ...at,
  event: z.literal('worker-left'),
  worker: z.string(),
  /** Whether its connection was lost or ended for a fault; false where it left by itself, or was let go. */
  lost: z.boolean(),
  reason: z.string(),
});

/** The first worker since no step was closed has set the joining proof (`Ready.proof` of training.proto). */
const joiningProof = z.object({
  ...at,
  event: z.literal('joining-proof'),
  sha256: z.string(),
  worker: z.string(),
  engine: engineSchema,
});

/** A worker's joining proof is another than the run's, or it gives none (`proof` is empty then). It gets no work. */
const workerParked = z.object({
  ...at,
  event: z.literal('worker-parked'),
  worker: z.string(),
  engine: engineSchema,
  proof: z.string(),
  message: z.string(),
});

/** The same, but it is admitted, by `--exact off`: the steps after `atStep` are not exact, or those after an earlier one. */
const notExact = z.object({ ...workerParked.shape, event: z.literal('not-exact') });

/** A gradient did not fit the grid, or the first step learns its grid. `workers` are those whose part did not fit. */
const issuedAgain = z.object({
  ...at,
  event: z.literal('issued-again'),
  issue: count,
  workers: z.array(z.string()),
  cause: z.string(),
});

const step = z.object({
  time: z.string(),
  event: z.literal('step'),
  step: count,
  /** From 1. */
  epoch: count,
  /** Mean over the step's windows; dropout on. */
  loss: z.number(),
  windows: count,
  issues: count,
  /** From its first issue to its close. */
  seconds: z.number(),
  /** Of its Adam; null where an earlier release wrote it. */
  learningRate: z.number().nullable().default(null),
  /**
   * Of the step's mean gradient before clipping, and what clipping multiplied it by (1: not clipped); null in a run that does
   * not clip.
   */
  gradientNorm: z.number().nullable().default(null),
  clipFactor: z.number().nullable().default(null),
  /**
   * Of the gradients of its micro-batches, each the sum over their windows, which the norm checks look at; null where an
   * earlier release wrote it.
   */
  norm: z.object({ least: z.number(), median: z.number(), greatest: z.number() }).nullable().default(null),
});

const evaluation = z.object({
  ...at,
  event: z.literal('evaluation'),
  /** Epochs begun by then. */
  epoch: count,
  /** Mean training loss of the epoch so far. */
  loss: z.number(),
  validationLoss: z.number().nullable(),
  best: z.boolean(),
});

const checkpoint = z.object({
  ...at,
  event: z.literal('checkpoint'),
  name: z.string(),
  bytes: count,
  seconds: z.number(),
  reason: z.enum(['start', 'interval', 'evaluation', 'stop', 'end']),
});

/** A checkpoint, or the final weights, are in the run's object store. `seconds` is what sending took. */
const stored = z.object({
  ...at,
  event: z.literal('stored'),
  name: z.string(),
  bytes: count,
  seconds: z.number(),
});

/** The run's object store does not take what is to go there; until `store-back`, or for good. The run goes on. */
const storeLost = z.object({
  ...at,
  event: z.literal('store-lost'),
  reason: z.string(),
  forGood: z.boolean(),
});
const storeBack = z.object({ ...at, event: z.literal('store-back') });

/** A checkpoint was damaged, and an older one is used. */
const passedOver = z.object({
  ...at,
  event: z.literal('checkpoint-passed-over'),
  name: z.string(),
  reason: z.string(),
});

const lengthChanged = z.object({
  ...at,
  event: z.literal('length-changed'),
  from: z.object({ steps: count.nullable(), epochs: count }),
  to: z.object({ steps: count.nullable(), epochs: count }),
  /**
   * The next step's learning rate by either length, where a schedule makes it another; null where not, and where an earlier
   * release wrote it.
   */
  rate: z.object({ from: z.number(), to: z.number() }).nullable().default(null),
});

/**
 * The run had diverged after `fromStep` steps, and goes on from an earlier state at a lower rate. Entries about steps in
 * between are in `abandoned-<n>.jsonl`, the n-th time.
 */
const wentBack = z.object({
  ...at,
  event: z.literal('went-back'),
  fromStep: count,
  reason: z.string(),
  /** How often it has by now, which names the file. */
  times: count,
  /** What the schedule's learning rate is multiplied by from here on. */
  rateShare: z.number(),
  /** As `started` has it: that of the state that the run goes on from. */
  notExactSince: count.nullable(),
});

const ignored = z.object({
  ...at,
  event: z.literal('ignored'),
  what: z.string(),
  worker: z.string(),
  assignment: count,
  why: z.string(),
  /** Of all that was ignored in this process's life. */
  total: count,
});

/** A worker has not reported in time, or not sent what it reported: others compute the same too. */
const late = z.object({
  ...at,
  event: z.literal('late'),
  worker: z.string(),
  /** Whether `microBatches` are pieces of an evaluation. */
  evaluates: z.boolean(),
  microBatches: z.array(count),
});

/**
 * A report did not count before others had computed the same; those that the audit drew are told of only where they differ.
 * `workers` computed it in this order. `refuted`: the first one's does not count. `unsettled`: two differ, and there was no
 * third; the first one's counts. `unheld`: there was nobody else, and it counts.
 */
const secondWord = z.object({
  ...at,
  event: z.literal('second-word'),
  microBatches: z.array(count),
  cause: z.enum(['norm', 'audit']),
  verdict: z.enum(['stands', 'refuted', 'unsettled', 'unheld']),
  workers: z.array(z.string()),
});

/** A worker computed what is wrong: how often by now, and how it is known. */
const strike = z.object({
  ...at,
  event: z.literal('strike'),
  worker: z.string(),
  strikes: count,
  why: z.string(),
});

/** A worker computed what is wrong too often: it gets no work any more until it joins anew. */
const setAside = z.object({ ...at, event: z.literal('set-aside'), worker: z.string(), reason: z.string() });

const listening = z.object({ ...at, event: z.literal('listening'), address: z.string() });
const notice = z.object({ ...at, event: z.literal('notice'), message: z.string() });
/** No step is issued until `released`: the disk is full, or nearly. */
const held = z.object({ ...at, event: z.literal('held'), reason: z.string() });
const released = z.object({ ...at, event: z.literal('released') });
const sample = z.object({ ...at, event: z.literal('sample'), text: z.string() });

const finished = z.object({
  ...at,
  event: z.literal('finished'),
  outcome: z.enum(['done', 'stopped', 'failed']),
  reason: z.string(),
});

/** What `train --json` ends with, in the log of a run that is done. */
const summary = z.object({
  ...at,
  event: z.literal('summary'),
  steps: count,
  epoch: count,
  loss: z.number(),
  validationLoss: z.number().nullable(),
  /**
   * Of the best evaluation; null where it is not known, as where an earlier release wrote it, and a held-out loss also where
   * nothing is held out.
   */
  bestStep: count.nullable().default(null),
  bestValidationLoss: z.number().nullable().default(null),
  /**
   * How far the last evaluation's held-out loss was below the lowest up to `sinceStep`, an epoch before; null where the last is not the
   * best, where the schedule had brought the learning rate down by then, and where an earlier release wrote it.
   */
  lastFall: z.object({ nats: z.number(), sinceStep: count }).nullable().default(null),
  windowsPerSecond: z.number().nullable(),
  bytesSent: count,
  bytesReceived: count,
  weightsSha256: z.string(),
});

export const logEntrySchema = z.discriminatedUnion('event', [
  started,
  listening,
  joiningProof,
  workerJoined,
  workerParked,
  notExact,
  workerLeft,
  issuedAgain,
  step,
  evaluation,
  checkpoint,
  stored,
  storeLost,
  storeBack,
  passedOver,
  lengthChanged,
  wentBack,
  ignored,
  late,
  secondWord,
  strike,
  setAside,
  notice,
  held,
  released,
  sample,
  finished,
  summary,
]);

export type RunLogEntry = z.infer<typeof logEntrySchema>;

/** The entry of one kind. */
export type LogEntryOf<Event extends RunLogEntry['event']> = Extract<RunLogEntry, { event: Event }>;
