/**
 * Reads a target's inputs, one after the other, in a process of its own:
 * `node --expose-gc fuzz-child.js <target's number> <seed> <first index> <end> <milliseconds> <status file>`.
 *
 * Before each input its index is in the status file, so that whoever watches can name an input that never ends. The last line
 * on standard output is an Outcome as JSON.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { assert } from '@rocinante/base';
import { minimised } from './minimum.js';
import { fault, inputAt, type Target } from './target.js';
import { TARGETS } from './targets/index.js';
import { KNOWN_TARGETS } from './targets/names.js';

/** An input at which a reader did what it may not. */
export interface Finding {
  readonly index: number;
  readonly problem: string;
  readonly stack: string;
  /** The least that does the same, in base64. */
  readonly input: string;
}

export interface Outcome {
  readonly taken: number;
  readonly refused: number;
  /** One past the last input that was read. */
  readonly end: number;
  readonly finding: Finding | null;
}

/** What reading an input may take: processor seconds, which other processes do not change, and bytes of typed arrays. */
const CPU_SECONDS_MAX = 3;
const ARRAY_BYTES_MAX = 48 << 20;
const ARRAY_BYTES_PER_INPUT_BYTE = 64;

/** What a reader may keep of all inputs together, after so many that its caches and code are there. */
const INPUTS_BEFORE_GROWTH = 100;
const GROWTH_BYTES_MAX = 32 << 20;
/** So often it is looked at again, a tenth of a second apart, before it counts. */
const GROWTH_LOOKS_MAX = 50;

/** Why reading an input is a finding; null where it is none. */
async function problemOf(
  target: Target,
  bytes: Uint8Array,
): Promise<{ problem: string | null; stack: string; taken: boolean }> {
  const before = process.memoryUsage().arrayBuffers;
  const cpu = process.cpuUsage();
  let taken = false;
  let thrown: unknown = null;
  try {
    // A reader may not count on being the only one that holds the bytes.
    taken = await target.read(Uint8Array.from(bytes));
  } catch (error) {
    thrown = error;
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (user + system) / 1e6;
  const arrayBytes = process.memoryUsage().arrayBuffers - before;
  let problem = thrown === null ? null : fault(thrown);
  if (seconds > CPU_SECONDS_MAX) problem ??= `it took more than ${CPU_SECONDS_MAX} s`;
  if (arrayBytes > ARRAY_BYTES_MAX + ARRAY_BYTES_PER_INPUT_BYTE * bytes.length) {
    problem ??= 'it took more bytes of arrays than its length calls for';
  }
  return { problem, taken, stack: (thrown as Error | null)?.stack ?? '' };
}

/** What is in use, once what is not has been thrown away. */
function usedBytes(): number {
  assert(global.gc !== undefined, 'node is started with --expose-gc');
  global.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const [number, seed, first, end, milliseconds] = process.argv.slice(2, 7).map(Number);
const status = openSync(process.argv[7], 'r+');
const target = await TARGETS[number]();
assert(target.name === KNOWN_TARGETS[number].name, `target ${number} is ${target.name}`);
const deadline = performance.now() + milliseconds;
let [taken, refused] = [0, 0];
let finding: Finding | null = null;
let usedBefore = Infinity;
let index = first;
for (; finding === null && index < end && performance.now() < deadline; index++) {
  writeSync(status, String(index).padEnd(16), 0);
  const bytes = inputAt(target, number, seed, index);
  const { problem, stack, taken: isTaken } = await problemOf(target, bytes);
  if (isTaken) taken += 1;
  else refused += 1;
  if (index === first + INPUTS_BEFORE_GROWTH) usedBefore = usedBytes();
  if (problem === null) continue;
  // A slow one would be slow hundreds of times.
  const least = problem.startsWith('it took')
    ? bytes
    : await minimised(bytes, async (less) => (await problemOf(target, less)).problem === problem);
  finding = { index, problem, stack, input: Buffer.from(least).toString('base64') };
}
let growth = usedBytes() - usedBefore;
// Arrays that nobody holds are given back by another thread, which a busy machine keeps waiting.
for (let looks = 0; growth > GROWTH_BYTES_MAX && looks < GROWTH_LOOKS_MAX; looks++) {
  await setTimeout(100);
  growth = usedBytes() - usedBefore;
}
if (growth > GROWTH_BYTES_MAX) {
  const problem = `of inputs ${first} to ${index - 1} it keeps ${Math.round(growth / 2 ** 20)} MB`;
  finding ??= { index: first, problem, stack: '', input: '' };
}
const outcome: Outcome = { taken, refused, end: index, finding };
// Servers that a target has made would keep the process.
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit());
