// @ts-check
import { clearInterval, setInterval } from 'node:timers';

// The launcher speaks on standard error only: standard output belongs to the command. Where nobody takes what it says (a full
// disk, a reader that is gone) it goes on without a word.
process.stderr.on('error', () => undefined);

/**
 * Writes one line.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`rocinante: ${text}\n`);
}

/** Whether a terminal's line is begun and not ended. */
let isLineOpen = false;

/** Takes away a terminal's line that tells how far something is, so that the next one has its own. */
export function clearLine() {
  if (isLineOpen) process.stderr.write('\r\x1b[K');
  isLineOpen = false;
}

/** How often a terminal's line is rewritten, and how often a plain log gets a line. */
const tickMs = { terminal: 200, plain: 5_000 };

/**
 * Says what is being done, how far it is while it lasts, and how long it took.
 *
 * On a terminal one line is rewritten; elsewhere a line comes every five seconds.
 * @template {{ ok: boolean }} Outcome
 * @param {string} title what is done, as in `installing packages`.
 * @param {() => string} detail how far it is, or an empty string; asked at every tick.
 * @param {() => Promise<Outcome>} work
 * @returns {Promise<Outcome>} what the work gives; its errors pass through.
 */
export async function during(title, detail, work) {
  const terminal = process.stderr.isTTY === true;
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(terminal ? 0 : 1)} s`;
  const line = () => [title, detail(), seconds()].filter((part) => part !== '').join(', ');
  let result = '';
  if (!terminal) say(`${title} ...`);
  const timer = setInterval(
    () => {
      if (!terminal) return say(line());
      isLineOpen = true;
      process.stderr.write(`\r\x1b[Krocinante: ${line()}`);
    },
    terminal ? tickMs.terminal : tickMs.plain,
  );
  try {
    const outcome = await work();
    if (outcome.ok) result = `${title}: done in ${seconds()}`;
    return outcome;
  } finally {
    clearInterval(timer);
    clearLine();
    if (result !== '') say(result);
  }
}

/**
 * Gigabytes (10^9 bytes), as a person reads them.
 * @param {number} bytes
 */
export function gigabytes(bytes) {
  return (bytes / 1e9).toFixed(1);
}

/**
 * Megabytes (10^6 bytes), as a person reads them.
 * @param {number} bytes
 */
export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
