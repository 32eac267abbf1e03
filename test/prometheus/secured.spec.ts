/**
 * Goal: a real Prometheus has series for what the other run here cannot show: a certificate near its end, and cards. Method: by
 * the committed prometheus-secured.yml it scrapes a coordinator over TLS with a token, whose certificate ends within a day; and
 * a page in the form in which NVIDIA's dcgm-exporter renders its default counters (dcgm-exporter.txt), in which a card
 * then fails. What workers tell of their cards is in the other run.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardFiles } from '../../deploy/grafana/src/dashboards.js';
import { Daemon, until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import {
  findPrometheus,
  metricProblems,
  Prometheus,
  type LoadedRule,
  type Series,
  type SeriesOverTime,
} from '../support/prometheus.js';
import { rocinante, Workspace } from '../support/rocinante.js';
import { expressionProblems, UNSEEN_METRICS } from './expression-check.js';
import { panelQueries, variableQueries, type PanelQuery } from './panel-queries.js';
import { selectorsOf } from './promql.js';

const program = findPrometheus();
const hindrance = program === null ? 'needs prometheus in PATH, or ROCINANTE_PROMETHEUS' : null;
const deployed = join(projectRoot, 'deploy', 'prometheus');
const healthy = readFileSync(join(import.meta.dirname, 'dcgm-exporter.txt'), 'utf8');

/** For what the next scrapes bring, on a machine that is busy too. */
const PATIENCE_MS = 60_000;

/** The alerts on the coordinator's certificate; no worker is here. */
const OWN_CERTIFICATE = /^RocinanteCertificateEnds(Soon)?$/;

/** Card 1 as it fails: the number of an Xid error is in its labels too, so it is another series. */
const failing = healthy
  .replace(
    /(XID_ERRORS\{gpu="1".*)err_code="0",err_msg="No Error"\} 0/,
    '$1err_code="79",err_msg="GPU has fallen off the bus"} 79',
  )
  .replace(/(UNCORRECTABLE_REMAPPED_ROWS\{gpu="1".*\}) 0/, '$1 3')
  .replace(/(ROW_REMAP_FAILURE\{gpu="1".*\}) 0/, '$1 1')
  .replace(/(GPU_TEMP\{gpu="1".*\}) 57/, '$1 91');

