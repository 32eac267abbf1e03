// @ts-check
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { SetupFailure } from './failure.mjs';
import { findCompiler } from './prerequisites.mjs';
import { during } from './say.mjs';

// The binding is the C++ part of @tensorflow/tfjs-node-gpu, compiled by one command. It speaks Node-API, whose binary
// interface is stable, so one file serves every version of Node; the headers come from the package node-api-headers.

/** The packages whose bytes decide what the binding is. */
export const bindingPackages = ['node_modules/@tensorflow/tfjs-node-gpu', 'node_modules/node-api-headers'];

/** The file that the engine's folder holds. */
export const bindingFile = join('binding', 'tfjs_binding.node');

/** Options that do not depend on the machine. NAPI_VERSION 8 is the newest that the package itself asks for. */
const options = ['-std=c++17', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=8', '-w'];

/** The binding looks for the engine's library in the folder beside its own. */
const linkOptions = ['-Wl,-rpath,$ORIGIN/../lib'];

/** Everything about the compilation that should make another engine of it; part of the cache's key. */
export const recipe = [...options, ...linkOptions].join(' ');

/**
 * Compiles the binding.
 * @param {string} root the checkout, with its packages installed.
 * @param {string} engine the engine's folder, with `lib` and `include` filled; receives `binding`.
 * @param {string} log receives the compiler's output.
 * @throws {SetupFailure} the compiler failed.
 */
export async function compileBinding(root, engine, log) {
  const compiler = /** @type {string} */ (findCompiler());
  const [binding, headers] = bindingPackages.map((path) => join(root, path));
  mkdirSync(join(engine, 'binding'), { recursive: true });
  const args = [
    ...options,
    `-I${join(headers, 'include')}`,
    `-I${join(engine, 'include')}`,
    join(binding, 'binding', 'tfjs_backend.cc'),
    join(binding, 'binding', 'tfjs_binding.cc'),
    '-o',
    join(engine, bindingFile),
    join(engine, 'lib', 'libtensorflow_cc.so.2'),
    join(engine, 'lib', 'libtensorflow_framework.so.2'),
    ...linkOptions,
  ];
  const { ok, how } = await during(
    `compiling the binding (${compiler})`,
    () => '',
    () => runChild(compiler, args, { log }),
  );
  if (!ok)
    throw new SetupFailure(`could not compile the binding: ${compiler}: ${how}; its output is in ${log}`, 1);
}

/**
 * Loads the binding in a process of its own, and checks which TensorFlow it finds.
 * @param {string} engine
 * @param {string} version what it must report.
 * @param {string} log
 * @throws {SetupFailure} it does not load, as on a processor that lacks instructions it was built for, or reports another version.
 */
export async function checkBinding(engine, version, log) {
  const script = `process.stdout.write('TF_Version=' + require(process.argv[1]).TF_Version)`;
  const { ok, how, tail } = await runChild(process.execPath, ['-e', script, join(engine, bindingFile)], {
    log,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const found = /TF_Version=(\S*)/.exec(tail)?.[1];
  if (!ok) {
    const said = tail.split('\n').find((line) => line.startsWith('Error:')) ?? how;
    throw new SetupFailure(`the engine does not load on this machine: ${said}; its output is in ${log}`, 1);
  }
  if (found !== version)
    throw new SetupFailure(`the engine: expected TensorFlow ${version}, received ${found}`, 1);
}
