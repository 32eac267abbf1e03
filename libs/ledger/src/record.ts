/** What the ledger's records say. README.md specifies each; the schema refuses what is not exactly as this release writes it. */
import { z } from 'zod';

export const LEDGER_FORMAT = 'rocinante-ledger';

/** The version that this release writes. It reads this one and all before it. */
export const LEDGER_VERSION = 1;

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');
const digest = z.string().regex(/^[0-9a-f]{32}$/, 'expected 128 bits in hexadecimal');

/** Of a state: `parameters` over their bytes, which is `weightsSha256` too, and `moments` over m's bytes and then v's. */
const stateHashes = { parameters: sha256, moments: sha256 };

/** Micro-batches of a step, and ranges of a vector, at most: they bound what reading a record takes. */
const MICRO_BATCHES_MAX = 1024;
const RANGES_MAX = 4096;

/** The first record: what the windows of every step follow from. */
const begun = z
  .strictObject({
    kind: z.literal('begun'),
    format: z.literal(LEDGER_FORMAT),
    version: z.literal(LEDGER_VERSION),
    /** Steps closed before it: 0, or where a run of a release without a ledger went on. */
    step: count,
    stepsTotal: count,
    seed: count,
    /** Of the text's bytes. */
    corpus: sha256,
    /** Of the parameters' names and shapes. */
    layout: sha256,
    ranges: z.int().min(1).max(RANGES_MAX),
    windowsPerEpoch: z.int().min(1),
    /** Windows of a full step, and of a full micro-batch. */
    batch: z.int().min(1),
    microBatch: z.int().min(1),
  })
  .refine(({ batch, microBatch }) => batch / microBatch <= MICRO_BATCHES_MAX, {
    path: ['microBatch'],
    message: `expected at most ${MICRO_BATCHES_MAX} micro-batches a step`,
  });

/** A closed step. Steps and epochs are counted from 1. */
const step = z.strictObject({
  kind: z.literal('step'),
  step: z.int().min(1),
  epoch: z.int().min(1),
  /** Place of the step's first window in the epoch's order, from 0. */
  position: count,
  windows: z.int().min(1),
  /** The issue that was closed, from 1. */
  issue: z.int().min(1),
  /** Whose sums are in the step's: without `ranges`, in every range of the vector. */
  computed: z
    .array(z.strictObject({ worker: z.string(), microBatches: z.string(), ranges: z.string().optional() }))
    .min(1),
  /** Over the grid's exponents, an int8 a block. */
  grid: digest,
  /** Over the CRC-32 of each range of the summed gradient, an int32 an element in multiples of the grid. */
  sum: digest,
  /** Over the CRC-32 of each range of the parameters that the step made. */
  parameters: digest,
  /** Mean over the step's windows, in nats. Its decimal reads back to the same bits. */
  loss: z.number(),
});

/** A checkpoint that is on the disk. */
const checkpoint = z.strictObject({
  kind: z.literal('checkpoint'),
  step: count,
  name: z.string(),
  ...stateHashes,
});

/** The run went on from a checkpoint, after a stop or a death. */
const resumed = z.strictObject({
  kind: z.literal('resumed'),
  step: count,
  stepsTotal: count,
  checkpoint: z.string(),
  ...stateHashes,
  /** Step records that stood behind this place, of steps that are lost: they are taken again, or never. */
  lost: count,
  /** How often the run has gone back by now, since it had diverged: each lowers the learning rate. Absent for never. */
  rollbacks: z.int().min(1).optional(),
});

/** The weights of a run that is done. */
const weights = z.strictObject({
  kind: z.literal('weights'),
  step: count,
  parameters: sha256,
  /** Of the whole file. */
  contents: sha256,
});

export const recordSchema = z.discriminatedUnion('kind', [begun, step, checkpoint, resumed, weights]);

export type LedgerRecord = z.infer<typeof recordSchema>;
export type RecordOf<Kind extends LedgerRecord['kind']> = Extract<LedgerRecord, { kind: Kind }>;
export type BegunRecord = RecordOf<'begun'>;
export type StepRecord = RecordOf<'step'>;
export type StateHashes = Pick<RecordOf<'checkpoint'>, 'parameters' | 'moments'>;
