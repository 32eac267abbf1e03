import { describe, expect, it } from 'vitest';
import { protocolTypes } from './message-types.js';
import { brokenPromises, protocolListing } from './protocol-listing.js';

const today = [
  'method Training.Work stream WorkerMessage to stream CoordinatorMessage',
  'message Hello',
  'message Hello 1 uint32 protocolMin',
  'message Hello 3 string name',
  'message Hello 9 reserved',
  'enum WorkKind',
  'enum WorkKind 1 WORK_KIND_TRAIN',
];

describe('a listing of the protocol', () => {
  it('has fields with their types, oneofs, what is reserved, enums and methods', () => {
    expect(protocolListing(protocolTypes())).toEqual(
      expect.arrayContaining([
        ...[
          'message Hello',
          'message Hello 1 uint32 protocolMin',
          'message Hello 4 EngineDescription engine',
        ],
        'message WorkerMessage 1 Hello hello, one of message',
        'message CoordinatorMessage 7 SampleRequest sampleRequest, one of message',
        'message Assign 5 repeated uint32 microBatches',
        'message Assign 10 reserved',
        'message RunSummary 16 double loss, optional',
        'message RunSummary 19 double workerHours',
        'enum RunState 8 RUN_STATE_FAILED',
        'method Training.Contribute stream ContributionRange to ContributeSummary',
        'method Runs.List ListRequest to ListResponse',
      ]),
    );
  });

  it('keeps what it promised where something is added', () => {
    const before = today.filter((line) => !/name|Kind/.test(line));
    expect(brokenPromises(before, today, true)).toEqual([]);
  });

  it.each([
    [
      'message Hello 1 string protocolMin',
      'message Hello 1: was string protocolMin, is uint32 protocolMin; a peer knows it as it was: take a new number or name',
    ],
    [
      'message Hello 3 string pool',
      'message Hello 3: was string pool, is string name; a peer knows it as it was: take a new number or name',
    ],
    [
      'message Hello 3 string name, one of who',
      'message Hello 3: was string name, one of who, is string name; a peer knows it as it was: take a new number or name',
    ],
    [
      'enum WorkKind 1 WORK_KIND_AUDIT',
      'enum WorkKind 1: was WORK_KIND_AUDIT, is WORK_KIND_TRAIN; a peer knows it as it was: take a new number or name',
    ],
    [
      'method Training.Work WorkerMessage to stream CoordinatorMessage',
      'method Training.Work: was WorkerMessage to stream CoordinatorMessage, is stream WorkerMessage to stream CoordinatorMessage; a peer knows it as it was: take a new number or name',
    ],
  ])('breaks its promise of %s, whether it is served still or not', (line, broken) => {
    expect(brokenPromises([line], today, true)).toEqual([broken]);
    expect(brokenPromises([line], today, false)).toEqual([broken]);
  });

  it.each([
    ['message Hello 9 string note', [], 'string note'],
    [
      'message Hello 5 uint32 threads',
      ['message Hello 5: was uint32 threads, is gone; write that it is reserved'],
      'uint32 threads',
    ],
    ['message Farewell', [], 'declared'],
    ['message Farewell 1 string reason', [], 'string reason'],
    ['method Training.Rest Credit to Credit', [], 'Credit to Credit'],
  ])('may lose %s once it is not served', (line, broken, was) => {
    expect(brokenPromises([line], today, false)).toEqual(broken);
    expect(brokenPromises([line], today, true)).toEqual([
      expect.stringMatching(
        new RegExp(`: was ${was}, is gone; releases that speak it still say and expect it$`),
      ),
    ]);
  });

  it('does not take a number back into use that was reserved', () => {
    const broken = brokenPromises(['message Hello 3 reserved'], today, false);
    expect(broken).toEqual([expect.stringMatching(/^message Hello 3: was reserved, is string name; /)]);
  });
});