describe.skipIf(hindrance !== null)(
  `Prometheus over TLS${hindrance === null ? '' : ` (${hindrance})`}`,
  () => {
    const workspace = new Workspace();
    const made = (name: string): string => workspace.in('certs', name);
    let shown = healthy;
    const exporter = createServer((_, response) => response.end(shown));
    let daemon: Daemon;
    let prometheus: Prometheus;
    /** When it began to scrape, in milliseconds since 1970. */
    let begun: number;

    /** The committed configuration for this coordinator and its files, with cards, and times that fit a test. */
    function config(): string {
      const text = readFileSync(join(deployed, 'prometheus-secured.yml'), 'utf8')
        .replaceAll('coordinator:7071', daemon.http)
        .replaceAll('/etc/prometheus/rocinante/ca.crt', made('ca.crt'))
        .replaceAll('/etc/prometheus/rocinante/token', made('reader.token'))
        .replace(/interval: 15s/g, 'interval: 1s')
        .replace('  - rules.yml\n', '  - rules.yml\n  - rules-dcgm.yml\n');
      const cards = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
      return `${text}\n  - job_name: dcgm\n    static_configs:\n      - targets: ['${cards}']\n`;
    }

    beforeAll(async () => {
      const certs = await rocinante([
        'certs',
        '--out',
        workspace.in('certs'),
        '--name',
        '127.0.0.1',
        '--days',
        '1',
      ]);
      expect(certs).toMatchObject({ code: 0, stderr: '' });
      const tls = [
        '--tls-cert',
        made('coordinator.crt'),
        '--tls-key',
        made('coordinator.key'),
        '--tls-ca',
        made('ca.crt'),
      ];
      daemon = await Daemon.start({
        data: workspace.in('data'),
        args: [...tls, '--token-file', made('tokens')],
      });
      await once(exporter.listen(0, '127.0.0.1'), 'listening');
      for (const name of ['rules.yml', 'rules-dcgm.yml'])
        copyFileSync(join(deployed, name), workspace.in(name));
      begun = Date.now();
      prometheus = await Prometheus.start(program!, config(), workspace.path);
      const areUp = async (): Promise<boolean> => (await prometheus.query('up == 1')).length === 2;
      await until('coordinator and cards to be scraped', areUp);
    }, 120_000);

    afterAll(async () => {
      exporter.close();
      await prometheus?.stop();
      await daemon?.end();
      workspace.remove();
    });

    /** What a query gives, once it gives something: a scrape that a busy machine has no second for leaves a gap. */
    async function answer(expression: string): Promise<Series[]> {
      let found: Series[] = [];
      await until(expression, async () => (found = await prometheus.query(expression)).length > 0);
      return found;
    }

    /** Those of the queries that have given no number at any moment so far. */
    async function unanswered(queries: readonly Pick<PanelQuery, 'of' | 'expr'>[]): Promise<string[]> {
      const lacks = await Promise.all(
        queries.map(async ({ of, expr }) => {
          const series = await prometheus.queryOver(expr, begun, Date.now() + 1000);
          return series.some(({ values }) => values.some((value) => !Number.isNaN(value)))
            ? []
            : [`${of}: ${expr}`];
        }),
      );
      return lacks.flat();
    }

    /** The alerts of a kind, once they are evaluated. */
    async function alerts(pattern: RegExp): Promise<LoadedRule[]> {
      let found: LoadedRule[] = [];
      await until('the alerts to be evaluated', async () => {
        found = (await prometheus.rules()).filter(({ name }) => pattern.test(name));
        return found.every(({ health }) => health !== 'unknown');
      });
      for (const { name, query, health, lastError } of found) {
        expect([name, health, lastError ?? '']).toEqual([name, 'ok', '']);
        expect(expressionProblems(query), name).toEqual([]);
      }
      return found;
    }

    const states = async (pattern: RegExp): Promise<Record<string, string | undefined>> =>
      Object.fromEntries((await alerts(pattern)).map(({ name, state }) => [name, state]));

    it(
      'has when its own certificate ends, and both alerts on it see that this is soon',
      { timeout: 120_000 },
      async () => {
        const [series, ...others] = await answer(
          'rocinante_coordinator_certificate_expiry_timestamp_seconds',
        );
        expect(others).toEqual([]);
        const { validTo } = new X509Certificate(readFileSync(made('coordinator.crt')));
        expect(series.value).toBe(Date.parse(validTo) / 1000);
        // Each waits for ten minutes before it goes out.
        const pending = { RocinanteCertificateEnds: 'pending', RocinanteCertificateEndsSoon: 'pending' };
        await expect.poll(() => states(OWN_CERTIFICATE), { timeout: PATIENCE_MS }).toEqual(pending);
        for (const { query } of await alerts(OWN_CERTIFICATE)) {
          const [{ labels, value }] = await answer(query);
          expect([labels.instance, value > 80_000, value < 86_400]).toEqual([daemon.http, true, true]);
        }
      },
    );

    it('has what every panel asks of certificates', { timeout: 120_000 }, async () => {
      const isOfCertificates = ({ expr }: PanelQuery): boolean =>
        selectorsOf(expr).some(({ metric }) => UNSEEN_METRICS.includes(metric));
      const queries = dashboardFiles()
        .flatMap(({ dashboard }) => panelQueries(dashboard))
        .filter(isOfCertificates);
      expect(queries.length).toBeGreaterThan(0);
      await expect.poll(() => unanswered(queries), { timeout: PATIENCE_MS }).toEqual([]);
    });

    it('has what every panel asks of cards', { timeout: 120_000 }, async () => {
      expect(metricProblems(program!, healthy)).not.toMatch(/error while/);
      const { dashboard } = dashboardFiles().find(({ name }) => name === 'cards.json')!;
      expect(panelQueries(dashboard).length).toBeGreaterThan(8);
      await expect.poll(() => unanswered(panelQueries(dashboard)), { timeout: PATIENCE_MS }).toEqual([]);
      for (const { of, expr, label } of variableQueries(dashboard)) {
        const found = (await answer(expr)).map(({ labels }) => labels[label]);
        expect(found.length, of).toBeGreaterThan(0);
        expect(found, of).not.toContain(undefined);
      }
      const [{ value }] = await answer(panelQueries(dashboard)[0].expr);
      expect(value).toBe(2);
    });

    it('sees a card that fails', { timeout: 120_000 }, async () => {
      const quiet = await states(/^RocinanteCard(Xid|Memory|Hot)/);
      expect(Object.values(quiet)).toEqual(['inactive', 'inactive', 'inactive']);
      // What is compared with a quarter of an hour before is compared with some seconds before: there was nothing then.
      const queries = (await alerts(/^RocinanteCard(Xid|Memory|Hot)/)).map(({ name, query }) => ({
        of: name,
        expr: query.replaceAll('offset 15m', 'offset 5s'),
      }));
      await until('three seconds of scrapes', async () => {
        // It is asked at whole seconds since `begun`: of those before the first scrape there is no series at all.
        const series = await prometheus.queryOver('DCGM_FI_DEV_GPU_TEMP{gpu="1"}', begun, Date.now());
        return series.some(({ values }) => values.length > 3);
      });
      expect((await unanswered(queries)).length).toBe(3);
      shown = failing;
      for (const { of, expr } of queries) {
        let series: SeriesOverTime[] = [];
        await until(`series for ${of}`, async () => {
          series = await prometheus.queryOver(expr, begun, Date.now() + 1000);
          return series.length > 0;
        });
        const [{ labels }] = series;
        expect([of, labels.gpu, labels.Hostname]).toEqual([of, '1', 'gpu-a']);
      }
      const expected = { RocinanteCardMemoryFailing: 'firing', RocinanteCardHot: 'pending' };
      await expect
        .poll(() => states(/^RocinanteCard(Memory|Hot)/), { timeout: PATIENCE_MS })
        .toEqual(expected);
    });
  },
);
