import { AssertionError } from '@rocinante/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { GRANTS_OUTSTANDING_MAX, IssueLedger } from './issue-ledger.js';
import type { Assignment } from './work.js';

const RANGES = 4;

let ledger: IssueLedger;

/** A worker holds these micro-batches from this range on, and has reported them. */
function reported(id: number, worker: string, microBatches: number[], firstRange = 0): void {
  const about = { step: 0, issue: 1, parametersVersion: 1, magnitudesOnly: false };
  const assignment: Assignment = { id, kind: 'train', microBatches, firstRange, ...about };
  ledger.give(assignment, worker);
  const results = microBatches.map((microBatch) => ({ microBatch, lossSum: 1, norm: 1 }));
  ledger.accept(id, results, true);
}

beforeEach(() => {
  ledger = new IssueLedger(4, RANGES);
});

describe('a range that is added', () => {
  it('is the next one that was granted, and no other', () => {
    reported(1, 'a', [0, 1]);
    // Not before it is granted.
    expect(() => ledger.add(1, 0)).toThrow(AssertionError);
    expect(ledger.grant('a').map(({ range }) => range)).toEqual([0, 1]);
    expect(GRANTS_OUTSTANDING_MAX).toBe(2);
    for (const range of [1, 2]) {
      expect(() => ledger.add(1, range)).toThrow(`range ${range} is not assignment 1's next`);
    }
    ledger.add(1, 0);
    expect(() => ledger.add(1, 0)).toThrow("range 0 is not assignment 1's next");
    ledger.add(1, 1);
    expect(() => ledger.add(1, 2)).toThrow("range 2 is not assignment 1's next");
    expect(ledger.holding(1)).toMatchObject({ granted: 2, added: 2 });
    expect([0, 1, 2].map((microBatch) => ledger.rangesOf(microBatch))).toEqual([2, 2, 0]);
  });

  it('is whole once it has all micro-batches', () => {
    reported(1, 'a', [0, 1]);
    reported(2, 'b', [2, 3]);
    ledger.grant('a');
    ledger.grant('b');
    ledger.add(1, 0);
    expect(ledger.isWhole(0)).toBe(false);
    ledger.add(2, 0);
    expect([ledger.isWhole(0), ledger.isWhole(1)]).toEqual([true, false]);
  });
});

describe('what nobody holds', () => {
  it('is what was never held, and what its last holder lost', () => {
    expect(ledger.unassigned).toEqual([0, 1, 2, 3]);
    reported(1, 'a', [0, 1]);
    reported(2, 'b', [2, 3]);
    expect(ledger.unassigned).toEqual([]);
    ledger.drop(1);
    expect(ledger.unassigned).toEqual([0, 1]);
    reported(3, 'b', [0, 1]);
    expect(ledger.unassigned).toEqual([]);
    expect(ledger.allReported).toBe(true);
  });
});
