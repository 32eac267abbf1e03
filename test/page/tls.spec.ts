/**
 * Goal: over TLS the live page is what it is in plain, its cookie goes over TLS alone, and where the coordinator asks workers and
 * operators for certificates a browser needs none. Method: the files of `certs`, `serve` under mutual TLS with tokens, a light
 * worker, and Chromium that is told which key to take: its own store of authorities is the machine's, which a test leaves alone.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSecurity } from '@rocinante/access';
import { findChromium, launchChromium, openPage, type WatchedPage } from '../support/browser.js';
import { Daemon, until } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { rocinante, Workspace } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const program = findChromium();
const hindrance = program === null ? 'needs chromium in PATH, or ROCINANTE_CHROMIUM' : null;

describe.skipIf(hindrance !== null)(
  `the live page over TLS${hindrance === null ? '' : ` (${hindrance})`}`,
  () => {
    const workspace = new Workspace();
    const made = (name: string): string => workspace.in('certs', name);
    /** What the page asked for: addresses. */
    const asked: string[] = [];
    let browser: Browser;
    /** One that is told of no key. */
    let stranger: Browser;
    let daemon: Daemon;
    let worker: LightWorker;
    let watched: WatchedPage;
    let page: Page;

    /** How a worker or an operator shows who it is. */
    const security = (role: 'worker' | 'operator'): ClientSecurity => ({
      ca: readFileSync(made('ca.crt')),
      cert: readFileSync(made(`${role}.crt`)),
      key: readFileSync(made(`${role}.key`)),
      token: readFileSync(made(`${role}.token`), 'utf8').trim(),
    });

    beforeAll(async () => {
      const certs = await rocinante(['certs', '--out', workspace.in('certs'), '--name', '127.0.0.1']);
      expect(certs).toMatchObject({ code: 0, stderr: '' });
      const { publicKey } = new X509Certificate(readFileSync(made('coordinator.crt')));
      const key = createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest('base64');
      const files = (role: string): string[] => [
        ...['--tls-cert', made(`${role}.crt`), '--tls-key', made(`${role}.key`), '--tls-ca', made('ca.crt')],
      ];
      [daemon, browser, stranger] = await Promise.all([
        Daemon.start({
          data: workspace.in('data'),
          args: [...files('coordinator'), '--token-file', made('tokens')],
          operator: {
            args: [...files('operator'), '--token-file', made('operator.token')],
            client: security('operator'),
          },
        }),
        launchChromium(program!, [`--ignore-certificate-errors-spki-list=${key}`]),
        launchChromium(program!),
      ]);
      worker = new LightWorker(daemon.grpc, 'rucio', { computeMs: 20, security: security('worker') });
      await daemon.startRun([...smallOrder(workspace, 100_000), '--name', 'mill']);
      watched = await openPage(browser);
      page = watched.page;
      page.on('request', (request) => asked.push(request.url()));
    }, 180_000);

    afterAll(async () => {
      worker?.leave();
      await Promise.all([browser?.close(), stranger?.close()]);
      await daemon?.end();
      workspace.remove();
    });

    const shows = (selector: string, pattern: RegExp): Promise<void> =>
      until(`${selector} to be ${pattern}`, async () =>
        pattern.test((await page.locator(selector).textContent()) ?? ''),
      );

    async function curveStep(): Promise<number> {
      const label = (await page.locator('#loss-chart').getAttribute('aria-label')) ?? '';
      return Number(/training [\d.]+ at step ([\d,]+)/.exec(label)?.[1].replaceAll(',', '') ?? 0);
    }

    it('is not shown by a browser that does not know the authority', { timeout: 120_000 }, async () => {
      const { page: own } = await openPage(stranger);
      await expect(own.goto(`https://${daemon.http}/`)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
      await expect(own.goto(`http://${daemon.http}/`)).rejects.toThrow(
        /ERR_(EMPTY_RESPONSE|CONNECTION_RESET)/,
      );
      for (const why of ['BAD_CERTIFICATE', 'NOT_TLS']) {
        const series = `rocinante_coordinator_refused_connections_total{why="${why}"}`;
        await until(`${why} to be counted`, async () => (await daemon.metric(series)) > 0);
      }
    });

    it(
      'logs in without a certificate, by a cookie for TLS and this host alone',
      { timeout: 120_000 },
      async () => {
        const up = daemon.log.find(({ msg }) => msg === 'coordinator is up');
        expect(up).toMatchObject({ tls: true, clientCertificates: true, tokens: true });
        const answer = await page.goto(`https://${daemon.http}/`);
        expect(answer!.status()).toBe(401);
        await page.getByLabel('Token').fill(security('operator').token!);
        await page.getByRole('button', { name: 'Log in' }).click();
        await shows('#who', /^operator \(operator\)$/);
        const cookies = await page.context().cookies();
        expect(cookies).toMatchObject([
          {
            name: `__Host-rocinante-session-${daemon.http.split(':')[1]}`,
            ...{ secure: true, httpOnly: true, sameSite: 'Strict', path: '/', domain: '127.0.0.1' },
          },
        ]);
      },
    );

    it('follows a run', { timeout: 120_000 }, async () => {
      await shows('#name', /^mill$/);
      await shows('#link', /^live$/);
      const seen = await curveStep();
      await until('the curve to grow', async () => (await curveStep()) >= seen + 20);
      await shows('#workers tbody', /rucio/);
    });

    it('takes orders', { timeout: 120_000 }, async () => {
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await page.getByLabel('Reason, for the record').fill('seen enough');
      await page.getByRole('button', { name: 'Stop the run' }).click();
      await shows('#state', /^stopped$/);
      expect((await daemon.json(['run', 'show', 'r1'])).state).toBe('stopped');
      // It is written after the answer.
      const audited = (): Record<string, unknown>[] =>
        readFileSync(workspace.in('data', 'audit.jsonl'), 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      await until('the stop on record', () => audited().some(({ act }) => act === 'stop'));
      expect(audited().at(-1)).toMatchObject({ act: 'stop', by: 'operator', what: 'r1', outcome: 'done' });
    });

    it(
      'loads nothing in plain, nothing of others, and lets no other script run',
      { timeout: 120_000 },
      async () => {
        expect(watched.complaints).toEqual([
          // The login's own.
          expect.stringContaining('401') as string,
        ]);
        expect(asked.length).toBeGreaterThan(5);
        expect(asked.filter((url) => !url.startsWith(`https://${daemon.http}/`))).toEqual([]);
        const foreign = createServer((_, response) => response.end('foreign'));
        await once(foreign.listen(0, '127.0.0.1'), 'listening');
        const refused = await page.evaluate<string[]>(`new Promise((resolve) => {
      const refused = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const tell = () => (refused.length < 2 ? setTimeout(tell, 20) : resolve([...refused, String(window.ran)]));
      fetch('http://127.0.0.1:${(foreign.address() as AddressInfo).port}/').catch(tell);
    })`);
        expect(refused).toEqual(['script-src-elem', 'connect-src', 'undefined']);
        foreign.close();
      },
    );
  },
);
