// @ts-check
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { bindingFile, bindingPackages, checkBinding, compileBinding, recipe } from './binding.mjs';
import { runChild } from './child.mjs';
import { flush, renameWhole, writeWhole } from './durable.mjs';
import { SetupFailure } from './failure.mjs';
import { ifUnlocked, underLock } from './lock.mjs';
import { during, megabytes, say } from './say.mjs';
import { downloadWheel, wheelFromFolder } from './wheel.mjs';

/** @typedef {import('./packages.mjs').Lock} Lock */
/** @typedef {import('./pin.mjs').Pin} Pin */
/** @typedef {import('./places.mjs').Places} Places */

/** The licences of TensorFlow and of what it is built from; whoever passes the engine on passes this on. */
export const noticesFile = 'THIRD_PARTY_NOTICES.txt';

/** What is taken from the wheel, and where it goes in the engine's folder. The headers are those the binding includes. */
const members = {
  'tensorflow/libtensorflow_cc.so.2': 'lib/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2': 'lib/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/': 'include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring': 'include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring': 'include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/': 'include/xla/tsl/c/',
  'tensorflow/THIRD_PARTY_NOTICES.txt': noticesFile,
};

/** The files whose sizes the marker records: a folder without one of them is not whole. */
const recorded = ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2', bindingFile];

/** The file that is written last into a whole engine's folder. */
const marker = 'whole.json';

/**
 * The engine's folder in the cache, whether it is there or not.
 *
 * Its name holds a hash of everything the engine is made from, so checkouts that need different ones do not meet.
 * @param {Places} places
 * @param {Pin} pin
 * @param {Lock} lock
 */
export function engineFolder(places, pin, lock) {
  const packages = bindingPackages.map((path) => {
    const { version, integrity } = lock.packages[path] ?? {};
    return { path, version, integrity };
  });
  const parts = JSON.stringify({ sha256: pin.sha256, members, recipe, packages });
  const hash = createHash('sha256').update(parts).digest('hex').slice(0, 12);
  return join(places.engines, `${pin.package}-${pin.version}-${process.platform}-${process.arch}-${hash}`);
}

/**
 * Whether an engine's folder holds all that its marker says.
 * @param {string} folder
 */
export function engineIsWhole(folder) {
  try {
    /** @type {Record<string, number>} */
    const sizes = JSON.parse(readFileSync(join(folder, marker), 'utf8')).bytes;
    return recorded.every((file) => statSync(join(folder, file)).size === sizes[file]);
  } catch {
    return false;
  }
}

/**
 * Fills the engine's folder: fetches the wheel, unpacks it, compiles the binding, checks that it loads.
 *
 * All is done in a folder beside and under a lock; the last act is to rename it, so the cache never holds half an engine.
 * @param {Places} places
 * @param {Pin} pin
 * @param {string} folder from `engineFolder`.
 * @param {string | undefined} from a folder to take the wheel from, instead of the network.
 * @throws {SetupFailure} something failed; what was begun is removed by the next set-up.
 */
export async function fillEngine(places, pin, folder, from) {
  await underLock(`${folder}.lock`, 'fetching the engine into the cache', async () => {
    if (engineIsWhole(folder)) return;
    removeLeftovers(places, folder);
    const part = `${folder}.part`;
    const log = `${folder}.log`;
    mkdirSync(part, { recursive: true });

    const kept = `${folder}.whl`;
    if (from === undefined) await downloadWheel(pin, join(part, 'download'), kept, log);
    const wheel = from === undefined ? kept : await wheelFromFolder(pin, from);
    rmSync(join(part, 'download'), { recursive: true, force: true });
    await unpackWheel(pin, wheel, part, members, log);
    await compileBinding(places.root, part, log);
    await checkBinding(part, pin.version, log);

    flush(part);
    const bytes = Object.fromEntries(recorded.map((file) => [file, statSync(join(part, file)).size]));
    writeWhole(join(part, marker), JSON.stringify({ package: pin.package, version: pin.version, bytes }));
    rmSync(folder, { recursive: true, force: true });
    renameWhole(part, folder);
    rmSync(kept, { force: true });
    rmSync(log, { force: true });
    say(`the engine is in ${folder}`);
  });
}

/**
 * Makes this checkout's link to the engine; it replaces another one in one act.
 * @param {Places} places
 * @param {string} folder
 */
export function linkEngine(places, folder) {
  mkdirSync(places.stamps, { recursive: true });
  const beside = `${places.engineLink}.${process.pid}`;
  rmSync(beside, { force: true });
  symlinkSync(folder, beside);
  renameWhole(beside, places.engineLink);
}

/**
 * Whether this checkout's link leads to this engine.
 * @param {Places} places
 * @param {string} folder
 */
export function engineIsLinked(places, folder) {
  try {
    return readlinkSync(places.engineLink) === folder;
  } catch {
    return false;
  }
}

/**
 * Refuses an engine's folder that a person names but that lacks a file.
 * @param {string} folder from ROCINANTE_ENGINE_DIR.
 */
export function checkOwnEngine(folder) {
  const missing = recorded.find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined) {
    throw new SetupFailure(`ROCINANTE_ENGINE_DIR: expected ${missing} in ${folder}, found none`, 2);
  }
}

/**
 * Takes members out of a wheel.
 * @param {Pin} pin
 * @param {string} wheel its path.
 * @param {string} folder where they go.
 * @param {Record<string, string>} places for each beginning of members' names, what takes its place in the folder.
 * @param {string} log receives the output.
 * @throws {SetupFailure} the wheel is damaged, or has no such member.
 */
export async function unpackWheel(pin, wheel, folder, places, log) {
  const script = join(import.meta.dirname, 'unpack_wheel.py');
  const rules = Object.entries(places).map(([prefix, place]) => `${prefix}=${place}`);
  let progress = '';
  const { ok, how, tail } = await during(
    `unpacking ${pin.package} ${pin.version}`,
    () => progress,
    () =>
      runChild('python3', [script, wheel, folder, ...rules], {
        log,
        onOutput: (text) => {
          const [, done, total] = /(\d+) (\d+)\n$/.exec(text) ?? [];
          if (total !== undefined) progress = `${megabytes(Number(done))} of ${megabytes(Number(total))} MB`;
        },
      }),
  );
  if (!ok) throw new SetupFailure(`could not unpack ${wheel}: ${tail.trim().split('\n').at(-1) || how}`, 1);
}

/**
 * Removes what set-ups that died have left: this engine's, whose lock we hold, and others' that nobody works on.
 * @param {Places} places
 * @param {string} folder
 */
export function removeLeftovers(places, folder) {
  rmSync(`${folder}.part`, { recursive: true, force: true });
  for (const name of readdirSync(places.engines)) {
    const other = join(dirname(folder), name.replace(/\.(part|whl)$/, ''));
    if (other === folder || !/\.(part|whl)$/.test(name)) continue;
    ifUnlocked(`${other}.lock`, () => rmSync(join(places.engines, name), { recursive: true, force: true }));
  }
}
