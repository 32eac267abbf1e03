/**
 * Goal: a bundle for GPUs has every library that is pinned, where TensorFlow looks for it, with its licence. Method: the
 * function that `bundle --gpu` calls, on wheels of the real names and members whose libraries are a few bytes, from a folder;
 * in place of TensorFlow's wheel for GPUs the one for processors, which is there. No card and no CUDA are needed, and none is
 * tried: what runs on a card is not shown here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory } from '@rocinante/base';
import { projectRoot } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';

interface Pin {
  readonly package: string;
  readonly version: string;
  readonly fileName: string;
  readonly files: readonly string[];
  readonly licence: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Engine {
  readonly name: string;
  readonly entries: readonly { path: string; file: string; size: number; executable: boolean }[];
  readonly notices: readonly { name: string; version: string; file: string }[];
}

const place = 'node_modules/.rocinante/engine/';
const workspace = new Workspace();
const wheels = workspace.in('wheels');
const { cpu, cuda } = JSON.parse(
  readFileSync(join(projectRoot, 'deploy', 'setup', 'engine-pin.json'), 'utf8'),
) as { cpu: object; cuda: readonly Pin[] };

/** Writes a wheel for each pin on standard input, with its members, each of which holds its own name. */
const makeWheels = `
import json, os, sys, zipfile
for pin in json.load(sys.stdin):
    with zipfile.ZipFile(os.path.join(sys.argv[1], pin["fileName"]), "w") as wheel:
        for member in [*pin["files"], pin["licence"], "nvidia/more/lib/libmore.so", "nvidia/more/include/more.h"]:
            wheel.writestr(member, member)
`;

const program = `
const [root] = process.argv.slice(1);
const { gpuEngine } = await import(root + '/deploy/bundle/engine-files.mjs');
const { placesOf } = await import(root + '/deploy/setup/places.mjs');
const { readLock } = await import(root + '/deploy/setup/packages.mjs');
const engine = await gpuEngine(placesOf(root, process.env), readLock(root), process.env.WHEELS);
process.stdout.write(JSON.stringify(engine));
`;

function gpuEngine(pin: string): { engine: Engine | null; stderr: string } {
  const env = {
    ...process.env,
    ROCINANTE_CACHE: workspace.in('cache'),
    ROCINANTE_ENGINE_PIN: pin,
    WHEELS: wheels,
  };
  const words = ['--input-type=module', '-e', program, projectRoot];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  return { engine: status === 0 ? (JSON.parse(stdout) as Engine) : null, stderr };
}

let pins: readonly Pin[];

beforeAll(() => {
  mkdirSync(wheels);
  mkdirSync(workspace.in('cache'));
  // The engine for processors is whole there; nothing is written into its folder.
  symlinkSync(join(cacheDirectory(process.env), 'engine'), workspace.in('cache', 'engine'));
  execFileSync('python3', ['-c', makeWheels, wheels], { input: JSON.stringify(cuda) });
  pins = cuda.map((pin) => {
    const bytes = readFileSync(join(wheels, pin.fileName));
    return { ...pin, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}, 180_000);

afterAll(() => workspace.remove());

describe('the engine for GPUs', { timeout: 180_000 }, () => {
  it('has what TensorFlow opens, beside its own library, and nothing else of the wheels', () => {
    const { engine, stderr } = gpuEngine(workspace.write('pin.json', { cpu, gpu: cpu, cuda: pins }));
    expect(engine, stderr).not.toBeNull();
    expect(stderr).toMatch(
      /the engine for GPUs: \d+ wheels of [^\n]*; bundle without --gpu does without it\n/,
    );
    const paths = engine!.entries.map(({ path }) => path.slice(place.length));
    expect(paths.filter((path) => path.startsWith('nvidia/'))).toEqual(cuda.flatMap(({ files }) => files));
    // TensorFlow's run paths are $ORIGIN/../nvidia/<part>/lib, from `lib`.
    const libraries = [
      ...['cublas/lib/libcublas.so.12', 'cublas/lib/libcublasLt.so.12', 'cuda_runtime/lib/libcudart.so.12'],
      ...['cudnn/lib/libcudnn.so.9', 'cufft/lib/libcufft.so.11', 'cusolver/lib/libcusolver.so.11'],
      ...['cusparse/lib/libcusparse.so.12', 'nccl/lib/libnccl.so.2', 'nvjitlink/lib/libnvJitLink.so.12'],
    ];
    expect(paths).toEqual(expect.arrayContaining(libraries.map((library) => `nvidia/${library}`)));
    expect(paths).toEqual(expect.arrayContaining(['lib/libtensorflow_cc.so.2', 'binding/tfjs_binding.node']));
    const programs = engine!.entries.filter(({ executable }) => executable).map(({ path }) => path);
    expect(programs).toEqual([`${place}nvidia/cuda_nvcc/bin/ptxas`]);
    for (const { path, file } of engine!.entries.filter(({ path }) => path.startsWith(`${place}nvidia/`))) {
      expect(readFileSync(file, 'utf8')).toBe(path.slice(place.length));
    }
    expect(engine!.notices.map(({ name }) => name)).toEqual([
      'TensorFlow',
      ...cuda.map((pin) => pin.package),
    ]);
  });

  it('is not taken from a wheel with other bytes; what came before stays', () => {
    const [first, second] = pins.map((pin) => ({ ...pin, files: pin.files.slice(0, 1) }));
    const damaged = { ...second, sha256: '0'.repeat(64) };
    const { engine, stderr } = gpuEngine(
      workspace.write('damaged.json', { cpu, gpu: cpu, cuda: [first, damaged] }),
    );
    expect(engine).toBeNull();
    expect(stderr).toMatch(
      new RegExp(`${second.fileName}: expected sha256 0{64}, received ${second.sha256}`),
    );
    const folders = readdirSync(workspace.in('cache', 'cuda')).filter(
      (name) => !/\.(lock|log|part)$/.test(name),
    );
    expect(folders.filter((name) => name.startsWith(first.package))).toHaveLength(2);
    expect(folders.filter((name) => name.startsWith(second.package))).toHaveLength(1);
  });

  it('is pinned to the byte', () => {
    for (const pin of cuda) {
      expect(pin.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(pin.fileName).toContain(`-${pin.version}-`);
      expect(pin.files.every((file) => file.startsWith('nvidia/'))).toBe(true);
    }
  });
});
