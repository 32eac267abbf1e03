/**
 * Goal: a pool's workers get its run and no other, and each run hears of its own workers only. Method: real clients over gRPC;
 * a listener that notes what it is told, in place of a run.
 */
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { eventually, readAll } from '../daemon/spec-coordinator.js';
import {
  client,
  ids,
  listener,
  OTHER_PROOF,
  range,
  refused,
  served,
  service,
  told,
  Worker,
} from './spec-service.js';

function lines(count: number): string[] {
  return Array.from({ length: count }, () => '{}');
}

describe('a run', () => {
  it('is offered to the workers of its pool, now and later, and ends with its reason', async () => {
    const here = new Worker({ name: 'here' });
    const elsewhere = new Worker({ name: 'elsewhere', pool: 'gpu' });
    await here.session();
    await elsewhere.session();
    service.poolFor().begin(served('r1'), listener);
    const late = new Worker({ name: 'late' });
    for (const worker of [here, late]) {
      expect(await worker.message('startRun')).toMatchObject({
        run: 'r1',
        activation: 1,
        corpus: { length: ids.length },
      });
    }
    const ended = service.pool()!.end('all 5 steps are closed');
    for (const worker of [here, late]) {
      expect(await worker.message('endRun')).toEqual({
        run: 'r1',
        activation: 1,
        reason: 'all 5 steps are closed',
      });
    }
    expect(elsewhere.messages.map(({ message }) => message)).toEqual(['welcome']);
    await ended;
  });

  it('is the pool’s although everybody left, and a pool with nobody and nothing is forgotten', async () => {
    expect(service.pool('gpu')).toBeUndefined();
    const first = new Worker({ pool: 'gpu' });
    await first.session();
    const pool = service.pool('gpu')!;
    pool.begin(served('r1'), listener);
    first.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    const second = new Worker({ pool: 'gpu' });
    await second.message('startRun');
    void pool.end('stopped');
    second.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    expect(service.pool('gpu')).toBeUndefined();
    expect(service.poolFor('gpu')).not.toBe(pool);
  });

  it('is forgotten too where its run ended when everybody had left: another that is begun or joined takes it away', async () => {
    const pool = service.poolFor('gpu');
    pool.begin(served('r1'), listener);
    void pool.end('stopped');
    expect(service.pool('gpu')).toBe(pool);
    await new Worker({ pool: 'cpu' }).session();
    expect(service.pool('gpu')).toBeUndefined();
    expect(service.pool('cpu')!.sessions).toHaveLength(1);
  });

  it('hears the last lines of its workers’ logs after its end, and is over when they have said so', async () => {
    const [first, second] = [new Worker({ name: 'first' }), new Worker({ name: 'second' })];
    await first.session();
    await second.session();
    const pool = service.poolFor();
    pool.begin(served('r1'), listener);
    let over = false;
    const ended = pool.end('done').then(() => (over = true));
    first.call.write({ logLines: { json: lines(2), activation: 1 } });
    first.call.write({ logLines: { activation: 1, last: true } });
    await eventually(() => told.find((line) => line === 'first logged 0') ?? null);
    expect(over).toBe(false);
    second.call.write({ logLines: { json: lines(1), activation: 1, last: true } });
    await ended;
    expect(told.slice(2)).toEqual(['first logged 2', 'first logged 0', 'second logged 1']);
    first.call.write({ logLines: { json: lines(3), activation: 1 } });
    await eventually(() => told.find((line) => line === 'first 3 late') ?? null);
  });

  it('does not wait long for a worker that says no more, nor for one that leaves', async () => {
    const silent = new Worker({});
    await silent.session();
    const pool = service.poolFor();
    pool.begin(served('r1'), listener);
    await pool.end('done');
    pool.begin(served('r1'), listener);
    const ended = pool.end('done');
    silent.call.end();
    await ended;
    expect(service.sessions).toEqual([]);
  });

  it('hears nothing of what is still on its way from an earlier one', async () => {
    const worker = new Worker({});
    const session = await worker.session();
    const earlier = served('r1');
    service.poolFor().begin(earlier, listener);
    void service.pool()!.end('stopped');
    service.poolFor().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 1 } });
    worker.call.write({ evaluation: { assignment: 1 } });
    worker.call.write({ ready: { run: 'r1', activation: 2 } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
    const summary = await new Promise((resolve) => {
      const call = client.contribute((error, response) => resolve(error ?? response));
      for (const assignment of [earlier.numbers.firstAssignment, earlier.numbers.firstAssignment + 2 ** 32]) {
        call.write(range(session, assignment, 0));
      }
      call.end();
    });
    expect(summary).toEqual({ rangesAdded: 1, rangesIgnored: 1 });
    expect(told).toEqual(['a opened', 'a ready', 'a range 0']);
  });

  it('gives no work to a parked worker, hears nothing of it, and offers it the next run', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    const session = await worker.session();
    worker.call.write({ ready: { run: 'r1', activation: 1, proof: OTHER_PROOF } });
    worker.call.write({ evaluation: { assignment: 1 } });
    await eventually(() => (service.pool()!.idle[0]?.standing === 'parked' ? true : null));
    expect(service.pool()!.workers).toEqual([]);
    expect(service.sessions[0]).toMatchObject({ ready: false, standingReason: 'its bits are others' });
    const summary = await new Promise((resolve) => {
      const call = client.contribute((error, response) => resolve(error ?? response));
      call.end(range(session, 1, 0));
    });
    expect(summary).toEqual({ rangesAdded: 0, rangesIgnored: 1 });
    void service.pool()!.end('stopped');
    expect(service.pool()!.idle).toEqual([]);
    service.poolFor().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 2, proof: 'a'.repeat(64) } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
    worker.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    expect(told).toEqual(['a opened', 'a ready', 'a left the run: it left', 'a left: it left']);
  });

  it('hears of a worker that cannot work for it, which stays for the next', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ trouble: { activation: 9, code: 'MALFORMED', message: 'of another run' } });
    worker.call.write({ trouble: { activation: 1, code: 'MALFORMED', message: 'key: unknown' } });
    await eventually(() => (service.pool()!.idle[0]?.standing === 'refused' ? true : null));
    expect(told).toEqual(['a opened', 'a refused: MALFORMED: key: unknown']);
    void service.pool()!.end('stopped');
    service.poolFor().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 2, proof: '' } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
  });

  it('loses the worker whose proof is no hash', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ ready: { run: 'r1', activation: 1, proof: 'A'.repeat(64) } });
    expect((await worker.end()).details).toMatch(/^joining proof of worker a: expected a SHA-256/);
  });

  it('loses the worker that says Ready twice, or sends a damaged range', async () => {
    service.poolFor().begin(served('r1'), listener);
    const twice = new Worker({ name: 'twice' });
    for (let i = 0; i < 2; i++) twice.call.write({ ready: { run: 'r1', activation: 1 } });
    expect((await twice.end()).details).toBe('worker twice said Ready twice');
    const damaged = new Worker({ name: 'damaged' });
    const session = await damaged.session();
    damaged.call.write({ ready: { run: 'r1', activation: 1 } });
    await eventually(() => told.find((line) => line === 'damaged ready') ?? null);
    const call = client.contribute(() => undefined);
    call.on('error', () => undefined).write(range(session, 1, 9));
    expect(await damaged.end()).toMatchObject({ code: status.DATA_LOSS, details: 'range 9: it is damaged' });
    expect(told).toContain('damaged lost the run: range 9: it is damaged');
    expect(refused).toEqual(['MALFORMED', 'CHECKSUM_MISMATCH']);
  });

  it('takes nothing of a session that never was', async () => {
    const answer = await new Promise<{ code?: number } | null>((resolve) => {
      client.contribute((error) => resolve(error)).end(range('nobody', 1, 0));
    });
    expect(answer).toMatchObject({ code: status.NOT_FOUND });
    expect((await readAll(client.parameters({ session: 'nobody' }))).refused).toMatchObject({
      code: status.NOT_FOUND,
    });
    expect(refused).toEqual(['UNKNOWN_SESSION', 'UNKNOWN_SESSION']);
  });
});
