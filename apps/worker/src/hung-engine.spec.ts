// Goal: a worker whose engine does not return says so in one line and ends, and the one that is started in its place works; one that is
// told to stop within a gradient waits for its end. Method:
// the program itself with the real engine, but that TensorFlow's calls for an op and for a graph are ours, which do not return while
// a file is there, and that it is waited for some seconds at least, and not a minute.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  assignment,
  scriptedRun,
  ScriptedCoordinator,
  until,
  type ScriptedRun,
} from './spec-scripted-coordinator.js';

const program = new URL('../dist/main.js', import.meta.url).href;

/** For the engine of a slow machine too: a tiny network's micro-batch takes it milliseconds. */
const LEAST_SECONDS = 10;

/** Stand before TensorFlow's own in the order of symbols: an op by itself, and a graph. */
const HANGING_CALLS = `
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *behind(const char *name) {
  return dlsym(dlopen("libtensorflow_cc.so.2", RTLD_LAZY | RTLD_NOLOAD), name);
}
static void hang(const char *call) {
  if (access(getenv("HANG_WHILE"), F_OK) == 0) dprintf(2, "hangs in %s\\n", call);
  while (access(getenv("HANG_WHILE"), F_OK) == 0) usleep(100000);
}
extern "C" void TFE_Execute(void *op, void **outputs, int *count, void *status) {
  static auto execute = (void (*)(void *, void **, int *, void *))behind("TFE_Execute");
  hang("TFE_Execute");
  execute(op, outputs, count, status);
}
extern "C" void TF_SessionRun(void *a, void *b, void *c, void *d, int e, void *f, void *g, int h, void *i, int j, void *k, void *l) {
  typedef void (*Run)(void *, void *, void *, void *, int, void *, void *, int, void *, int, void *, void *);
  static Run run = (Run)behind("TF_SessionRun");
  hang("TF_SessionRun");
  run(a, b, c, d, e, f, g, h, i, j, k, l);
}
`;

let folder: string;
let coordinator: ScriptedCoordinator;
let child: ChildProcess | null;
let stderr: string;

beforeEach(async () => {
  child = null;
  coordinator = await ScriptedCoordinator.start();
  folder = mkdtempSync(join(tmpdir(), 'rocinante-hung-'));
  const compiler = ['-shared', '-fPIC', '-x', 'c++', '-', '-o', join(folder, 'hang.so'), '-ldl'];
  execFileSync('c++', compiler, { input: HANGING_CALLS });
  writeFileSync(
    join(folder, 'worker.mjs'),
    `import { main } from '${program}';\nprocess.exit(await main(process.argv.slice(2), ${LEAST_SECONDS}));\n`,
  );
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await coordinator.stop();
  rmSync(folder, { recursive: true });
});

function start(): ChildProcess {
  const args = [
    '--coordinator',
    coordinator.address,
    '--threads',
    '1',
    '--device',
    'cpu',
    '--no-corpus-cache',
  ];
  const env = { ...process.env, LD_PRELOAD: join(folder, 'hang.so'), HANG_WHILE: join(folder, 'hang') };
  const started = spawn(process.execPath, ['--single-threaded-gc', join(folder, 'worker.mjs'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  stderr = '';
  started.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child = started;
  return started;
}

/** Has the worker's session compute a micro-batch as soon as it is ready for the run. */
async function giveWork(run: ScriptedRun, session: number): Promise<void> {
  await until(() => coordinator.sessions === session, 'a session');
  const ready = (): number => coordinator.received.filter((message) => message.ready).length;
  coordinator.startRun(run);
  await until(() => ready() === session, 'a worker that is ready');
  if (session === 1) writeFileSync(join(folder, 'hang'), '');
  coordinator.sendParameters(run, 1);
  coordinator.send({ assign: assignment(run, 1, 1) });
}

it('ends with one line when its engine does not return, and another works in its place', async () => {
  const run = scriptedRun('long', 64, { version: 1, assignment: 1 });
  const hanging = start();
  await giveWork(run, 1);
  const [code, signal] = (await once(hanging, 'close')) as [number | null, string | null];
  // What ends a thread that is inside TensorFlow is the kernel alone.
  expect({ code, signal, stderr }).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /"msg":"the engine hangs: it has not answered for \d+ s, where at most [\d.e-]+ s were to be expected, as its longest micro-batch took; the process ends, to be started again"/,
  );
  expect(coordinator.received.some(({ report }) => report)).toBe(false);
  rmSync(join(folder, 'hang'));
  start();
  await giveWork(run, 2);
  const { report } = await coordinator.message('report');
  expect(report).toMatchObject({ assignment: 1, fits: true });
}, 300_000);

it('waits for the end of a gradient by a graph when it is told to stop', async () => {
  const stopping = start();
  await giveWork(scriptedRun('long', 64, { version: 1, assignment: 1 }), 1);
  await until(() => stderr.includes('hangs in TF_SessionRun'), 'a graph that runs');
  stopping.kill('SIGTERM');
  await until(() => coordinator.leftBy === 1, 'its farewell');
  expect(stopping.exitCode).toBeNull();
  rmSync(join(folder, 'hang'));
  const [code] = (await once(stopping, 'close')) as [number | null];
  expect({ code, stderr }).toMatchObject({ code: 0 });
}, 300_000);
