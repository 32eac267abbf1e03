/** A ledger for specs: two epochs of ten windows, in steps of four and micro-batches of two, over three ranges. */
import { encodeLine, NO_LINE } from './line.js';
import { placeOf } from './ledger-order.js';
import type { BegunRecord, LedgerRecord, RecordOf, StepRecord } from './record.js';

const SHA256 = 'a'.repeat(64);
const DIGEST = 'b'.repeat(32);

export const begun: BegunRecord = {
  kind: 'begun',
  format: 'rocinante-ledger',
  version: 1,
  step: 0,
  stepsTotal: 6,
  seed: 1,
  corpus: SHA256,
  layout: SHA256,
  ranges: 3,
  windowsPerEpoch: 10,
  batch: 4,
  microBatch: 2,
};

/** A step as one worker computes it. */
export function stepRecord(step: number, changes: Partial<StepRecord> = {}): StepRecord {
  const place = placeOf(begun, step);
  const microBatches = place.windows === 4 ? '0-1' : '0';
  const computed = [{ worker: 'sancho', microBatches }];
  const results = { grid: DIGEST, sum: DIGEST, parameters: DIGEST, loss: 2.5 / step };
  return { kind: 'step', step, ...place, issue: 1, computed, ...results, ...changes };
}

export function checkpoint(step: number): RecordOf<'checkpoint'> {
  return { kind: 'checkpoint', step, name: `step-${step}`, parameters: SHA256, moments: SHA256 };
}

export function resumed(step: number, lost = 0): RecordOf<'resumed'> {
  const { name, ...state } = checkpoint(step);
  return { ...state, kind: 'resumed', stepsTotal: 6, checkpoint: name, lost };
}

/** The lines of a chain of records. */
export function linesOf(records: readonly LedgerRecord[]): string[] {
  let previous = NO_LINE;
  return records.map((record) => {
    const { line, hash } = encodeLine(record, previous);
    previous = hash;
    return line;
  });
}

/** A whole run, with a checkpoint after the third step. */
export const whole: readonly LedgerRecord[] = [
  begun,
  checkpoint(0),
  ...[1, 2, 3].map((step) => stepRecord(step)),
  checkpoint(3),
  ...[4, 5, 6].map((step) => stepRecord(step)),
];
