/**
 * Goal: a link that is slow, or shared by many, is no lost one: what we have under way ourselves never outlasts the keep-alive; and it
 * carries parameters down while gradients go up, to each worker.
 * Method: light workers, which speak the protocol as workers do, each on a host of its own behind a slow link, and a real
 * coordinator; a vector of which the eight ranges that a worker gives credit for would take longer than the keep-alive. With
 * ROCINANTE_LONG=1 the reference network's, and more links.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { LightProcess } from '../support/light-process.js';
import { Network, networkHindrance } from '../support/network.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

const isLong = process.env.ROCINANTE_LONG === '1';
const hindrance = networkHindrance();
const RUN_MS = 600_000;

interface Case {
  readonly rate: string;
  /** Whose link is slow: each worker's, or the coordinator's, which all share. */
  readonly shared: boolean;
  readonly workers: number;
  readonly units: number;
  readonly steps: number;
  /** What a micro-batch takes a worker. */
  readonly computeMs?: number;
}

/** Three layers of 512 units are the reference network: 21 ranges. Of 384: 12. */
const cases: readonly Case[] = isLong
  ? [
      { rate: '8mbit', shared: false, workers: 1, units: 512, steps: 3 },
      { rate: '5mbit', shared: false, workers: 1, units: 384, steps: 2 },
      { rate: '8mbit', shared: false, workers: 3, units: 512, steps: 2 },
      { rate: '100mbit', shared: true, workers: 8, units: 512, steps: 3 },
    ]
  : [{ rate: '8mbit', shared: false, workers: 1, units: 384, steps: 1 }];

let end: () => Promise<void>;

afterEach(() => end());

/** Plays a run over slow links to its end, or until a worker is cut off; what its log has. */
async function play({
  rate,
  shared,
  workers,
  units,
  steps,
  computeMs,
}: Case): Promise<Record<string, unknown>[]> {
  const workspace = new Workspace();
  const network = new Network();
  const crowds: LightProcess[] = [];
  const daemons: Daemon[] = [];
  end = async () => {
    for (const crowd of crowds) crowd.end();
    await Promise.all(daemons.map((daemon) => daemon.end()));
    network.remove();
    workspace.remove();
  };
  const coordinator = network.host('coordinator');
  if (shared) coordinator.limit(rate);
  const daemon = await Daemon.start({
    data: workspace.in('data'),
    listen: `${coordinator.address}:7070`,
    http: `${coordinator.address}:7071`,
    args: ['--insecure'],
    within: coordinator.within,
  });
  daemons.push(daemon);
  const layers = Array.from({ length: 3 }, () => ({ units, dropout: 0.5 }));
  const config = workspace.write('config.json', {
    preset: 'seed',
    network: { layers },
    text: { window: 20 },
    batch: { size: 2 * workers, microBatch: 2 },
    steps,
  });
  // A text of 9 MB: longer than the keep-alive at these rates, and than a call for a piece of it.
  const corpus = workspace.write('corpus.txt', smallText(isLong ? 9_000_000 : 40_000));
  const options = ['--config', config, '--corpus', corpus, '--checkpoint', '0', '--steps', String(steps)];
  const { id } = await daemon.startRun([...options, '--min-workers', String(workers)]);
  const entries = (): Record<string, unknown>[] => daemon.events(id);
  const has = (event: string): boolean => entries().some((entry) => entry.event === event);
  await until('the first checkpoint', () => has('checkpoint'));
  for (let index = 0; index < workers; index++) {
    const host = network.host(`worker${index}`);
    if (!shared) host.limit(rate);
    crowds.push(new LightProcess(daemon.grpc, `light${index}`, 1, host.within, computeMs));
  }
  const isOver = (): boolean => has('finished') || crowds.some(({ cuts }) => cuts !== '');
  await until('the end of the run', isOver, RUN_MS);
  expect(crowds.map(({ cuts }) => cuts).join('')).toBe('');
  return entries();
}

describe.skipIf(hindrance !== null)(`slow links${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  it.each(cases)(
    '$workers workers at $rate, shared: $shared, are not cut off, and take $steps steps of $units units',
    { timeout: RUN_MS },
    async (slow) => {
      const entries = await play(slow);
      expect(entries.filter(({ event }) => event === 'worker-left')).toEqual([]);
      expect(entries.filter(({ event }) => event === 'step')).toHaveLength(slow.steps);
    },
  );

  it('carry parameters down while gradients go up, to each of two workers', { timeout: RUN_MS }, async () => {
    const computeMs = 1000;
    const [workers, units, steps] = [2, 256, 5];
    const entries = await play({ rate: '40mbit', shared: false, workers, units, steps, computeMs });
    const { parameters } = entries.find(({ event }) => event === 'started') as { parameters: number };
    const oneWay = (parameters * 4 * 8) / 40e6;
    // Of the first ones it is not known yet how long ranges take.
    const seconds = entries.flatMap(({ event, seconds }) => (event === 'step' ? [seconds as number] : []));
    const least = Math.min(...seconds.slice(2));
    // One after the other they take 1.95 times as long as one of them, and at once 1.4: a range is as long as a sixth of all.
    expect((least - computeMs / 1000) / oneWay).toBeLessThan(1.7);
  });
});
