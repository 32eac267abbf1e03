// Goal: with a card, a command gets the engine for GPUs whole, or goes on with the processor, or ends, in one line as it was asked.
// Method: the real launcher and pip on a small checkout, with wheels of a few bytes in an index on this machine, a stand-in for
// nvidia-smi, and an engine that computes where the libraries of its CUDA lie beside it. No card takes part.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cacheEntries,
  Checkout,
  makeFakeEngine,
  pinOf,
  temporaryFolder,
  writePins,
  type Ended,
  type FakeEngine,
} from './checkout.js';
import { PackageIndex, type IndexedWheel } from './package-index.js';

const H200 = '0, GPU-0a, NVIDIA H200, 9.0, 570.26';

let folder: string;
let cpu: FakeEngine;
let gpu: FakeEngine;
let cuda: (IndexedWheel & { files: string[] })[];
let index: PackageIndex;
let checkout: Checkout;
let env: Record<string, string>;

/** Writes a wheel: its path, its package, its folder of metadata, and members, which hold their own names. */
const wheelOf = `
import sys, zipfile
file, package, info, *members = sys.argv[1:]
with zipfile.ZipFile(file, "w") as wheel:
    for member in [*members, info + "/License.txt"]:
        wheel.writestr(member, member)
    wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: " + package + "\\nVersion: 1.0\\n")
    wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-any\\n")
    wheel.writestr(info + "/RECORD", "")
`;

function makeCuda(part: string, files: string[]): IndexedWheel & { files: string[] } {
  const name = `nvidia-${part}-cu12`;
  const fileName = `nvidia_${part}_cu12-1.0-py3-none-any.whl`;
  const file = join(folder, fileName);
  const words = [file, name, `nvidia_${part}_cu12-1.0.dist-info`, ...files, 'nvidia/more.so'];
  execFileSync('python3', ['-c', wheelOf, ...words]);
  return { package: name, fileName, wheel: readFileSync(file), files };
}

beforeAll(async () => {
  folder = temporaryFolder('gpu-setup');
  cpu = makeFakeEngine(folder, 1e4);
  gpu = makeFakeEngine(folder, 1e4, 'rocinante-fake-gpu-engine');
  cuda = [makeCuda('fake', ['nvidia/fake/lib/libfake.so.1']), makeCuda('nvcc', ['nvidia/nvcc/bin/ptxas'])];
  index = await PackageIndex.start(cpu, gpu, ...cuda);
  checkout = Checkout.make(join(folder, 'checkout'), {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: index.url,
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '0',
    CXX: cpu.compiler,
    // Whatever there is on this machine is not seen.
    ROCINANTE_DRIVER_ROOT: join(folder, 'nowhere'),
  });
  checkout.writeProgram(
    `console.log([...argv, process.env.ROCINANTE_ENGINE_DIR ?? 'linked'].join(' ')); return Promise.resolve(0);`,
    'declare const process: { env: Record<string, string | undefined> };',
  );
}, 180_000);

afterAll(async () => {
  await index.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  index.reset();
  env = {
    ROCINANTE_CACHE: join(folder, 'cache'),
    ROCINANTE_ENGINE_PIN: writePins(folder, pins()),
    ...smi(H200),
  };
});

function pins(changes: object = {}): object {
  const wheels = cuda.map((one, place) => ({
    ...pinOf(one),
    files: one.files,
    licence: `nvidia_${['fake', 'nvcc'][place]}_cu12-1.0.dist-info/License.txt`,
  }));
  return { cpu: pinOf(cpu), gpu: { ...pinOf(gpu), ...changes }, cuda: wheels };
}

let smiCount = 0;

