/**
 * Goal: a real Prometheus finds what docs/metrics.md promises. Method: it scrapes a coordinator and, by the coordinator's
 * discovery, two workers, during a run with a held-out part: one worker at an address of its own, one through the coordinator.
 */
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { metricTable, type TabledMetric } from '../support/metric-table.js';
import { findPrometheus, metricProblems, Prometheus } from '../support/prometheus.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const STEPS = 60;
const program = findPrometheus();
/** An address of this machine that is not a loopback one: those are never told to others. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
const hindrance =
  program === null
    ? 'needs prometheus in PATH, or ROCINANTE_PROMETHEUS'
    : ownAddress === undefined
      ? 'needs an address that is not a loopback one'
      : null;

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(hindrance !== null)(`Prometheus${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  let daemon: Daemon;
  let prometheus: Prometheus;
  let workerHttp: string;

  beforeAll(async () => {
    daemon = await Daemon.start({ data: workspace.in('data') });
    workerHttp = `${ownAddress}:${await freePort(ownAddress!)}`;
    const workers = [
      daemon.worker('seen', ['--http', workerHttp, '--insecure']),
      daemon.worker('behind-nat'),
    ];
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [
        { job_name: 'coordinator', static_configs: [{ targets: [daemon.http] }] },
        {
          job_name: 'workers',
          http_sd_configs: [{ url: `http://${daemon.http}/sd/workers`, refresh_interval: '1s' }],
        },
      ],
    };
    prometheus = await Prometheus.start(program!, config, workspace.path);
    for (const worker of workers) await worker.says(/joined the coordinator/);
    const corpus = workspace.write('corpus.txt', smallText(40_000));
    const options = ['--config', workspace.write('config.json', smallConfig), '--corpus', corpus];
    const sizes = ['--batch', '64', '--micro-batch', '8', '--steps', String(STEPS)];
    const { id } = await daemon.startRun([...options, ...sizes]);
    const { state } = await daemon.ended(id);
    expect(state).toBe('done');
  }, 120_000);

  afterAll(async () => {
    await prometheus?.stop();
    await daemon?.end();
    workspace.remove();
  });

  it(
    'reaches the coordinator, one worker itself, and the other through the coordinator',
    { timeout: 30_000 },
    async () => {
      const areUp = async (): Promise<boolean> => {
        const found = await prometheus.targets();
        return found.length === 3 && found.every(({ health }) => health === 'up');
      };
      // Prometheus takes over what it discovers every five seconds, and scrapes it a second later.
      await until('three targets to be up', areUp, 15_000).catch(() => undefined);
      const targets = await prometheus.targets();
      expect(targets.map(({ health, lastError }) => ({ health, lastError }))).toEqual(
        targets.map(() => ({ health: 'up', lastError: '' })),
      );
      const relayed = targets.find(({ scrapeUrl }) => scrapeUrl.includes('/workers/'));
      expect(targets.map(({ scrapeUrl }) => scrapeUrl).sort()).toEqual(
        [`http://${daemon.http}/metrics`, `http://${workerHttp}/metrics`, relayed!.scrapeUrl].sort(),
      );
      expect(relayed!.scrapeUrl).toBe(
        `http://${daemon.http}/workers/${encodeURIComponent(relayed!.labels.worker)}/metrics`,
      );
      const pools = targets.filter(({ labels }) => labels.job === 'workers').map(({ labels }) => labels.pool);
      expect(pools).toEqual(['default', 'default']);
    },
  );

  const table = metricTable();
  it('has the table', () => {
    expect(table.filter(({ name }) => name.startsWith('rocinante_coordinator_')).length).toBeGreaterThan(20);
    expect(table.filter(({ name }) => name.startsWith('rocinante_worker_')).length).toBeGreaterThan(10);
  });

  it('has series of every metric in the table, with its labels', { timeout: 30_000 }, async () => {
    const lacks = async (): Promise<string[]> => (await Promise.all(table.map(missing))).flat();
    // What is relayed comes every few seconds.
    await until('all series', async () => (await lacks()).length === 0, 10_000).catch(() => undefined);
    expect(await lacks()).toEqual([]);
  });

  /** What the table promises of a metric and Prometheus has not. */
  async function missing({ name, type, labels }: TabledMetric): Promise<string[]> {
    const parts = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    const lacks: string[] = [];
    for (const part of parts) {
      const series = await prometheus.query(part);
      const sources = new Set(
        series.map(({ labels: { job, worker } }) => (job === 'workers' ? worker : job)),
      );
      const expected = name.startsWith('rocinante_worker_') ? 2 : 1;
      if (sources.size !== expected) lacks.push(`${part}: of ${sources.size} processes, not ${expected}`);
      for (const label of labels) {
        const found = new Set(series.map((one) => one.labels[label.name] ?? ''));
        // Only where one worker holds up the others is there a series that names it.
        const isSeldom = name === 'rocinante_coordinator_bound_by';
        const wanted = label.values.filter((value) => !(isSeldom && value === 'worker'));
        if (wanted.length === 0 && !isSeldom && ![...found].some((value) => value !== '')) {
          lacks.push(`${part}: label ${label.name}`);
        }
        lacks.push(
          ...wanted.filter((value) => !found.has(value)).map((value) => `${part}: ${label.name} ${value}`),
        );
      }
    }
    return lacks;
  }

  it('has the run’s numbers', { timeout: 30_000 }, async () => {
    const value = async (expression: string): Promise<number> =>
      (await prometheus.query(expression))[0]?.value ?? NaN;
    const windows = daemon.events('r1').reduce((sum, entry) => sum + ((entry.windows as number) ?? 0), 0);
    // What the workers counted last, and that the run has ended, are in the next scrapes only.
    await until(
      'the last numbers',
      async () =>
        (await value('sum(rocinante_worker_windows_total)')) >= windows &&
        (await value('rocinante_coordinator_runs{state="done"}')) === 1,
    );
    expect(await value('rocinante_coordinator_step')).toBe(STEPS);
    expect(await value('rocinante_coordinator_windows_total')).toBe(windows);
    expect(await value('rocinante_coordinator_step_duration_seconds_count')).toBe(STEPS);
    const phases = await value('sum(rocinante_coordinator_step_phase_duration_seconds_sum)');
    expect(phases).toBeCloseTo(await value('rocinante_coordinator_step_duration_seconds_sum'), 6);
    expect(await value('sum(rocinante_coordinator_bound_by)')).toBe(1);
    expect(await value('rocinante_coordinator_live_workers')).toBe(2);
  });

  it('finds nothing to mend on the pages of coordinator and workers', async () => {
    const relayed = (await prometheus.targets()).find(({ scrapeUrl }) => scrapeUrl.includes('/workers/'))!;
    for (const url of [`http://${daemon.http}/metrics`, `http://${workerHttp}/metrics`, relayed.scrapeUrl]) {
      const page = await (await fetch(url)).text();
      expect(page).toContain('rocinante_');
      expect(metricProblems(program!, page)).toBe('');
    }
  });
});
