import { execFileSync, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { IndexedWheel } from './package-index.js';

const repository = resolve(import.meta.dirname, '..', '..');

/** How a launcher ended, and what it wrote. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A launcher that runs. */
export interface Running {
  process: ChildProcess;
  /** What it has written to standard error so far. */
  stderr: () => string;
  ended: Promise<Ended>;
}

/** The fake engine: a wheel, the pin that names it, and a compiler that gives a binding which loads. */
export interface FakeEngine {
  package: string;
  version: string;
  fakeLibrarySize: number;
  fileName: string;
  folder: string;
  wheel: Buffer;
  /** Writes a pin file for the wheel, with some fields changed. */
  pin: (changes?: object) => string;
  compiler: string;
}

/** An empty folder below the system's temporary one. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `rocinante-${name}-`));
}

/**
 * Makes the fake engine; its library is `fakeLibrarySize` of zeros.
 * The compiler's stand-in copies a binding that was compiled here, for the real one takes ten seconds and the real headers.
 */
export function makeFakeEngine(
  folder: string,
  fakeLibrarySize: number,
  name = 'rocinante-fake-engine',
): FakeEngine {
  const version = '1.0';
  const fileName = `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`;
  const file = join(folder, fileName);
  const script = join(import.meta.dirname, 'make_wheel.py');
  execFileSync('python3', [script, file, name, version, String(fakeLibrarySize)]);
  const wheel = readFileSync(file);

  const source = join(folder, 'binding.cc');
  const binding = join(folder, 'binding.node');
  writeFileSync(
    source,
    `#include <node_api.h>
     NAPI_MODULE_INIT() {
       napi_value source, binding;
       napi_create_string_utf8(env, R"js(${fakeBinding(version)})js", NAPI_AUTO_LENGTH, &source);
       return napi_run_script(env, source, &binding) == napi_ok ? binding : nullptr;
     }`,
  );
  const headers = join(repository, 'node_modules', 'node-api-headers', 'include');
  if (!existsSync(binding)) execFileSync('c++', ['-shared', '-fPIC', `-I${headers}`, source, '-o', binding]);
  const compiler = join(folder, 'compiler');
  writeFileSync(compiler, `#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp '${binding}' "$2"\n`, {
    mode: 0o755,
  });

  const indexed = { package: name, fileName, wheel };
  const pin = (changes: object = {}): string => writePins(folder, { cpu: { ...pinOf(indexed), ...changes } });
  return { package: name, version, fakeLibrarySize, fileName, folder, wheel, pin, compiler };
}

/** What pins a wheel. */
export function pinOf({ package: name, fileName, wheel }: IndexedWheel): object {
  return {
    package: name,
    version: '1.0',
    fileName,
    bytes: wheel.length,
    sha256: createHash('sha256').update(wheel).digest('hex'),
    platform: 'manylinux_2_27_x86_64',
    pythonVersion: '3.11',
  };
}

/** Writes a pin file below the folder, and gives its path. */
export function writePins(folder: string, pins: object): string {
  const file = join(mkdtempSync(join(folder, 'pin-')), 'pin.json');
  writeFileSync(file, JSON.stringify(pins));
  return file;
}

/**
 * What the fake binding is: it says its version, and computes what a card is tried with. It is on a card where the libraries of the
 * fake CUDA lie beside it and STAND_IN_SAYS is not set, which else is what it writes to standard error. Off the main thread, as the
 * engine runs, it has no kernel for the op that STAND_IN_LACKS names. It notes in STAND_IN_CARDS, a file, which card is visible.
 */
function fakeBinding(version: string): string {
  return `(() => {
    const library = process.argv.at(-1).replace(/binding.[^/]*$/, 'nvidia/fake/lib/libfake.so.1');
    const complaint = process.env.STAND_IN_SAYS;
    if (complaint) process.getBuiltinModule('node:fs').writeSync(2, complaint + '\\n');
    const { CUDA_VISIBLE_DEVICES, STAND_IN_CARDS, STAND_IN_LACKS } = process.env;
    if (STAND_IN_CARDS) process.getBuiltinModule('node:fs').writeFileSync(STAND_IN_CARDS, CUDA_VISIBLE_DEVICES);
    const { isMainThread } = process.getBuiltinModule('node:worker_threads');
    const tensors = [];
    const make = (values) => ({ id: tensors.push(values) - 1, shape: [2, 2], dtype: 1 });
    const operations = {
      MatMul: ([a, b, c, d], [e, f, g, h]) => [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h],
      Mul: (left, right) => left.map((value, index) => value * right[index]),
      Exp: (values) => values.map(Math.exp),
      Cast: (values) => values,
      BitwiseAnd: (left, [right]) => left.map((value) => value & right),
      SelectV2: (conditions, left, right) => conditions.map((chosen, index) => (chosen ? left : right)[index]),
    };
    const compute = (name, inputs) => {
      if (name === STAND_IN_LACKS && !isMainThread)
        throw new Error('Invalid TF_Status: 2\\nMessage: JIT compilation failed.');
      return operations[name](...inputs);
    };
    return {
      TF_Version: '${version}',
      isUsingGpuDevice: () => !complaint && process.getBuiltinModule('node:fs').existsSync(library),
      createTensor: (shape, type, values) => make([...values]).id,
      executeOp: (name, attributes, ids) => [make(compute(name, ids.map((id) => tensors[id])))],
      tensorDataSync: (id) => Float32Array.from(tensors[id]),
    };
  })()`;
}

/** A small checkout around the real launcher and the real set-up: its one program prints its arguments as JSON. */
export class Checkout {
  constructor(
    readonly root: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Makes one whose packages are links to this repository's, so that `npm ci` needs no network. */
  static make(root: string, env: Record<string, string>): Checkout {
    mkdirSync(join(root, 'apps', 'coordinator', 'src'), { recursive: true });
    mkdirSync(join(root, 'libs'));
    cpSync(join(repository, 'rocinante'), join(root, 'rocinante'));
    cpSync(join(repository, 'deploy', 'setup'), join(root, 'deploy', 'setup'), {
      recursive: true,
      filter: (path) => !path.endsWith('.state'),
    });
    mkdirSync(join(root, 'libs', 'engine', 'src'), { recursive: true });
    for (const name of ['nvidia-cards.mjs', 'nvidia-fitness.mjs']) {
      const file = join('libs', 'engine', 'src', name);
      cpSync(join(repository, file), join(root, file));
    }
    const modules = join(repository, 'node_modules');
    const write = (file: string, value: unknown): void =>
      writeFileSync(join(root, file), JSON.stringify(value));
    write('package.json', {
      name: 'checkout',
      private: true,
      type: 'module',
      dependencies: { typescript: `file:${join(modules, 'typescript')}` },
    });
    write('tsconfig.json', { files: [], references: [{ path: 'apps/coordinator' }] });
    write('apps/coordinator/tsconfig.json', {
      compilerOptions: {
        composite: true,
        rootDir: 'src',
        outDir: 'dist',
        module: 'NodeNext',
        target: 'ES2023',
        types: [],
      },
      include: ['src'],
    });
    const checkout = new Checkout(root, env);
    checkout.writeProgram('console.log(JSON.stringify(argv)); return Promise.resolve(argv.length);');
    execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
      cwd: root,
      env: cleanEnv({}),
    });
    return checkout;
  }

  writeProgram(body: string, declarations = ''): void {
    const text = `declare const console: { log(text: string): void }; ${declarations}
      export function main(argv: string[]): Promise<number> { ${body} }`;
    writeFileSync(join(this.root, 'apps', 'coordinator', 'src', 'main.ts'), text);
  }

  /** Another checkout with the same contents and node_modules. */
  copy(root: string): Checkout {
    cpSync(this.root, root, { recursive: true, verbatimSymlinks: true });
    return new Checkout(root, this.env);
  }

  start(args: string[], env: Record<string, string>): Running {
    const child = spawn(join(this.root, 'rocinante'), args, {
      env: cleanEnv({ ...this.env, ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return running(child);
  }

  /** As a person does: what is written, to either output, is all in `stdout`. */
  runInTerminal(args: string[], env: Record<string, string>): Promise<Ended> {
    return running(
      spawn('python3', ['-c', IN_TERMINAL, join(this.root, 'rocinante'), ...args], {
        env: cleanEnv({ ...this.env, ...env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended;
  }

  /** With a standard error that takes nothing, as a log on a full disk. */
  runUnheard(args: string[], env: Record<string, string>): Promise<Ended> {
    return running(
      spawn('sh', ['-c', 'exec "$0" "$@" 2>/dev/full', join(this.root, 'rocinante'), ...args], {
        env: cleanEnv({ ...this.env, ...env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended;
  }

  run(args: string[], env: Record<string, string>): Promise<Ended> {
    return this.start(args, env).ended;
  }
}

/** A program of Python's that runs a command in a terminal of its own, and writes what comes to its own output. */
const IN_TERMINAL = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';

/** What lies in the cache, but for locks: a whole engine's folder, or leftovers. */
export function cacheEntries(cache: string): string[] {
  const folder = join(cache, 'engine');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.lock')) : [];
}

function running(child: ChildProcessByStdio<null, Readable, Readable>): Running {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const ended = new Promise<Ended>((done) =>
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr })),
  );
  return { process: child, stderr: () => stderr, ended };
}

/** This process's environment without what would lead the launcher or pip elsewhere. */
function cleanEnv(more: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(ROCINANTE_|PIP_|npm_|NODE_OPTIONS|VITEST)/i.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...more };
}
