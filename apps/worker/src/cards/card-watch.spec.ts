// Goal: a worker tells what nvidia-smi tells of its card, whatever that does, and asks no more than it should. Method: stand-ins
// that answer as the real one, are slow, say too much, or are not there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CardReading } from '@rocinante/engine';
import { createLogger } from '@rocinante/log';
import { until } from '../spec-scripted-coordinator.js';
import { CardWatch } from './card-watch.js';

const zero = 'GPU-11111111-2222-3333-4444-555555555550';
const one = 'GPU-11111111-2222-3333-4444-555555555551';
const line = (index: number, uuid: string): string =>
  `${index}, ${uuid}, 00000000:18:00.0, NVIDIA H200, 97, 41022, 143771, 64, 402.12, 0x0000000000000004, 0`;

let folder: string;
let watch: CardWatch | null;
let told: (CardReading | null)[];
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'card-watch-'));
  [watch, told, lines] = [null, [], []];
});
afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true });
});

/** A program `nvidia-smi` of this shell script, which notes each of its calls. */
function writeSmi(script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const text = `#!/bin/sh\necho "$*" >> ${folder}/calls\n${script}\n`;
  writeFileSync(join(folder, 'bin', 'nvidia-smi'), text, { mode: 0o755 });
}

function start(
  visible: string | undefined,
  { expected = true, timeoutMs = 20_000, more = {}, tell = (): void => undefined } = {},
): void {
  const destination = { write: (text: string) => lines.push((JSON.parse(text) as { msg: string }).msg) };
  watch = new CardWatch({
    environment: Object.assign(more, {
      PATH: `${folder}/bin:/usr/bin:/bin`,
      ...(visible !== undefined && { CUDA_VISIBLE_DEVICES: visible }),
    }),
    log: createLogger({ level: 'info', pretty: false, destination }),
    tell: (card) => {
      told.push(card);
      tell();
    },
    intervalMs: 5,
    timeoutMs,
  });
  watch.start(expected);
}

const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');

it('asks about the card that the environment names, again and again', async () => {
  writeSmi(`echo '${line(1, one)}'`);
  start(one);
  await until(() => told.length > 2, 'readings');
  expect(told[2]).toMatchObject({ index: 1, uuid: one, utilization: 0.97, throttled: ['sw_power_cap'] });
  expect(calls()[2]).toMatch(
    new RegExp(`^-i ${one} --query-gpu=index,uuid,.* --format=csv,noheader,nounits$`),
  );
  expect(lines).toEqual([]);
});

it.each([
  [undefined, zero],
  ['1,0', one],
  ['GPU-11111111', zero],
])('takes the first card that is visible by CUDA_VISIBLE_DEVICES=%s', async (visible, uuid) => {
  writeSmi(`echo '${line(0, zero)}'; echo '${line(1, one)}'`);
  start(visible);
  await until(() => told.length > 0, 'a reading');
  expect(told[0]).toMatchObject({ uuid });
  expect(calls()[0]).toMatch(/^--query-gpu=/);
});

const parts = (uuid: string): string =>
  `GPU 0: NVIDIA H200 (UUID: ${zero})
GPU 1: NVIDIA H200 (UUID: ${uuid})
  MIG 1g.18gb     Device  0: (UUID: MIG-5c5c5c5c-2222-3333-4444-555555555550)`;

it('asks about the card that a part of one is of', async () => {
  writeSmi(`case "$*" in
    -L) echo '${parts(one)}' ;;
    *${one}*) echo '${line(1, one)}' ;;
    *) echo '${line(0, zero)}' ;;
  esac`);
  start('MIG-5c5c5c5c-2222-3333-4444-555555555550');
  await until(() => told.length > 1, 'readings');
  expect(told).toMatchObject([{ uuid: one }, { uuid: one }]);
  expect(calls().filter((call) => call === '-L')).toHaveLength(1);
  expect(lines).toEqual([]);
});

it('tells nothing of a part whose card it cannot find, and says so once', async () => {
  writeSmi(`case "$*" in -L) echo '${parts(one)}' ;; *) echo '${line(0, zero)}' ;; esac`);
  start('MIG-77777777-2222-3333-4444-555555555550');
  await until(() => lines.length > 0, 'a line');
  expect(lines).toEqual([
    'nvidia-smi -L names no card of MIG-77777777-2222-3333-4444-555555555550: nothing is told of the card',
  ]);
  expect([told, calls()]).toEqual([[], ['-L']]);
});

it('asks again where nvidia-smi -L fails', async () => {
  writeSmi(`case "$*" in
    -L) if [ -e ${folder}/failed ]; then echo '${parts(one)}'; else touch ${folder}/failed; exit 9; fi ;;
    *${one}*) echo '${line(1, one)}' ;;
  esac`);
  start('MIG-5c5c5c5c');
  await until(() => told.length > 0, 'a reading');
  expect(told[0]).toMatchObject({ uuid: one });
  expect(lines).toEqual(['nvidia-smi tells nothing of the card: it ended with 9']);
});

