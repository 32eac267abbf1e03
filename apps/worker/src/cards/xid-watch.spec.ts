// Goal: the driver's errors of a worker's card are counted and told, those of others are not, and who cannot see them says so.
// Method: the real setpriv, and stand-ins for dmesg; that the kernel ends it with its starter is its own word.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '@rocinante/log';
import { until } from '../spec-scripted-coordinator.js';
import { XidWatch } from './xid-watch.js';

let folder: string;
let watch: XidWatch;
let told: (number | null)[];
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xid-watch-'));
  [told, lines] = [[], []];
});
afterEach(() => {
  watch.stop();
  rmSync(folder, { recursive: true });
});

/** @param settleMs longer than the stand-in can take to speak or to end, so that the order of what is told is certain. */
function start(script: string, settleMs = 3600_000): void {
  writeFileSync(join(folder, 'dmesg'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const destination = { write: (text: string) => lines.push((JSON.parse(text) as { msg: string }).msg) };
  watch = new XidWatch({
    environment: { PATH: `${folder}:/usr/bin:/bin` },
    busId: '00000000:18:00.0',
    log: createLogger({ level: 'info', pretty: false, destination }),
    tell: (errors) => told.push(errors),
    settleMs,
  });
}

it('counts those of its card, and says each', async () => {
  const fallen = '[ 1.0] NVRM: Xid (PCI:0000:18:00): 79, GPU has fallen off the bus.';
  start(
    `echo 'eth0: link up'; echo '${fallen}'; echo '${fallen.replace('18:00', '19:00')}'; echo '${fallen}'; exec sleep 60`,
  );
  await until(() => told.includes(2), 'two errors');
  expect(lines).toEqual(Array(2).fill(`the driver reports Xid 79 of the card: ${fallen}`));
  expect(told).toEqual([1, 2]);
});

it('tells that there were none once it is known that the log is read', async () => {
  start('exec sleep 60', 1);
  await until(() => told.length > 0, 'the count');
  expect(told).toEqual([0]);
  expect(lines).toEqual([]);
});

it('counts on where it says no more', async () => {
  start(`yes 'NVRM: Xid (PCI:0000:18:00): 13' | head -n 500; exec sleep 60`);
  await until(() => told.includes(500), 'all errors');
  expect(lines).toHaveLength(20);
});

it.each([
  [
    `echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1`,
    /not seen: the kernel's log cannot be read \(dmesg: read/,
  ],
  [`exit 0`, /cannot be read$/],
])('is told once of nothing where the log cannot be read: %s', async (script, line) => {
  start(script);
  await until(() => told.length > 0, 'the end');
  expect(told).toEqual([null]);
  expect(lines).toEqual([expect.stringMatching(line)]);
});
