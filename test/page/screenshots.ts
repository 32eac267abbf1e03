/**
 * Makes the README's pictures of the live page, from a real run over the bundled book: `npm run screenshots`. It takes some
 * minutes, and needs Chromium (ROCINANTE_CHROMIUM).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { findChromium, launchChromium, openPage } from '../support/browser.js';
import { Daemon, until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';

const program = findChromium();
if (program === null) throw new Error('needs chromium in PATH, or ROCINANTE_CHROMIUM');
const folder = process.argv[2] ?? join(projectRoot, 'docs');
mkdirSync(folder, { recursive: true });
const workspace = new Workspace();
const daemon = await Daemon.start({ data: workspace.in('data') });
const browser = await launchChromium(program);

async function picture(
  name: string,
  run: string,
  options: BrowserContextOptions,
  height: number,
): Promise<void> {
  const { page } = await openPage(browser, options);
  await page.goto(`http://${daemon.http}/#${run}`);
  await page.locator('#loss-chart canvas').waitFor();
  const width = options.viewport?.width ?? 1280;
  await page.setViewportSize({ width, height });
  // The first picture of workers' phases comes with their metrics.
  await page.waitForTimeout(6_000);
  await page.screenshot({ path: join(folder, name) });
  await page.context().close();
}

try {
  for (const name of ['rucio', 'babieca']) await daemon.worker(name).says(/joined the coordinator/);
  const steps = process.env.ROCINANTE_SCREENSHOT_STEPS ?? '500';
  const evaluate = ['--evaluate-every', String(Math.floor(Number(steps) / 10))];
  await daemon.startRun(['--corpus', 'bundled', '--name', 'moby-dick', '--steps', steps, ...evaluate]);
  await daemon.startRun(['--corpus', 'bundled', '--name', 'moby-dick, cosine', '--schedule', 'cosine']);
  await daemon.startRun(['--corpus', 'bundled', '--name', 'wider batch', '--batch', '64']);
  const shown = Number(steps) * 0.62;
  const isFarEnough = (): boolean => daemon.events('r1').some(({ step }) => (step as number) >= shown);
  await until('the run to be worth a picture', isFarEnough, 600_000);
  const desk = { viewport: { width: 1280, height: 800 } };
  await picture('live-page.png', 'r1', desk, 800);
  await picture('live-page-phone.png', 'r1', { viewport: { width: 390, height: 844 } }, 844);
  await until('the end of r1', () => daemon.record('r1').state === 'done', 600_000);
  await picture('live-page-dark.png', 'r1', { ...desk, colorScheme: 'dark' }, 800);
} finally {
  await browser.close();
  await daemon.end();
  workspace.remove();
}
