/**
 * Goal: a real Prometheus finds what docs/metrics.md promises, and what dashboards and alerts ask for. Method: by the committed
 * prometheus.yml it scrapes a coordinator and, by the coordinator's discovery, two workers, during a run with a held-out part:
 * one worker at an address of its own, one through the coordinator. Both tell of a card, which is a stand-in's. Then every panel's
 * and alert's expression is executed.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardFiles } from '../../deploy/grafana/src/dashboards.js';
import { Daemon, until } from '../support/daemon.js';
import { metricTable, type TabledMetric } from '../support/metric-table.js';
import { projectRoot } from '../support/project-root.js';
import { findPrometheus, metricProblems, Prometheus, type Target } from '../support/prometheus.js';
import { ENDLESS } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';
import { CARD_UUIDS, standInCards } from '../support/stand-in-cards.js';
import {
  expressionProblems,
  METRICS_OF_FAILURES,
  METRICS_OF_RUNNING,
  UNSEEN_METRICS,
} from './expression-check.js';
import { annotationQueries, panelQueries, variableQueries, type PanelQuery } from './panel-queries.js';
import { comparedIn, selectorsOf } from './promql.js';

/** For what the next scrapes bring, on a machine that is busy too. */
const PATIENCE_MS = 60_000;
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

/** Sides of alerts that have no series in a run without a fault; rules-test.yml has them fire. */
const ONLY_IN_RULES_TEST = [
  'rocinante_coordinator_bound_by{by="worker"}',
  'absent(up{job="rocinante"})',
  'time() - rocinante_coordinator_run_failed_timestamp_seconds',
  'rocinante_coordinator_worker_lost',
];

const deployed = join(projectRoot, 'deploy', 'prometheus');

