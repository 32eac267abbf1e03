/** A real Chromium, as Debian packages it: `chromium` in PATH, or the program that ROCINANTE_CHROMIUM names. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Where Chromium is; null where it is not. */
export function findChromium(): string | null {
  const { ROCINANTE_CHROMIUM: named, PATH = '' } = process.env;
  const places = named ? [named] : PATH.split(delimiter).map((folder) => join(folder, 'chromium'));
  return places.find((path) => existsSync(path)) ?? null;
}

/** A name that the browser believes to be this machine's, as whoever owns a name can let it point anywhere. */
export const FOREIGN_NAME = 'foreign.example';

/** Starts it, without a window. @param further switches of its own. */
export function launchChromium(program: string, further: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      // Chromium's own sandbox does not work for root, nor in most containers; what is shown here is our own page.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      `--host-resolver-rules=MAP ${FOREIGN_NAME} 127.0.0.1`,
      ...further,
    ],
  });
}

/** A page, and all that the browser has to complain of in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, and what the page's policy refused. */
  readonly complaints: string[];
}

/** Opens an empty page of its own, that nothing is shared with. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // What is refused by the policy, or cannot be loaded, is an error here too.
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page as it is now, each with the elements that it is about; empty where that is nothing. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(`if (!window.axe) { ${axeSource} }`);
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('; ')))`,
  );
}
