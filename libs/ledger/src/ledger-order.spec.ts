/** Goal: no chain, however right its hashes, passes in which a window of an epoch is applied twice or never. */
import { describe, expect, it } from 'vitest';
import { LedgerOrder, placeOf, stepsPerEpoch } from './ledger-order.js';
import type { LedgerRecord, StepRecord } from './record.js';
import { begun, checkpoint, resumed, stepRecord, whole } from './spec-ledger.js';

function problems(records: readonly LedgerRecord[]): string[] {
  const order = new LedgerOrder();
  return records.flatMap((record) => order.take(record));
}

/** The first steps, and then one with these changes. */
function withStep(changes: Partial<StepRecord>): string[] {
  return problems([begun, stepRecord(1), stepRecord(2, changes)]);
}

it('places steps as an epoch’s windows go: its last one may be short', () => {
  expect(stepsPerEpoch(begun)).toBe(3);
  expect([1, 2, 3, 4].map((step) => placeOf(begun, step))).toEqual([
    { epoch: 1, position: 0, windows: 4 },
    { epoch: 1, position: 4, windows: 4 },
    { epoch: 1, position: 8, windows: 2 },
    { epoch: 2, position: 0, windows: 4 },
  ]);
});

describe('records of a run', () => {
  it('agree where every step follows the one before, whoever computed it', () => {
    const shared = stepRecord(2, {
      computed: [
        { worker: 'rocin', microBatches: '1' },
        { worker: 'sancho', microBatches: '0', ranges: '0-1' },
        { worker: 'dulcinea', microBatches: '0', ranges: '2' },
      ],
    });
    expect(problems(whole)).toEqual([]);
    expect(problems([begun, stepRecord(1), shared, stepRecord(3)])).toEqual([]);
  });

  it('agree where the run went on from a checkpoint, which is counted', () => {
    const order = new LedgerOrder();
    const records = [begun, stepRecord(1), resumed(1, 3), stepRecord(2), checkpoint(1), resumed(2)];
    expect(records.flatMap((record) => order.take(record))).toEqual([]);
    expect(order).toMatchObject({ step: 2, resumed: 2, lost: 3, begun });
  });

  it('tell a return from a resume, also one from a checkpoint that is older than the return', () => {
    const order = new LedgerOrder();
    const wentBack = { ...resumed(1, 3), rollbacks: 1 };
    const records = [
      begun,
      stepRecord(1),
      wentBack,
      stepRecord(2),
      { ...resumed(2), rollbacks: 1 },
      resumed(2),
    ];
    expect(records.flatMap((record) => order.take(record))).toEqual([]);
    expect(order).toMatchObject({ step: 2, resumed: 2, rollbacks: 0, lost: 3 });
  });

  it('tell which of the steps that were lost were taken again, and how often', () => {
    const order = new LedgerOrder();
    // Steps 2 to 4 are lost, 2 and 3 taken again and lost once more, and of these 2 alone, by a run that ends there.
    const records = [begun, stepRecord(1), resumed(1, 3), resumed(1, 2), stepRecord(2)];
    expect(records.flatMap((record) => order.take(record))).toEqual([]);
    expect(order).toMatchObject({ step: 2, resumed: 2, lost: 5, takenAgain: 3 });
  });

  it.each([
    ['no beginning', [stepRecord(1)], ['expected how the ledger began, received kind step']],
    ['two beginnings', [begun, begun], ['the ledger begins a second time']],
    ['a missing step', [begun, stepRecord(2)], ['step 1 has no record']],
    ['missing steps', [begun, stepRecord(4)], ['steps 1 to 3 have no record']],
    ['a step twice', [begun, stepRecord(1), stepRecord(1)], ['step 1 is recorded twice, or out of order']],
    [
      'swapped steps',
      [begun, stepRecord(2), stepRecord(1)],
      ['step 1 has no record', 'step 1 is recorded twice, or out of order'],
    ],
    ['a gap before a resume', [begun, stepRecord(1), resumed(3)], ['steps 2 to 3 have no record']],
    [
      'a resume in the middle',
      [begun, stepRecord(1), stepRecord(2), resumed(1)],
      ['the run goes on from step 1, and steps to 2 are recorded'],
    ],
    [
      'an early checkpoint',
      [begun, checkpoint(1)],
      ['checkpoint of step 1: expected at most step 0, the last before it'],
    ],
  ])('with %s are refused by name', (_, records, expected) => {
    expect(problems(records)).toEqual(expected);
  });

  it.each([
    [{ position: 0 }, 'step 2: position: expected 4, received 0'],
    [{ epoch: 2 }, 'step 2: epoch: expected 1, received 2'],
    [{ windows: 3 }, 'step 2: windows: expected 4, received 3'],
    [
      { computed: [{ worker: 'a', microBatches: '0' }] },
      'micro-batch 1, range 0: expected once in the sum, received 0 times',
    ],
    [
      {
        computed: [
          { worker: 'a', microBatches: '0-1' },
          { worker: 'b', microBatches: '1', ranges: '2' },
        ],
      },
      'micro-batch 1, range 2: expected once in the sum, received twice',
    ],
    [
      { computed: [{ worker: 'a', microBatches: '0-2' }] },
      'a: expected micro-batches of 0 to 1, received 0-2',
    ],
    [
      { computed: [{ worker: 'a', microBatches: '0', ranges: '3' }] },
      'a: expected ranges of 0 to 2, received 3',
    ],
  ])('with a step of %j are refused by name', (changes, expected) => {
    expect(withStep(changes)).toEqual([expect.stringContaining(expected)]);
  });

  it('have a micro-batch twice, however often it comes: a count of 8 bits begins anew at 256', () => {
    const computed = Array(257).fill({ worker: 'a', microBatches: '0-1' });
    expect(withStep({ computed })).toEqual([expect.stringContaining('received twice')]);
  });
});
