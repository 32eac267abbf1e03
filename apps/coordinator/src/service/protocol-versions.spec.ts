/**
 * Goal: releases of neighbouring protocols work together, so that machines are upgraded one after another: workers first,
 * which then speak the older of two protocols, the coordinator last. Method: workers over gRPC that offer a range of versions.
 * Processes of two releases: test/deploy/rolling-upgrade.spec.ts.
 */
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from '@rocinante/wire';
import { refused, service, told, Worker } from './spec-service.js';

const N = PROTOCOL_VERSION;
const MIN = PROTOCOL_VERSION_MIN;

describe('the protocol of a session', () => {
  it.each([
    ['a worker of this release', MIN, N, N],
    ['a worker of the next one, which still speaks ours', N, N + 1, N],
    ['a worker of the oldest that is served', Math.max(1, MIN - 1), MIN, MIN],
    ['a worker that speaks everything', 1, N + 7, N],
  ])('is the newest that both speak: %s', async (_who, protocolMin, protocolMax, spoken) => {
    const worker = new Worker({ protocolMin, protocolMax });
    expect((await worker.message('welcome'))!.protocol).toBe(spoken);
    expect(service.sessions.map(({ protocol }) => protocol)).toEqual([spoken]);
  });

  it.each([
    [
      'too new',
      N + 1,
      N + 2,
      'this coordinator is too old for it: upgrade release by release, workers first',
    ],
    ['too old', 0, MIN - 1, 'it is too old for this coordinator: upgrade it'],
    ['the wrong way round', N + 1, N, 'use the same release on both sides'],
  ])('is none where they share none: a worker that is %s', async (_who, protocolMin, protocolMax, advice) => {
    const { code, details } = await new Worker({ protocolMin, protocolMax }).end();
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toBe(
      `worker a: expected protocol ${MIN} to ${N}, received ${protocolMin} to ${protocolMax}; ${advice}`,
    );
    expect([refused, told, service.sessions]).toEqual([['PROTOCOL_VERSION'], [], []]);
  });

  it('is one of two: this release’s, and the one before', () => {
    expect(MIN).toBe(Math.max(1, N - 1));
  });
});
