/** A log's way out to what does not take it: a full disk (/dev/full), and a pipe that nobody reads, both real. */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineOutput, WAITING_BYTES_MAX } from './line-output.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'rocinante-log-'))));
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.useRealTimers();
});

const line = (n: number): string => `{"n":${n},"fill":"${'x'.repeat(1000)}"}\n`;

it('writes a line before it returns', () => {
  const path = join(folder, 'log');
  const output = new LineOutput(openSync(path, 'a'));
  output.write('a\n');
  expect(readFileSync(path, 'utf8')).toBe('a\n');
});

it('drops what a full disk does not take, and throws nothing', () => {
  const fd = openSync('/dev/full', 'w');
  const output = new LineOutput(fd);
  for (let n = 0; n < 3; n++) output.write(line(n));
  output.finish();
  closeSync(fd);
  // And what a closed file does not.
  output.write(line(3));
});

describe('a pipe whose reader stands still', () => {
  let fd: number;
  let output: LineOutput;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    // A reader and a writer in one, so it is never without either.
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    output = new LineOutput(fd);
  });
  afterEach(() => closeSync(fd));

  /** All that the pipe holds. */
  function read(): string {
    const room = Buffer.alloc(1 << 16);
    let text = '';
    try {
      for (;;) text += room.toString('utf8', 0, readSync(fd, room));
    } catch {
      return text;
    }
  }

  /** Reads, and lets the output try again, until nothing more comes. */
  function readAll(): string {
    let text = '';
    for (let more = read(); more !== ''; more = read()) {
      text += more;
      vi.advanceTimersByTime(100);
    }
    return text;
  }

  it('gets all of it in order when it reads again, with no line more to wake it', () => {
    for (let n = 0; n < 500; n++) output.write(line(n));
    expect(readAll()).toBe(Array.from({ length: 500 }, (_, n) => line(n)).join(''));
  });

  it('holds up to so much, drops what comes then, and says how many', () => {
    const written = Math.ceil((2 * WAITING_BYTES_MAX) / 1000);
    for (let n = 0; n < written; n++) output.write(line(n));
    const lines = readAll().trimEnd().split('\n');
    const told = JSON.parse(lines.pop()!) as { level: string; msg: string };
    expect(lines.map((text) => `${text}\n`)).toEqual(lines.map((_, n) => line(n)));
    expect(told).toMatchObject({
      level: 'warn',
      msg: `${written - lines.length} lines of this log were lost: their reader stood still`,
    });
    output.write(line(7));
    expect(read()).toBe(line(7));
  });

  it('is told of lost ones as the other lines are shown', () => {
    const pretty = new LineOutput(fd, (json) => `[10:00:00] ${(JSON.parse(json) as { msg: string }).msg}\n`);
    pretty.write(`${'x'.repeat(2 * WAITING_BYTES_MAX)}\n`);
    pretty.write(line(1));
    expect(readAll().split('\n')[1]).toBe(
      '[10:00:00] 1 lines of this log were lost: their reader stood still',
    );
  });

  it('gets the line behind one whose end was dropped on a line of its own', () => {
    output.write(`${'x'.repeat(2 * WAITING_BYTES_MAX)}\n`);
    output.write(line(1));
    const [beginning, told, ...after] = readAll().split('\n');
    expect(beginning).toMatch(/^x+$/);
    expect(JSON.parse(told)).toMatchObject({
      msg: '1 lines of this log were lost: their reader stood still',
    });
    expect(after.join('\n')).toBe(line(1));
  });

  it('gets a line that would fit behind the one that tells of lost ones, which does not', () => {
    output.write(`${'x'.repeat(2 * WAITING_BYTES_MAX)}\n`);
    read();
    // Room for a few bytes: a pipe takes a short write whole or not at all.
    writeSync(fd, Buffer.alloc((1 << 16) - 50, '.'));
    output.write('{"n":1}\n');
    const [, told, after] = readAll().split('\n');
    expect(JSON.parse(told)).toMatchObject({ level: 'warn' });
    expect(after).toBe('{"n":1}');
  });

  it('does not keep the process from its end', () => {
    for (let n = 0; n < 500; n++) output.write(line(n));
    const before = performance.now();
    output.finish();
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

it('says what was lost on a disk that was full, once there is room', ({ skip }) => {
  const small = mkdtempSync(join(folder, 'small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', small], { stdio: 'pipe' });
  } catch {
    return skip('needs root, to mount a tmpfs');
  }
  try {
    writeFileSync(join(small, 'other'), Buffer.alloc(8192));
    const path = join(small, 'log');
    const fd = openSync(path, 'a');
    const output = new LineOutput(fd);
    for (let n = 0; n < 40; n++) output.write(line(n));
    // Room again, behind a line of which the first part had some.
    rmSync(join(small, 'other'));
    output.write('{"msg":"after"}\n');
    closeSync(fd);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.at(-2)).toMatch(/"\d+ lines of this log were lost: they could not be written \(ENOSPC\)"/);
    expect(lines.at(-1)).toBe('{"msg":"after"}');
  } finally {
    execFileSync('umount', [small]);
  }
});

it('lets a process whose standard error is not read go on, and has its last lines at its end', async () => {
  const code = `import { createLogger } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
    const log = createLogger({ level: 'info' });
    let [at, worst] = [performance.now(), 0];
    const timer = setInterval(() => { worst = Math.max(worst, performance.now() - at); at = performance.now(); }, 10);
    for (let i = 0; i < 600; i++) log.info({ i, fill: 'x'.repeat(1000) }, 'line');
    process.stdout.write('written\\n');
    process.stdin.once('data', () => { clearInterval(timer); log.info({ worst }, 'last'); process.exit(3); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'pipe' });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdin.write('end\n');
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
  const rc = await new Promise((resolve) => child.once('close', resolve));
  const lines = text.trimEnd().split('\n');
  expect([rc, lines.length]).toEqual([3, 601]);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ msg: 'last' });
});
