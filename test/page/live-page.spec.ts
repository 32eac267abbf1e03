/**
 * Goal: the live page shows a real run as it goes, takes orders, and comes back after the coordinator's death, in a real
 * browser. Method: Chromium, `serve`, one worker and a run that goes on until the page stops it; axe looks at the page in light, in dark
 * and on a telephone.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessibilityProblems,
  findChromium,
  FOREIGN_NAME,
  launchChromium,
  openPage,
  type WatchedPage,
} from '../support/browser.js';
import { Daemon, until } from '../support/daemon.js';
import { Workspace } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const program = findChromium();
const hindrance = program === null ? 'needs chromium in PATH, or ROCINANTE_CHROMIUM' : null;
const PHONE = { width: 360, height: 740 };

describe.skipIf(hindrance !== null)(`the live page${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  const board = ['--tensorboard', workspace.in('board')];
  let browser: Browser;
  let daemon: Daemon;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [daemon, browser] = await Promise.all([
      Daemon.start({ data: workspace.in('data'), args: board }),
      launchChromium(program!),
    ]);
    const worker = daemon.worker('rucio');
    await worker.says(/joined the coordinator/);
    await daemon.startRun([
      ...smallOrder(workspace, 100_000),
      '--name',
      'mill',
      '--evaluate-every',
      '20',
      '--checkpoint',
      '1',
    ]);
    await daemon.stepsTaken('r1', 5);
    watched = await openPage(browser);
    page = watched.page;
    await page.goto(`http://${daemon.http}/`);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await daemon?.end();
    workspace.remove();
  });

  /** The run as the coordinator tells of it. */
  const asked = async (): Promise<{ state: string; step: number }> =>
    (await (await fetch(`http://${daemon.http}/api/runs/r1`)).json()) as { state: string; step: number };

  const textOf = async (selector: string, on = page): Promise<string> =>
    (await on.locator(selector).textContent()) ?? '';

  /** The step that the loss's curve reaches, as it says itself. */
  async function curveStep(on = page): Promise<number> {
    const label = (await on.locator('#loss-chart').getAttribute('aria-label')) ?? '';
    return Number(/training [\d.]+ at step ([\d,]+)/.exec(label)?.[1].replaceAll(',', '') ?? 0);
  }

  const shows = (selector: string, pattern: RegExp, on = page): Promise<void> =>
    until(`${selector} to be ${pattern}`, async () => pattern.test(await textOf(selector, on)));

  it('shows what a run is, who works for it, and its losses as they come', { timeout: 120_000 }, async () => {
    await shows('#name', /^mill$/);
    await shows('#state', /^running$/);
    await shows('#link', /^live$/);
    await until('a curve', async () => (await curveStep()) > 0);
    const seen = await curveStep();
    const picture = (): Promise<string> =>
      page.evaluate<string>(`document.querySelector('#loss-chart canvas').toDataURL()`);
    const drawn = await picture();
    await until('the curve to grow', async () => (await curveStep()) >= seen + 20);
    expect(await picture()).not.toBe(drawn);
    // What changes all the time is told then and now, and not with each step.
    await shows(
      '#figures',
      /Loss, nats\d\.\d{4}this epoch; .*Held-out loss, nats\d\.\d{4}.*Rate\d+\.\d.*Time left\d/s,
    );
    await shows('#learning-legend', /^step [\d,]+0\.0\d+$/);
    await shows('#workers tbody', /rucio.*100 %/);
    await until('the worker’s phases', async () =>
      /computes \d+ %/.test((await page.locator('#workers .phases').getAttribute('aria-label')) ?? ''),
    );
    const events = (): Promise<string[]> => page.locator('#events li').allTextContents();
    await until('the worker’s joining', async () =>
      (await events()).some((text) => /rucio joined$/.test(text)),
    );
    // The newest is the first; how many are shown is bounded.
    const [newest] = await events();
    await until('another event', async () => (await events())[0] !== newest);
    await page.getByRole('button', { name: 'Worth a look' }).click();
    expect((await events()).filter((text) => /checkpoint|^epoch/.test(text))).toEqual([]);
    expect((await events()).some((text) => /rucio joined$/.test(text))).toBe(true);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    expect((await events()).some((text) => /checkpoint/.test(text))).toBe(true);
  });

  it('has what the log has, each once, after the coordinator was killed', { timeout: 120_000 }, async () => {
    await daemon.stop('SIGKILL');
    await shows('#link', /^connection lost/);
    // The last that it took, shown or not. It takes its last steps again: what is behind them, the page has from the next life.
    const before = Math.max(...daemon.events('r1').map(({ step }) => (step as number | undefined) ?? 0));
    daemon = await daemon.again({ args: board });
    await shows('#link', /^live$/);
    await until('a step behind the ones before', async () => (await curveStep()) > before);
    const rows = await page.evaluate<string[][]>(
      `[...document.querySelectorAll('#events li')].map((row) => [row.querySelector('time').dateTime,
        ...['step', 'text'].map((part) => row.querySelector('.event-' + part).textContent)])`,
    );
    expect(new Set(rows.map((row) => row.join())).size).toBe(rows.length);
    // One for each life of the coordinator.
    expect(readdirSync(workspace.in('board', 'r1')).filter((name) => /tfevents/.test(name))).toHaveLength(2);
    const told = rows.map(([time, step]) => `${time} ${step}`);
    const last = told.length;
    // What came meanwhile is in the log, and is about to be on the page.
    const logged = daemon
      .events('r1')
      .filter(({ event }) => event !== 'step' && event !== 'ignored')
      .map(
        ({ time, atStep }) =>
          `${time as string} ${atStep ? `step ${(atStep as number).toLocaleString('en-US')}` : ''}`,
      );
    // Two of one moment look the same here: the page may have the first of them, or both.
    const newest = [logged.indexOf(told[0]), logged.lastIndexOf(told[0])];
    expect(newest[0]).toBeGreaterThan(0);
    const upTo = (index: number): string[] =>
      logged.slice(Math.max(0, index + 1 - last), index + 1).reverse();
    const [first, both] = newest.map(upTo);
    expect(told).toEqual(told.join() === first.join() ? first : both);
  });

  it('is sound in light, in dark and on a telephone', { timeout: 120_000 }, async () => {
    const { page: own, complaints } = await openPage(browser);
    await own.goto(`http://${daemon.http}/#r1`);
    await shows('#state', /^running$/, own);
    await until('a curve', async () => (await curveStep(own)) > 0);
    await shows('#workers tbody', /rucio/, own);
    for (const summary of await own.locator('.table-fold > summary').all()) await summary.click();
    expect(await accessibilityProblems(own)).toEqual([]);
    await own.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await accessibilityProblems(own)).toEqual([]);
    await own.setViewportSize(PHONE);
    // Charts are drawn anew for their width, a moment after it has changed.
    await until(
      'the page to be no wider than the telephone',
      async () =>
        (await own.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')) <= 0,
    );
    // What has no column there stands beneath the name.
    expect(await own.locator('.workers .number').first().isVisible()).toBe(false);
    await own.getByText(/^\d+\.\d\d micro-batches\/s, since \d\d:\d\d/).waitFor();
    await own.emulateMedia({ colorScheme: 'light' });
    await own.locator('#start').click();
    await own.locator('dialog summary').click();
    expect(await accessibilityProblems(own)).toEqual([]);
    expect(complaints).toEqual([]);
    await own.context().close();
  });

  it('breaks a worker’s name that is longer than its column', { timeout: 120_000 }, async () => {
    const name = `host-${'0123456789'.repeat(5)}.example`;
    const guest = daemon.worker(name);
    const { page: own } = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    await own.goto(`http://${daemon.http}/#r1`);
    await shows('#workers tbody', new RegExp(name), own);
    const excess = `[...document.querySelectorAll('#workers .scroll')].map((at) => at.scrollWidth - at.clientWidth)`;
    expect(await own.evaluate(excess)).toEqual([0]);
    await own.context().close();
    await guest.stop('SIGTERM');
  });

  it('is all within reach of the keyboard', { timeout: 120_000 }, async () => {
    const { page: own } = await openPage(browser);
    // An address that names no run, nor anything else.
    await own.goto(`http://${daemon.http}/#%`);
    await shows('#state', /^running$/, own);
    await until('a curve', async () => (await curveStep(own)) > 0);
    await shows('#workers tbody', /rucio/, own);
    const reached: string[] = [];
    for (let presses = 0; presses < 40; presses++) {
      await own.keyboard.press('Tab');
      const name = await own.evaluate<string>(
        `(() => { const at = document.activeElement; return at === document.body ? '' : (at.getAttribute('aria-label') ?? at.textContent).trim().slice(0, 40); })()`,
      );
      if (name === '' || reached[0] === name) break;
      reached.push(name);
    }
    for (const name of [
      'Skip to the run',
      'Start a run',
      'Stop',
      'Pull weights',
      'Loss as a table',
      'Configuration',
      'Workers',
    ]) {
      expect(reached).toContain(name);
    }
    expect(reached.some((name) => name.startsWith('mill'))).toBe(true);
    await own.locator('#skip').focus();
    await own.keyboard.press('Enter');
    expect(await own.evaluate('document.activeElement.id + location.hash')).toBe('run#r1');
    await shows('#name', /^mill$/, own);
    await own.locator('#start').focus();
    await own.keyboard.press('Enter');
    await own.locator('dialog[open]').waitFor();
    await own.keyboard.press('Escape');
    await until(
      'the focus to be where it was',
      async () => (await own.evaluate('document.activeElement.id')) === 'start',
    );
    await own.context().close();
  });

  it('holds no connection while nobody looks, and goes on where it was', { timeout: 120_000 }, async () => {
    const { page: own } = await openPage(browser);
    await own.addInitScript(
      `Object.defineProperty(document, 'hidden', { get: () => window.unseen === true })`,
    );
    const turn = (unseen: boolean): Promise<unknown> =>
      own.evaluate(`window.unseen = ${unseen}; document.dispatchEvent(new Event('visibilitychange'))`);
    await own.goto(`http://${daemon.http}/#r1`);
    await shows('#link', /^live$/, own);
    await until('a curve', async () => (await curveStep(own)) > 0);
    expect(await own.title()).toMatch(/^\d+ % mill · Rocinante$/);
    const closed = own.waitForEvent('requestfailed', (request) => request.url().includes('/api/events'));
    await turn(true);
    await closed;
    const seen = await curveStep(own);
    await daemon.stepsTaken('r1', seen + 5);
    await turn(false);
    await shows('#link', /^live$/, own);
    await until('what came meanwhile', async () => (await curveStep(own)) >= seen + 5);
    await own.context().close();
  });

  it('is no other page’s to read or to order from', { timeout: 120_000 }, async () => {
    const port = daemon.http.split(':')[1];
    const foreign = createServer((_, response) => response.end('<p>foreign'));
    await once(foreign.listen(0, '127.0.0.1'), 'listening');
    const { page: own } = await openPage(browser);
    const rebound = await own.goto(`http://${FOREIGN_NAME}:${port}/`);
    expect(rebound!.status()).toBe(421);
    await own.goto(`http://${FOREIGN_NAME}:${(foreign.address() as AddressInfo).port}/`);
    // A form's body can be made to look like JSON.
    const answered = own.waitForResponse((response) => response.url().endsWith('/api/stop'));
    await own.evaluate(`{
      const form = Object.assign(document.createElement('form'), { method: 'post', enctype: 'text/plain', action: 'http://${daemon.http}/api/stop' });
      form.append(Object.assign(document.createElement('input'), { name: '{"run":"r1","reason":"', value: '"}' }));
      document.body.append(form);
      form.submit();
    }`);
    expect((await answered).status()).toBe(403);
    expect((await asked()).state).toBe('running');
    await own.context().close();
    foreign.close();
  });

  it('pulls the weights of a checkpoint', { timeout: 120_000 }, async () => {
    await page.locator('.menu summary').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText('Newest checkpoint’s').click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^mill-step-\d+\.safetensors$/);
    const bytes = readFileSync(await download.path());
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()) as object;
    expect(Object.keys(header)).toContain('__metadata__');
    await page.keyboard.press('Escape');
  });

  it('stops, resumes and starts runs', { timeout: 120_000 }, async () => {
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByLabel('Reason, for the record').fill('seen enough');
    await page.getByRole('button', { name: 'Stop the run' }).click();
    await shows('#state', /^stopped$/);
    await shows('#reason', /seen enough/);
    expect((await asked()).state).toBe('stopped');
    await page.getByRole('button', { name: 'Start a run' }).click();
    await page.getByLabel('Name', { exact: true }).fill('second');
    await page.getByLabel('Epochs', { exact: true }).fill('1');
    await page.getByLabel('Windows a step').fill('15');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await shows('.failure', /batch/);
    await page.getByLabel('Windows a step').fill('32');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await shows('#name', /^second$/);
    await page.getByRole('link', { name: /^mill/ }).click();
    await shows('#name', /^mill$/);
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByLabel('Patience').fill('90000');
    await page.getByRole('button', { name: 'Resume the run' }).click();
    await shows('#state', /^(queued|waiting|running)$/);
    expect(daemon.record('r1').config).toMatchObject({ earlyStopping: { patience: 90_000 } });
  });

  it('gave the browser nothing to complain of, but for the time without a coordinator', () => {
    const others = watched.complaints.filter(
      (text) =>
        !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)|status of 400/.test(
          text,
        ),
    );
    expect(others).toEqual([]);
  });
});