/** An nvidia-smi that says this and ends with the code, before all other programs. */
function smi(text: string, code = 0): Record<string, string> {
  const bin = join(folder, `bin-${(smiCount += 1)}`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\necho '${text}'\nexit ${code}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${process.env.PATH}` };
}

/** The launcher's lines but for what it is doing, without its name. */
function told({ stderr }: Ended): string[] {
  return stderr
    .split('\n')
    .filter(
      (line) =>
        line !== '' &&
        !/( \.\.\.|done in [\d.]+ s|, [\d.]+ s|rocinante: set up|^rocinante: the engine\b.* is in \S+)$/.test(
          line,
        ),
    )
    .map((line) => line.replace(/^rocinante: /, ''));
}

const announced =
  /^the engine for GPUs: 3 wheels of 0\.0 GB are downloaded, and take 0\.0 GB in .*; --device cpu does/;
const gpuEngine = (): string | undefined =>
  cacheEntries(env.ROCINANTE_CACHE).find((name) => /-cuda-[0-9a-f]{12}$/.test(name));

describe('where there is a card', { timeout: 120_000 }, () => {
  it('the engine for GPUs is fetched once, put together, tried, and beside the processor’s', async () => {
    const first = await checkout.run(['train', '--json'], env);
    expect(first.code, first.stderr).toBe(0);
    const place = join(env.ROCINANTE_CACHE, 'engine', gpuEngine()!);
    expect(first.stdout).toBe(`train --device gpu --json ${place}\n`);
    expect(told(first)).toEqual([expect.stringMatching(announced)]);
    expect(first.stderr).toContain('trying the card: done');
    expect(index.requests).toEqual([gpu, ...cuda].map((wheel) => wheel.package));
    expect(readFileSync(join(place, 'nvidia/fake/lib/libfake.so.1'), 'utf8')).toBe(
      'nvidia/fake/lib/libfake.so.1',
    );
    expect(statSync(join(place, 'nvidia/nvcc/bin/ptxas')).mode & 0o111).toBe(0o111);
    expect(statSync(join(place, 'lib/libtensorflow_cc.so.2')).nlink).toBe(2);
    expect(existsSync(join(place, 'nvidia/more.so'))).toBe(false);
    expect(JSON.parse(readFileSync(join(place, 'cuda.json'), 'utf8'))).toMatchObject({
      'rocinante-fake-gpu-engine': '1.0',
      'nvidia-fake-cu12': '1.0',
    });

    const second = await checkout.run(['replay', 'run', '--device=auto'], env);
    expect(second).toMatchObject({ code: 0, stdout: `replay --device gpu run ${place}\n`, stderr: '' });
    expect(index.requestCount).toBe(3);

    // `cpu` never asks for it, and has its own beside.
    const onProcessor = await checkout.run(['sample', '--device', 'cpu'], { ...env, ...smi('not asked', 1) });
    expect(onProcessor.stdout).toBe('sample --device cpu linked\n');
    expect(told(onProcessor)).toEqual([]);
    expect(index.requests.slice(3)).toEqual([cpu.package]);
    expect(gpuEngine()).toBeDefined();
  });

  it('a set-up that was cut goes on where it was', async () => {
    rmSync(join(env.ROCINANTE_CACHE, 'engine', gpuEngine()!), { recursive: true });
    const cudaFolders = join(env.ROCINANTE_CACHE, 'cuda');
    const second = readdirSync(cudaFolders).find(
      (name) => name.startsWith('nvidia-nvcc') && !name.endsWith('.lock'),
    )!;
    rmSync(join(cudaFolders, second), { recursive: true });
    index.behaviour = 'stalls';
    index.misbehaving = cuda[1].package;
    const killed = checkout.start(['train', '--device', 'gpu'], env);
    await index.whenHalfSent();
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(gpuEngine()).toBeUndefined();

    index.reset();
    // A file of the engine goes, which it must notice.
    const again = await checkout.run(['train', '--device', 'gpu'], env);
    expect(again.code, again.stderr).toBe(0);
    expect(index.requests).toEqual([cuda[1].package]);
    const library = join(env.ROCINANTE_CACHE, 'engine', gpuEngine()!, 'nvidia/fake/lib/libfake.so.1');
    rmSync(library);
    const mended = await checkout.run(['train', '--device', 'gpu'], env);
    expect(mended.stdout, mended.stderr).toContain('train --device gpu /');
    expect([existsSync(library), index.requestCount]).toEqual([true, 1]);
    expect(readdirSync(join(env.ROCINANTE_CACHE, 'engine')).filter((name) => name.endsWith('.part'))).toEqual(
      [],
    );
  });

  it.each([
    [['doctor'], {}, /^doctor \/.*-cuda-[0-9a-f]{12}$/],
    [['run', 'list'], {}, /^run list linked$/],
    [['evaluate', 'w'], { ROCINANTE_DEVICE: 'cpu' }, /^evaluate w linked$/],
    [['train', '--help'], {}, /^train --help linked$/],
    [['train', '--gpus', '0'], { ROCINANTE_DEVICE: 'auto' }, /^train --device gpu --gpus 0 \/.*-cuda-/],
  ])('%j with %j has the engine that it should', async (words, more, line) => {
    const ended = await checkout.run(words, { ...env, ...more });
    expect(ended.stdout.trimEnd()).toMatch(line);
    expect([ended.stderr, index.requestCount]).toEqual(['', 0]);
  });

  it('the disk’s room is looked at before anything is fetched', async () => {
    env.ROCINANTE_CACHE = join(folder, 'empty');
    env.ROCINANTE_ENGINE_PIN = writePins(folder, pins({ unpackedBytes: 1e18 }));
    const ended = await checkout.run(['train', '--device', 'gpu'], env);
    expect([ended.code, index.requestCount]).toEqual([1, 0]);
    expect(told(ended)[1]).toMatch(
      /^--device gpu: \S+: expected 1000000000\.0 GB free for the engine for GPUs, found [\d.]+ GB; make room/,
    );
  });
});

// The cache has both engines by now.
describe('a GPU that cannot be used', { timeout: 120_000 }, () => {
  const mute = 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.';

  it.each([
    [
      'no driver',
      smiOf(mute, 9),
      2,
      /^--device gpu: no NVIDIA driver: expected 525\.60\.13 or newer, found none \(nvidia-smi: NVIDIA-SMI has failed/,
    ],
    [
      'a driver too old',
      smiOf('0, GPU-0a, NVIDIA A100, 8.0, 470.57.02'),
      2,
      /^--device gpu: driver too old: expected 525\.60\.13 or newer for card 0/,
    ],
    [
      'a card too old',
      smiOf('0, GPU-0a, Tesla M40, 5.2, 570.26'),
      2,
      /^--device gpu: card too old: expected compute capability 6\.0 or more/,
    ],
  ])(
    'ends a command that asks for it, in one line and before anything is fetched: %s',
    async (_what, say, code, line) => {
      const ended = await checkout.run(['worker', '--device', 'gpu'], { ...env, ...say() });
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(told(ended)).toEqual([expect.stringMatching(line)]);
      expect(index.requestCount).toBe(0);
    },
  );

  it('is told of in one line, and the processor taken, where the command leaves it open', async () => {
    const old = await checkout.run(['train'], { ...env, ...smi('0, GPU-0a, NVIDIA H200, 9.0, 550.54.15') });
    expect(old).toMatchObject({ code: 0, stdout: 'train --device cpu linked\n' });
    expect(told(old)).toEqual([
      expect.stringMatching(/^computing on the processor: driver too old: expected 555\.42\.02/),
    ]);
  });

  it('is found by trying it, where the driver or a library refuses', async () => {
    const STAND_IN_SAYS =
      "W0000 dso_loader.cc:59] Could not load dynamic library 'libcudnn.so.9'; dlerror: no";
    // Another driver, for which the card was not tried yet.
    Object.assign(env, smi('0, GPU-0a, NVIDIA H200, 9.0, 580.65.06'));
    const asked = await checkout.run(['train', '--device', 'gpu'], { ...env, STAND_IN_SAYS });
    expect(asked.code).toBe(1);
    expect(told(asked)).toEqual([
      expect.stringMatching(
        /^--device gpu: CUDA library not found: expected libcudnn\.so\.9 in \S+nvidia or .*; all it said is in /,
      ),
    ]);
    // As TensorFlow says it where there is no driver.
    const noDriver =
      'E0000 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: Failed call: UNKNOWN ERROR (303)';
    const left = await checkout.run(['train'], { ...env, STAND_IN_SAYS: noDriver });
    expect(left).toMatchObject({ code: 0, stdout: 'train --device cpu linked\n' });
    expect(told(left)).toEqual([
      expect.stringMatching(
        /^computing on the processor: the driver's library is not there: expected libcuda\.so\.1/,
      ),
    ]);
  });
});

describe('a card that is tried', { timeout: 120_000 }, () => {
  it.each(['Exp', 'BitwiseAnd', 'SelectV2'])(
    'compiles %s in a thread, or is not taken',
    async (operation) => {
      Object.assign(env, smi('0, GPU-0a, NVIDIA H200, 9.0, 570.86.15'));
      const ended = await checkout.run(['train', '--device', 'gpu'], { ...env, STAND_IN_LACKS: operation });
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(told(ended).at(-1)).toMatch(
        new RegExp(
          String.raw`^--device gpu: a kernel is not compiled on the card \(${operation}\): expected bin/ptxas, .* in ` +
            String.raw`\S+-cuda-[0-9a-f]{12}/nvidia/cuda_nvcc; look there, or use --device cpu; all it said is in `,
        ),
      );
    },
  );

  it('is the one of several that a command computes on, and the command itself is shown all', async () => {
    const STAND_IN_CARDS = join(folder, 'cards');
    Object.assign(env, smi('0, GPU-0a, Tesla M40, 5.2, 570.99\n1, GPU-1a, NVIDIA H200, 9.0, 570.99'));
    checkout.writeProgram(
      `console.log(argv[0] + ' ' + process.env.CUDA_VISIBLE_DEVICES); return Promise.resolve(0);`,
      'declare const process: { env: Record<string, string | undefined> };',
    );
    const ended = await checkout.run(['train', '--device', 'gpu'], { ...env, STAND_IN_CARDS });
    expect(ended).toMatchObject({ code: 0, stdout: 'train undefined\n' });
    expect(readFileSync(STAND_IN_CARDS, 'utf8')).toBe('GPU-1a');
    // Nobody computes on the other, unless all are asked for.
    const doubt = /^card 0 \(Tesla M40, compute capability 5\.2\): cuDNN has kernels for /;
    expect(told(ended).filter((line) => doubt.test(line))).toEqual([]);
    const several = await checkout.run(['train', '--gpus', 'all'], { ...env, STAND_IN_CARDS });
    expect(several.code).toBe(0);
    expect(told(several)).toContainEqual(expect.stringMatching(doubt));
  });
});

/** As `smi`, once the test runs. */
function smiOf(text: string, code = 0): () => Record<string, string> {
  return () => smi(text, code);
}