/** The committed configuration for this coordinator, with times that fit a run of seconds. */
function configFor(coordinator: string): string {
  const text = readFileSync(join(deployed, 'prometheus.yml'), 'utf8');
  return text.replaceAll('coordinator:7071', coordinator).replace(/interval: 15s/g, 'interval: 1s');
}

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
  let steps: number;
  /** When the run was started, in milliseconds since 1970. */
  let begun: number;

  async function areUp(): Promise<boolean> {
    const found = await prometheus.targets();
    return found.length === 3 && found.every(({ health }) => health === 'up');
  }

  beforeAll(async () => {
    daemon = await Daemon.start({ data: workspace.in('data') });
    workerHttp = `${ownAddress}:${await freePort(ownAddress!)}`;
    const card = { ...standInCards(workspace), CUDA_VISIBLE_DEVICES: CARD_UUIDS[0] };
    const workers = [
      daemon.worker('seen', ['--http', workerHttp, '--insecure'], card),
      daemon.worker('behind-nat', [], card),
    ];
    copyFileSync(join(deployed, 'rules.yml'), workspace.in('rules.yml'));
    prometheus = await Prometheus.start(program!, configFor(daemon.http), workspace.path);
    for (const worker of workers) await worker.says(/joined the coordinator/);
    // Prometheus takes over what it discovers every five seconds. From then on it is to see all of the run.
    await until('three targets to be up', areUp);
    begun = Date.now();
    const corpus = workspace.write('corpus.txt', smallText(40_000));
    const options = ['--config', workspace.write('config.json', smallConfig), '--corpus', corpus];
    const sizes = ['--batch', '64', '--micro-batch', '8', '--clip-norm', '1', '--steps', String(ENDLESS)];
    const { id } = await daemon.startRun([...options, ...sizes]);
    // Rates, and what comes now and then only, are in several scrapes of each.
    const changed = [
      'rocinante_coordinator_step',
      'rocinante_coordinator_held_out_loss_nats',
      'rocinante_worker_windows_total',
    ];
    for (const metric of changed) {
      await until(`scrapes of ${metric}`, async () => {
        const series = await prometheus.query(`changes(${metric}[2m])`);
        return (
          series.length >= (metric.includes('worker') ? 2 : 1) && series.every(({ value }) => value >= 3)
        );
      });
    }
    // Its counters are those of the run as it is stopped: they begin anew with a resume.
    await daemon.json(['run', 'stop', id]);
    const { state, step } = await daemon.ended(id);
    expect(state).toBe('stopped');
    steps = step as number;
  }, 240_000);

  afterAll(async () => {
    await prometheus?.stop();
    await daemon?.end();
    workspace.remove();
  });

  it(
    'reaches the coordinator, one worker itself, and the other through the coordinator',
    { timeout: 120_000 },
    async () => {
      // One scrape that a busy machine has no second for is mended by the next.
      let targets: Target[] = [];
      await until('three targets to be up', async () => {
        targets = await prometheus.targets();
        return targets.length === 3 && targets.every(({ health }) => health === 'up');
      });
      expect(targets.map(({ lastError }) => lastError)).toEqual(['', '', '']);
      const relayed = targets.find(({ scrapeUrl }) => scrapeUrl.includes('/workers/'));
      expect(targets.map(({ scrapeUrl }) => scrapeUrl).sort()).toEqual(
        [`http://${daemon.http}/metrics`, `http://${workerHttp}/metrics`, relayed!.scrapeUrl].sort(),
      );
      expect(relayed!.scrapeUrl).toBe(
        `http://${daemon.http}/workers/${encodeURIComponent(relayed!.labels.worker)}/metrics`,
      );
      const given = targets
        .filter(({ labels }) => labels.job === 'rocinante-workers')
        .map(({ labels: { pool, coordinator } }) => ({ pool, coordinator }));
      expect(given).toEqual(Array(2).fill({ pool: 'default', coordinator: daemon.http }));
    },
  );

  const table = metricTable();
  it('has the table', () => {
    expect(table.filter(({ name }) => name.startsWith('rocinante_coordinator_')).length).toBeGreaterThan(20);
    expect(table.filter(({ name }) => name.startsWith('rocinante_worker_')).length).toBeGreaterThan(10);
  });

  it('has series of every metric in the table, with its labels', { timeout: 120_000 }, async () => {
    // What is relayed comes every few seconds.
    const lacks = async (): Promise<string[]> => (await Promise.all(table.map(missing))).flat();
    await expect.poll(lacks, { timeout: PATIENCE_MS }).toEqual([]);
  });

  /** What the table promises of a metric and Prometheus has not. */
  async function missing({ name, type, labels }: TabledMetric): Promise<string[]> {
    const parts = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    const lacks: string[] = [];
    for (const part of parts) {
      // The run is stopped by now.
      const series = METRICS_OF_RUNNING.includes(name)
        ? await prometheus.queryOver(part, begun, Date.now())
        : await prometheus.query(part);
      const sources = new Set(
        series.map(({ labels: { job, worker } }) => (job === 'rocinante-workers' ? worker : job)),
      );
      const expected = name.startsWith('rocinante_worker_') ? 2 : 1;
      // A coordinator in plain has it as NaN, and secured.spec.ts looks at one with a certificate.
      if (UNSEEN_METRICS.includes(name) || METRICS_OF_FAILURES.includes(name)) continue;
      if (sources.size !== expected) lacks.push(`${part}: of ${sources.size} processes, not ${expected}`);
      for (const label of labels) {
        const found = new Set(series.map((one) => one.labels[label.name] ?? ''));
        // Only where one worker holds up the others is there a series that names it.
        const isSeldom = name === 'rocinante_coordinator_bound_by';
        // A run is in one state at a time.
        const isOne = name === 'rocinante_coordinator_run_state' && label.name === 'state';
        const wanted = isOne ? [] : label.values.filter((value) => !(isSeldom && value === 'worker'));
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

  it('has the run’s numbers', { timeout: 120_000 }, async () => {
    const value = async (expression: string): Promise<number> =>
      (await prometheus.query(expression))[0]?.value ?? NaN;
    const windows = daemon.events('r1').reduce((sum, entry) => sum + ((entry.windows as number) ?? 0), 0);
    // What the workers counted last, and that the run has ended, are in the next scrapes only.
    const numbers = async (): Promise<object> => ({
      // Nobody counts a gradient that was kept from work that was withdrawn, and serves the step's next issue.
      workersHadMost: (await value('sum(rocinante_worker_windows_total)')) >= 0.9 * windows,
      stopped: await value('rocinante_coordinator_runs{state="stopped"}'),
      step: await value('rocinante_coordinator_step'),
      windows: await value('rocinante_coordinator_windows_total'),
      steps: await value('rocinante_coordinator_step_duration_seconds_count'),
      beyondPhases: await value(
        'sum(rocinante_coordinator_step_duration_seconds_sum) - sum(rocinante_coordinator_step_phase_duration_seconds_sum)',
      ),
      boundBy: await value('sum(rocinante_coordinator_bound_by)'),
      workers: await value('rocinante_coordinator_live_workers'),
    });
    await expect.poll(numbers, { timeout: PATIENCE_MS }).toEqual({
      ...{ workersHadMost: true, stopped: 1, step: steps, windows, steps, boundBy: 1, workers: 2 },
      beyondPhases: expect.closeTo(0, 6) as number,
    });
  });

  /** Those of the queries that gave no number at any moment of the run. */
  async function unanswered(queries: readonly PanelQuery[]): Promise<string[]> {
    const lacks = await Promise.all(
      queries.map(async ({ of, expr }) => {
        // Asked at each second from the beginning on: the last of these is not to be before what was scraped just now.
        const series = await prometheus.queryOver(expr, begun, Date.now() + 1000);
        const answered = series.some(({ values }) => values.some((value) => !Number.isNaN(value)));
        return answered ? [] : [`${of}: ${expr}`];
      }),
    );
    return lacks.flat();
  }

  const isSeen = ({ expr }: PanelQuery): boolean =>
    !selectorsOf(expr).some(({ metric }) => UNSEEN_METRICS.includes(metric));

  // Cards are what dcgm-exporter sees: secured.spec.ts.
  it.each(dashboardFiles().filter(({ name }) => name !== 'cards.json'))(
    'has series for every panel, annotation and variable of $name',
    { timeout: 120_000 },
    async ({ dashboard }) => {
      const queries = [...panelQueries(dashboard), ...annotationQueries(dashboard)];
      await expect.poll(() => unanswered(queries.filter(isSeen)), { timeout: PATIENCE_MS }).toEqual([]);
      for (const { of, expr, label } of variableQueries(dashboard)) {
        const values = (await prometheus.queryOver(expr, begun, Date.now())).map(
          ({ labels }) => labels[label],
        );
        expect(values.length, of).toBeGreaterThan(0);
        expect(values, of).not.toContain(undefined);
      }
    },
  );

  it('evaluates every rule, and has series for what each compares', { timeout: 120_000 }, async () => {
    await until('every rule to be evaluated', async () =>
      (await prometheus.rules()).every(({ health }) => health !== 'unknown'),
    );
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(10);
    for (const { name, query, health, lastError } of rules) {
      expect([name, health, lastError ?? '']).toEqual([name, 'ok', '']);
      expect(expressionProblems(query), name).toEqual([]);
    }
    const compared = rules.flatMap(({ name, query }) =>
      // There was no run so long ago.
      comparedIn(query.replace(/ offset \w+/g, '')).map((expr) => ({
        of: name,
        expr: expr.trim(),
        legend: null,
      })),
    );
    expect(compared.filter(({ expr }) => ONLY_IN_RULES_TEST.includes(expr)).length).toBe(
      ONLY_IN_RULES_TEST.length,
    );
    const asked = compared.filter((one) => isSeen(one) && !ONLY_IN_RULES_TEST.includes(one.expr));
    await expect.poll(() => unanswered(asked), { timeout: PATIENCE_MS }).toEqual([]);
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
