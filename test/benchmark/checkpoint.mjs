// For how long a checkpoint of the reference network, and reading one, hold up the coordinator's two threads: written and read
// on the network's thread, as it was once, and as it is, copied aside by the arithmetic's thread and written by a third.
//
//   npm run benchmark:checkpoint -- [--turns 15] [--symbols 49] [--directory DIR]
//
// It loads the coordinator's own threads by their paths: no process can be asked how long a thread of its was held up. What a
// thread is busy is its event loop's active time, on an otherwise idle coordinator. Both ways take turns; medians are told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '@rocinante/base';
import { DirectoryStore } from '@rocinante/checkpoint';
import { stateHashes } from '@rocinante/ledger';
import { networkLayout } from '@rocinante/model';
import { networkOf, noProgress } from '@rocinante/training';
import { presets } from '../../apps/coordinator/dist/presets.js';
import { ArithmeticThread } from '../../apps/coordinator/dist/run/arithmetic/arithmetic-thread.js';
import { NOT_PROVEN } from '../../apps/coordinator/dist/run/exactness.js';
import { RunCheckpoints } from '../../apps/coordinator/dist/run/checkpoints/run-checkpoints.js';
import { DEFAULT_LIMITS } from '../../apps/coordinator/dist/run/run-limits.js';
import { sharedCopy, sharedVector } from '../../apps/coordinator/dist/run/arithmetic/shared-vector.js';

const { values: options } = parseArgs({
  options: {
    turns: { type: 'string', default: '15' },
    symbols: { type: 'string', default: '49' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const config = presets.seed;
const vocabulary = Array.from({ length: Number(options.symbols) }, (_, index) =>
  String.fromCodePoint(0x100 + index),
);
const layout = networkLayout(networkOf(config, vocabulary.length));
const frame = { config, layout, vocabulary, corpusSha256: '0'.repeat(64) };
const stream = new RandomStream(1, 'simulation');
const half = () => {
  const fill = () => sharedCopy(Float32Array.from({ length: layout.length }, () => stream.uniform()));
  return { parameters: fill(), m: fill(), v: fill() };
};
const zeros = () => ({
  parameters: sharedVector(layout.length),
  m: sharedVector(layout.length),
  v: sharedVector(layout.length),
});
const halves = [half(), zeros()];
const closed = {
  magnitudes: new Float32Array(layout.blockCount),
  powers: { beta1Power: 0.9, beta2Power: 0.999 },
};
const progress = { ...noProgress, step: 1, issues: 1 };
const effect = { type: 'save', step: 1, reason: 'interval', best: false, progress };

const fail = (error) => {
  throw error;
};
const folder = mkdtempSync(join(options.directory, 'rocinante-checkpoint-'));
const checkpoints = new RunCheckpoints(join(folder, 'now'), frame, DEFAULT_LIMITS);
const { snapshot } = checkpoints;
const arithmetic = new ArithmeticThread(
  { layout, optimizer: config.optimizer, halves, snapshot, checksummed: true },
  fail,
);

/** How long this thread was busy with it, and how long it took, in milliseconds. */
async function busy(act) {
  const started = performance.now();
  const before = performance.eventLoopUtilization();
  await act();
  const { active } = performance.eventLoopUtilization(before);
  return { busy: active, took: performance.now() - started };
}

/** As it was before checkpoints had a thread: copied, hashed, written and read on the thread that asks. */
const once = new DirectoryStore(join(folder, 'once'), { keepLast: 1 });
async function saveOnThisThread() {
  for (const [name, vector] of Object.entries(halves[0])) snapshot[name].set(vector);
  const checkpoint = {
    ...{ step: 1, layout, ...snapshot, ...closed, ...closed.powers, issueCount: 1, joiningProof: '' },
    ...{ lossHistory: [], configuration: config, vocabulary, corpusSha256: frame.corpusSha256 },
    further: { progress: JSON.stringify(progress) },
  };
  await once.save(checkpoint, { best: false, hashed: true });
}
async function readOnThisThread() {
  const { checkpoint } = await once.loadLatest();
  const [parameters, m, v] = [checkpoint.parameters, checkpoint.m, checkpoint.v].map((each) =>
    sharedCopy(each),
  );
  return stateHashes({ parameters, m, v });
}

/** Also how long the arithmetic's thread had the copy in hand, with the way there and back. */
let copying = 0;
async function saveAsNow() {
  const started = performance.now();
  const copied = arithmetic.copy(0).then(() => (copying = performance.now() - started));
  await checkpoints.save({ effect, copied, closed, exactness: NOT_PROVEN, hashed: true });
}

// The threads keep no process alive; in a coordinator its ports do.
const alive = setTimeout(() => undefined, 3_600_000);
const taken = {
  'written here': [],
  'written as now': [],
  'copied aside': [],
  'read here': [],
  'read as now': [],
};
for (let turn = 0; turn < Number(options.turns); turn++) {
  taken['written here'].push(await busy(saveOnThisThread));
  checkpoints.open(fail);
  taken['written as now'].push(await busy(saveAsNow));
  taken['copied aside'].push({ busy: copying, took: copying });
  await checkpoints.close();
  taken['read here'].push(await busy(readOnThisThread));
  taken['read as now'].push(await busy(() => checkpoints.load()));
}
await arithmetic.stop();
clearTimeout(alive);
rmSync(folder, { recursive: true });

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Number(sorted[sorted.length >> 1].toFixed(1));
}
const told = Object.entries(taken).map(([what, times]) => [
  what,
  { busyMs: median(times.map(({ busy }) => busy)), tookMs: median(times.map(({ took }) => took)) },
]);
console.log(
  JSON.stringify({ parameters: layout.length, turns: Number(options.turns), ...Object.fromEntries(told) }),
);
