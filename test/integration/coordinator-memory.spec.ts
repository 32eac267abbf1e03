/**
 * Goal: the coordinator's memory follows a formula: 250 MB, ten times the parameters' bytes, one more for each of at most two
 * micro-batches given twice, and 2 MB a worker. Method: 64 workers that speak the protocol over connections of
 * their own, and compute nothing, on a real coordinator, whose peak the kernel tells. ROCINANTE_LONG=1 has them share steps
 * of the reference network.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

const WORKERS = 64;
const MEGABYTE = 1e6;
/** What workers send at once is bounded for all of them together (grant-queue.ts); this is what each holds beside. */
const WORKER_MEGABYTES = 2;

const workspace = new Workspace();
let daemon: Daemon | undefined;
let workers: LightWorker[] = [];

afterEach(async () => {
  for (const worker of workers) worker.leave();
  await Promise.all(workers.map(({ ended }) => ended));
  workers = [];
  await daemon?.end();
});
afterAll(() => workspace.remove());

/** The largest that a process's resident memory has been, in MB. */
function peakMegabytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (Number(kilobytes) * 1024) / MEGABYTE;
}

interface Case {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly steps: number;
}

const SMALL: Case = {
  name: 'a network of 0.6 million parameters',
  config: {
    preset: 'quick',
    network: { input: 'one-hot', layers: [{ units: 384, dropout: 0 }] },
    text: { window: 20, stride: 20 },
  },
  steps: 10,
};
const REFERENCE: Case = {
  name: 'the reference network',
  config: { preset: 'seed', text: { window: 20 } },
  steps: 5,
};

const cases = process.env.ROCINANTE_LONG === '1' ? [SMALL, REFERENCE] : [SMALL];

it.each(cases)('64 workers on $name', { timeout: 300_000 }, async ({ config, steps }) => {
  daemon = await Daemon.start({ data: workspace.in(`data-${steps}`) });
  const { grpc } = daemon;
  workers = Array.from({ length: WORKERS }, (_, index) => new LightWorker(grpc, `light-${index}`));
  const corpus = workspace.write('corpus.txt', smallText(60_000));
  const batch = { size: 2 * WORKERS, microBatch: 2 };
  const path = workspace.write('config.json', { ...config, batch, steps });
  const { id } = await daemon.startRun([
    ...['--config', path, '--corpus', corpus, '--min-workers', String(WORKERS), '--checkpoint', '1'],
  ]);
  const ended = await daemon.over(id, 280_000);
  const peak = peakMegabytes(daemon.process.pid!);
  expect(ended).toMatchObject({ state: 'RUN_STATE_DONE' });

  const entries = daemon.events(id);
  const { parameters } = entries.find(({ event }) => event === 'started') as { parameters: number };
  const given = 250 + ((10 + 2) * 4 * parameters) / MEGABYTE + WORKER_MEGABYTES * WORKERS;
  console.log(
    `${parameters} parameters: peak ${peak.toFixed(0)} MB, at most ${given.toFixed(0)} MB by the formula`,
  );
  expect(peak).toBeLessThan(given);

  // All had work, and none was lost.
  expect(entries.filter(({ event }) => event === 'step')).toHaveLength(steps);
  expect(entries.filter(({ event, lost }) => event === 'worker-left' && lost)).toEqual([]);
  for (const worker of workers) expect(worker.microBatches, worker.name).toBeGreaterThan(0);
});
