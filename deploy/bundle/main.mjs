// @ts-check
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SetupFailure, saysDiskFull } from '../setup/failure.mjs';
import { readLock } from '../setup/packages.mjs';
import { placesOf } from '../setup/places.mjs';
import { during, megabytes, say } from '../setup/say.mjs';
import { contentHash, writeArchive } from './archive.mjs';
import { fileEntry, textEntry } from './entries.mjs';
import { gpuEngine, processorEngine } from './engine-files.mjs';
import { moduleFiles, productionPackages } from './modules.mjs';
import { nodeBinary } from './node-binary.mjs';
import { noticesText } from './notices.mjs';
import { nodeOptions, projectFiles, versionOf, workerTunables } from './project-files.mjs';

/** @typedef {import('./engine-files.mjs').Engine} Engine */
/** @typedef {import('./tar.mjs').Entry} Entry */

// `./rocinante bundle`: one archive with all that the project needs on another machine.

const root = join(import.meta.dirname, '..', '..');

const usage = `Usage: rocinante bundle [options]

one archive that runs on another Linux machine, with nothing to be installed there

Options:
  --out <file>   where it goes (default: rocinante-<version>-<platform>-<contents>.tar.gz in this folder)
  --gpu          with TensorFlow's kernels for CUDA, and CUDA's libraries (3.4 GB to fetch the first time)
  --no-engine    without TensorFlow: a coordinator, and an operator's commands, but no worker
  --node <file>  the Node.js that goes into it (default: the one that runs this)
  --json         end with one line of JSON on standard output
  --help         show this`;

/**
 * How a bundle is to be made.
 * @typedef {object} Options
 * @property {string | undefined} out
 * @property {boolean} gpu
 * @property {boolean} engine
 * @property {string} node
 * @property {boolean} json
 */

/**
 * Makes a bundle.
 * @param {string[]} argv the words after `bundle`.
 * @returns {Promise<number>} the exit code.
 */
export async function main(argv) {
  if (argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const options = parse(argv);
  const began = performance.now();
  try {
    const { engine, entries } = await collect(options);
    const { folder, all } = await named(entries, options, engine);
    const file = resolve(options.out ?? `${folder}.tar.gz`);
    mkdirSync(dirname(file), { recursive: true });
    const total = all.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    const { bytes, sha256 } = await during(
      `packing ${folder}`,
      () => `${megabytes(done)} of ${megabytes(total)} MB`,
      async () => ({ ok: true, ...(await writeArchive(file, folder, all, (bytes) => (done = bytes))) }),
    );
    const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
    const made = {
      file,
      name: folder,
      bytes,
      sha256,
      unpackedBytes: total,
      files: all.length,
      engine,
      ...commit(),
      seconds,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(made)}\n`);
    else
      process.stdout.write(
        `${file}\n${megabytes(bytes)} MB (${megabytes(total)} MB unpacked), SHA-256 ${sha256}\n`,
      );
    return 0;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw new SetupFailure(
        saysDiskFull(error.message) ? `no space left on the disk: ${error.message}` : error.message,
        1,
      );
    }
    throw error;
  }
}

/**
 * @param {string[]} argv
 * @returns {Options}
 * @throws {SetupFailure} an unknown option, or a missing value.
 */
function parse(argv) {
  /** @type {Options} */
  const options = { out: undefined, gpu: false, engine: true, node: process.execPath, json: false };
  const words = argv.flatMap((word) =>
    /^--(out|node)=/.test(word) ? word.split(/=(.*)/s).slice(0, 2) : [word],
  );
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--gpu') options.gpu = true;
    else if (word === '--no-engine') options.engine = false;
    else if (word === '--json') options.json = true;
    else if (word === '--out' || word === '--node') {
      const value = words.shift();
      if (!value) throw new SetupFailure(`bundle: ${word}: expected a file, received none`, 2);
      options[word === '--out' ? 'out' : 'node'] = value;
    } else
      throw new SetupFailure(
        `bundle: expected --out, --gpu, --no-engine, --node or --json, received ${word}`,
        2,
      );
  }
  if (options.gpu && !options.engine)
    throw new SetupFailure('bundle: --gpu: expected an engine, received --no-engine', 2);
  return options;
}

/**
 * Everything that goes into the bundle but for what says which one it is.
 * @param {Options} options
 * @returns {Promise<{ entries: Entry[], engine: string | null }>}
 */
async function collect(options) {
  const places = placesOf(root, process.env);
  const lock = readLock(root);
  /** @type {Record<string, import('./modules.mjs').Locked>} */
  const packages = lock.packages;
  const node = nodeBinary(options.node);
  /** @type {Engine | null} */
  let engine = null;
  if (options.gpu) engine = await gpuEngine(places, lock, process.env.ROCINANTE_ENGINE_FROM || undefined);
  else if (options.engine) engine = processorEngine(places, lock);

  const { modules, workspaces } = productionPackages(packages);
  const parts = [
    { name: 'Node.js', version: node.version, licence: 'MIT', file: node.licence },
    ...(engine?.notices ?? []),
  ];
  const launcher = readFileSync(join(import.meta.dirname, 'launcher.sh'), 'utf8')
    .replace('@options@', nodeOptions(root))
    .replace('@tunables@', workerTunables(root));
  const entries = [
    { path: 'node', file: node.file, size: statSync(node.file).size, executable: true },
    textEntry('rocinante', launcher, true),
    fileEntry(root, 'deploy/bundle/start.mjs', { as: 'start.mjs' }),
    textEntry('THIRD-PARTY-NOTICES', noticesText(root, parts, modules, packages)),
    ...projectFiles(root, workspaces),
    ...moduleFiles(root, packages),
    ...(engine?.entries ?? []),
  ];
  return { entries: sorted(entries), engine: engine?.name ?? null };
}

/**
 * Adds the file that says which bundle this is: its name has a hash of all that is in it.
 * @param {Entry[]} entries
 * @param {Options} options
 * @param {string | null} engine
 */
async function named(entries, { gpu }, engine) {
  const version = versionOf(root);
  const platform = `${process.platform}-${process.arch}`;
  let id = '';
  await during(
    'reading what goes into it',
    () => '',
    async () => {
      id = (await contentHash(entries)).slice(0, 12);
      return { ok: true };
    },
  );
  const kind = gpu ? '-gpu' : engine === null ? '-no-engine' : '';
  const folder = `rocinante-${version}-${platform}${kind}-${id}`;
  // What it takes on a disk, for whoever copies it to another machine; this file itself is a block.
  const unpackedBytes = entries.reduce((sum, { size }) => sum + size, 0);
  const about = { name: folder, version, platform, engine, unpackedBytes };
  return {
    folder,
    all: sorted([...entries, textEntry('bundle.json', `${JSON.stringify(about, null, 2)}\n`)]),
  };
}

/**
 * In the order of the paths' bytes, whatever this machine's language.
 * @param {Entry[]} entries
 */
function sorted(entries) {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** The commit that the bundle was made of, for people: it is not in the bundle, whose bytes follow from its files alone. */
function commit() {
  const git = (/** @type {string[]} */ ...args) =>
    spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', 'HEAD');
  if (status !== 0) return { commit: null };
  const changes = git('status', '--porcelain', '--untracked-files=no').stdout.trim();
  if (changes !== '') say('the checkout has changes that are not committed');
  return { commit: stdout.trim(), changed: changes !== '' };
}
