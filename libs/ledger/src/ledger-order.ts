import { oneLine } from '@rocinante/base';
import { numbersOf } from './spans.js';
import type { BegunRecord, LedgerRecord, RecordOf, StepRecord } from './record.js';

/** The plan of an epoch, from the ledger's first record. */
export function stepsPerEpoch({ windowsPerEpoch, batch }: BegunRecord): number {
  return Math.ceil(windowsPerEpoch / batch);
}

/** Where a step stands by rule, counted as its record counts. */
export function placeOf(
  begun: BegunRecord,
  step: number,
): Pick<StepRecord, 'epoch' | 'position' | 'windows'> {
  const steps = stepsPerEpoch(begun);
  const epoch = Math.floor((step - 1) / steps) + 1;
  const position = ((step - 1) % steps) * begun.batch;
  return { epoch, position, windows: Math.min(begun.batch, begun.windowsPerEpoch - position) };
}

/**
 * Whether records tell of a run in which every window of an epoch was applied exactly once: steps follow each other, each
 * stands where it must in its epoch, and has each of its micro-batches once in every range of the vector. Which windows a
 * micro-batch holds follows by rule.
 */
export class LedgerOrder {
  #begun: BegunRecord | null = null;
  #step = 0;
  #lost = 0;
  /** The highest step that was ever lost. */
  #lostTo = 0;
  #takenAgain = 0;
  #resumed = 0;
  #rollbacks = 0;

  /** Null before the first record. */
  get begun(): BegunRecord | null {
    return this.#begun;
  }

  /** Steps closed by the records taken so far. */
  get step(): number {
    return this.#step;
  }

  /** How often the run went on from a checkpoint after a stop or a death. */
  get resumed(): number {
    return this.#resumed;
  }

  /** How often its newest state has gone back, since it had diverged. */
  get rollbacks(): number {
    return this.#rollbacks;
  }

  /** How many steps were lost by either. */
  get lost(): number {
    return this.#lost;
  }

  /** How many of them were taken again since: one that was lost twice may be so twice. */
  get takenAgain(): number {
    return this.#takenAgain;
  }

  /** Takes the next record. @returns what is wrong with it, one clause each. */
  take(record: LedgerRecord): string[] {
    const begun = this.#begun;
    if (record.kind === 'begun') {
      if (begun !== null) return ['the ledger begins a second time'];
      this.#begun = record;
      this.#step = record.step;
      return [];
    }
    if (begun === null) return [`expected how the ledger began, received kind ${record.kind}`];
    switch (record.kind) {
      case 'step':
        return this.#takeStep(begun, record);
      case 'resumed':
        return this.#takeResumed(record);
      case 'checkpoint':
      case 'weights':
        return record.step <= this.#step
          ? []
          : [
              `${record.kind} of step ${record.step}: expected at most step ${this.#step}, the last before it`,
            ];
    }
  }

  #takeStep(begun: BegunRecord, record: StepRecord): string[] {
    const problems: string[] = [];
    const { step } = record;
    if (step <= this.#step) problems.push(`step ${step} is recorded twice, or out of order`);
    else if (step > this.#step + 1) problems.push(missing(this.#step + 1, step - 1));
    this.#step = Math.max(step, this.#step);
    if (step <= this.#lostTo) this.#takenAgain += 1;
    const place = placeOf(begun, step);
    for (const key of ['epoch', 'position', 'windows'] as const) {
      if (record[key] !== place[key]) {
        problems.push(`step ${step}: ${key}: expected ${place[key]}, received ${record[key]}`);
      }
    }
    const held = microBatchProblem(record, Math.ceil(place.windows / begun.microBatch), begun.ranges);
    if (held !== null) problems.push(`step ${step}: ${held}`);
    return problems;
  }

  #takeResumed({ step, lost, rollbacks = 0 }: RecordOf<'resumed'>): string[] {
    // Fewer than before: it was resumed from a checkpoint older than the last of them.
    if (rollbacks <= this.#rollbacks) this.#resumed += 1;
    this.#rollbacks = rollbacks;
    this.#lost += lost;
    // What was cut away had been taken again itself, as far as it had been lost before.
    this.#takenAgain += Math.max(0, Math.min(this.#lostTo, step + lost) - step);
    if (lost > 0) this.#lostTo = Math.max(this.#lostTo, step + lost);
    const before = this.#step;
    this.#step = step;
    if (step > before) return [missing(before + 1, step)];
    return step < before ? [`the run goes on from step ${step}, and steps to ${before} are recorded`] : [];
  }
}

function missing(first: number, last: number): string {
  return first === last ? `step ${first} has no record` : `steps ${first} to ${last} have no record`;
}

/** Why a step's micro-batches are not each in every range once; null where they are. */
function microBatchProblem({ computed }: StepRecord, count: number, ranges: number): string | null {
  // Times a micro-batch is in a range, by micro-batch and range.
  const times = new Uint8Array(count * ranges);
  for (const { worker, microBatches, ranges: some } of computed) {
    const numbers = numbersOf(microBatches, count);
    if (numbers === null) {
      return oneLine(`${worker}: expected micro-batches of 0 to ${count - 1}, received ${microBatches}`);
    }
    const inRanges = some === undefined ? null : numbersOf(some, ranges);
    if (some !== undefined && inRanges === null) {
      return oneLine(`${worker}: expected ranges of 0 to ${ranges - 1}, received ${some}`);
    }
    for (const microBatch of numbers) {
      for (let index = 0; index < (inRanges?.length ?? ranges); index++) {
        const place = microBatch * ranges + (inRanges?.[index] ?? index);
        times[place] += 1;
        // At the second time, not at the end: a line has room for very many workers that all say so.
        if (times[place] > 1) return timesWrong(place, ranges, 'twice');
      }
    }
  }
  const missing = times.indexOf(0);
  return missing === -1 ? null : timesWrong(missing, ranges, '0 times');
}

function timesWrong(place: number, ranges: number, received: string): string {
  const where = `micro-batch ${Math.floor(place / ranges)}, range ${place % ranges}`;
  return `${where}: expected once in the sum, received ${received}`;
}
