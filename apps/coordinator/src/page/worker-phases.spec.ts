import { expect, it } from 'vitest';
import { WORKER_PHASES } from '@rocinante/metrics';
import { WorkerPhases, type MeteredSession } from './worker-phases.js';

const joinedAt = new Date('2026-11-24T10:00:00.000Z');
const worker = { name: 'a', joinedAt: joinedAt.toISOString() };

/** Metrics as a worker sends them, after so many contributions with these seconds in each phase. */
function text(contributions: number, seconds: number): string {
  const series = 'rocinante_worker_step_phase_duration_seconds';
  return WORKER_PHASES.flatMap((phase, index) => [
    `${series}_bucket{le="+Inf",phase="${phase}"} ${contributions}`,
    `${series}_sum{phase="${phase}"} ${seconds * (index + 1)}`,
    `${series}_count{phase="${phase}"} ${contributions}`,
  ]).join('\n');
}

it('a worker’s time is what a mean contribution took since its metrics before', () => {
  const session: { -readonly [Key in keyof MeteredSession]: MeteredSession[Key] } = {
    name: 'a',
    joinedAt,
    metrics: null,
  };
  const phases = new WorkerPhases(() => [session]);
  expect(phases.of(worker)).toBeNull();
  session.metrics = { text: text(10, 5), at: 1 };
  expect(phases.of(worker)).toEqual({ wait: 0.5, receive: 1, compute: 1.5, encode: 2, send: 2.5 });
  session.metrics = { text: text(20, 6), at: 2 };
  expect(phases.of(worker)).toEqual({ wait: 0.1, receive: 0.2, compute: 0.3, encode: 0.4, send: 0.5 });
  session.metrics = { text: text(20, 6), at: 3 };
  expect(phases.of(worker)!.wait).toBe(0.1);
  expect(phases.of({ ...worker, name: 'b' })).toBeNull();
  expect(phases.of({ ...worker, joinedAt: '2026-11-24T11:00:00.000Z' })).toBeNull();
});

it('a worker that sends what is no such metrics has said nothing', () => {
  const series = 'rocinante_worker_step_phase_duration_seconds';
  for (const strange of [
    '',
    `${series}_sum{phase="compute"} x`,
    `${series}_count{phase="nap"} 3`,
    `${series}_count 4`,
  ]) {
    const phases = new WorkerPhases(() => [{ name: 'a', joinedAt, metrics: { text: strange, at: 1 } }]);
    expect(phases.of(worker)).toBeNull();
  }
});