it('asks an older driver by older names, and without what it does not know', async () => {
  const refuse = (field: string): string =>
    `case "$*" in *${field}*) echo 'Field "${field}" is not a valid field to query.'; exit 2;; esac\n`;
  const known = line(0, zero).replace(' 0x0000000000000004,', '');
  writeSmi(
    `${refuse('clocks_event_reasons.active')}${refuse('clocks_throttle_reasons.active')}echo '${known}'`,
  );
  start(zero);
  await until(() => told.length > 1, 'readings');
  expect(told[0]).toMatchObject({ throttled: null, uncorrectedEccErrors: 0 });
  // What was learnt is not asked again.
  expect(calls().filter((call) => call.includes('clocks_event')).length).toBe(1);
  expect(lines).toEqual([]);
});

it('says once that it is not there, and only where there is a card', async () => {
  start(zero);
  await until(() => lines.length > 0, 'a line');
  expect(lines).toEqual(['nvidia-smi is not there: nothing is told of the card']);
  expect(told).toEqual([]);
});

it('names what is not told', async () => {
  writeSmi(`echo '${line(0, zero).replace('402.12', '[N/A]').replace(/ 0$/, ' [Not Supported]')}'`);
  start(zero);
  await until(() => told.length > 2, 'readings');
  expect(told[0]).toMatchObject({ powerWatts: null, uncorrectedEccErrors: null, temperatureCelsius: 64 });
  expect(lines).toEqual([
    'nvidia-smi does not tell all of the card: power.draw: [N/A], ecc.errors.uncorrected.volatile.total: [Not Supported]',
  ]);
});

it.each([
  [
    'a cut line',
    `echo '${line(0, zero).slice(0, 70)}'`,
    /^nvidia-smi tells nothing of the card: 1 of its lines are of no card \(0, GPU-1/,
  ],
  ['another card', `echo '${line(1, one)}'`, /: it shows no card of this worker \(1, GPU/],
  ['a failure', `echo 'NVIDIA-SMI has failed'; exit 9`, /: it ended with 9 \(NVIDIA-SMI has failed\)$/],
  [
    'thousands of lines',
    `yes '${line(1, one)}' | head -n 5000; sleep 5`,
    /: more than 65536 characters of answer \(1, GPU/,
  ],
  ['no end of lines', `yes '${line(1, one)}'`, /: more than 65536 characters of answer/],
])('tells once of %s, and that nothing is known after three', async (_what, script, said) => {
  writeSmi(script);
  start(zero);
  await until(() => told.length > 0, 'the loss');
  expect(told).toEqual([null]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(said);
  expect(lines[0].length).toBeLessThan(500);
});

it('tells once of a system that starts no process, and asks again', async () => {
  writeSmi(`echo '${line(0, zero)}'`);
  // More than a process is given: spawn throws, as it does where memory is short.
  const more: NodeJS.ProcessEnv = { LONG: 'x'.repeat(4 << 20) };
  start(zero, { more });
  await until(() => told.length > 0, 'the loss');
  expect(told).toEqual([null]);
  expect(lines).toEqual(['nvidia-smi tells nothing of the card: spawn E2BIG']);
  delete more.LONG;
  await until(() => told.length > 1, 'a reading');
  expect(told[1]).toMatchObject({ uuid: zero });
});

it('tells once of a reading that is not taken, and asks again', async () => {
  writeSmi(`echo '${line(0, zero)}'`);
  const tell = (): void => {
    if (told.length < 3) throw new Error('spawn ENOMEM');
  };
  start(zero, { tell });
  await until(() => told.length > 3, 'readings');
  expect(lines).toEqual(['what nvidia-smi tells of the card was not taken: spawn ENOMEM; it is asked again']);
});

it('waits for an answer no longer than it is to', async () => {
  writeSmi('exec sleep 60');
  start(zero, { timeoutMs: 50 });
  await until(() => lines.length > 0, 'a line');
  expect(lines[0]).toBe('nvidia-smi tells nothing of the card: no answer within 0.05 s');
});

it('ends with its worker, and what it asked too', async () => {
  writeSmi(`echo $$ > ${folder}/pid; exec sleep 60`);
  start(zero);
  const pid = (): string => readFileSync(join(folder, 'pid'), 'utf8').trim();
  await until(() => {
    try {
      return pid() !== '';
    } catch {
      return false;
    }
  }, 'the question');
  watch!.stop();
  await until(() => {
    try {
      process.kill(Number(pid()), 0);
      return false;
    } catch {
      return true;
    }
  }, 'its end');
  expect(calls()).toHaveLength(1);
});
