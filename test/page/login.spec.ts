/**
 * Goal: without a token there is nothing to see and nothing to order, and with one what its role allows. Method: Chromium, and `serve`
 * with a book of tokens.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookLine, newToken, type Role } from '@rocinante/access';
import { accessibilityProblems, findChromium, launchChromium, openPage } from '../support/browser.js';
import { Daemon, until } from '../support/daemon.js';
import { Workspace } from '../support/rocinante.js';

const program = findChromium();
const hindrance = program === null ? 'needs chromium in PATH, or ROCINANTE_CHROMIUM' : null;
const TOKENS = { operator: newToken(), reader: newToken(), worker: newToken() };

describe.skipIf(hindrance !== null)(`logging in${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  let browser: Browser;
  let daemon: Daemon;
  let page: Page;

  beforeAll(async () => {
    const lines = Object.entries(TOKENS).map(
      ([role, token]) => `${bookLine(role as Role, `${role}-1`, token)}\n`,
    );
    const book = workspace.write('book', lines.join(''));
    [daemon, browser] = await Promise.all([
      Daemon.start({ data: workspace.in('data'), args: ['--token-file', book] }),
      launchChromium(program!),
    ]);
    ({ page } = await openPage(browser));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await daemon?.end();
    workspace.remove();
  });

  async function logIn(token: string): Promise<void> {
    await page.goto(`http://${daemon.http}/`);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  it('asks for a token, and is sound', { timeout: 120_000 }, async () => {
    const answer = await page.goto(`http://${daemon.http}/`);
    expect(answer!.status()).toBe(401);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it.each([
    ['nobody’s', newToken()],
    ['a worker’s', TOKENS.worker],
  ])('refuses %s in one line', { timeout: 120_000 }, async (_, token) => {
    await logIn(token);
    expect(await page.getByRole('alert').textContent()).toBe('This is no reader’s and no operator’s token.');
    expect(await page.context().cookies()).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('shows readers the page, without orders', { timeout: 120_000 }, async () => {
    await logIn(TOKENS.reader);
    await until('the page', async () => (await page.locator('#who').textContent()) === 'reader-1 (reader)');
    expect(await page.locator('#start').isVisible()).toBe(false);
    const [cookie, ...others] = await page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(page.url()).not.toContain(TOKENS.reader);
    const status = await page.evaluate(
      `fetch('/api/stop', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"run":"r1"}' }).then(({ status }) => status)`,
    );
    expect(status).toBe(403);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  it('lets operators order, and logs no token', { timeout: 120_000 }, async () => {
    await logIn(TOKENS.operator);
    await page.locator('#start').waitFor();
    const status = await page.evaluate(
      `fetch('/api/stop', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"run":"r1"}' }).then(({ status }) => status)`,
    );
    expect(status).toBe(404);
    const log = JSON.stringify(daemon.log);
    for (const token of Object.values(TOKENS)) expect(log).not.toContain(token);
  });
});
