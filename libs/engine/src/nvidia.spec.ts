// Goal: what is told of drivers and cards is what there is, and each hindrance is one line with what to do. Method: folders as
// the kernel's module shows them, and stand-ins for nvidia-smi that print what the real one does.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  computingCard,
  gpuDoubt,
  gpuHindrance,
  readNvidia,
  servesCudnn,
  soleCard,
  visibleCards,
  type Nvidia,
} from './nvidia.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nvidia-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(file: string, text: string, mode = 0o644): void {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

/** A program `nvidia-smi` that says this and ends with the code; it is asked only where it is written. */
function writeSmi(text: string, code = 0): void {
  write('bin/nvidia-smi', `#!/bin/sh\necho '${text}'\nexit ${code}\n`, 0o755);
}

const read = (): Nvidia => readNvidia({ ROCINANTE_DRIVER_ROOT: root, PATH: join(root, 'bin') });

const information = `Model: \t\t NVIDIA H200
IRQ:   \t\t 18
GPU UUID: \t GPU-11111111-2222-3333-4444-555555555555
Device Minor: \t 0
`;
const ownModule =
  'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  gcc version 12\n';
const openModule =
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.26  Release Build  (dvs-builder@U16)\n';

const card = (index: number, capability: string | null = '9.0', name = 'NVIDIA H200') => ({
  index,
  uuid: `GPU-${index}a`,
  name,
  capability,
});

describe('what there is of NVIDIA’s', () => {
  it('is what nvidia-smi lists', () => {
    writeSmi('0, GPU-0a, NVIDIA H200, 9.0, 570.26\n1, GPU-1a, Tesla P4, 6.1, 570.26');
    const cards = [card(0), card(1, '6.1', 'Tesla P4')];
    expect(read()).toEqual({ driver: '570.26', cards, trouble: null });
  });

  it('has the compute capability of a model that is known where nvidia-smi does not say it', () => {
    writeSmi('0, GPU-0a, NVIDIA H200, [N/A], 570.26\n1, GPU-1a, NVIDIA GeForce RTX 4090, [N/A], 570.26');
    expect(read().cards).toEqual([card(0), card(1, null, 'NVIDIA GeForce RTX 4090')]);
  });

  it.each([
    [ownModule, '550.54.15'],
    [openModule, '570.26'],
    ['something else\n', 'unknown'],
  ])('is without nvidia-smi what the kernel’s module shows: %j', (version, driver) => {
    write('proc/driver/nvidia/version', version);
    write('proc/driver/nvidia/gpus/0000:19:00.0/information', information);
    write('dev/nvidia0', '');
    const uuid = 'GPU-11111111-2222-3333-4444-555555555555';
    const cards = [{ index: 0, uuid, name: 'NVIDIA H200', capability: '9.0' }];
    expect(read()).toEqual({ driver, cards, trouble: null });
  });

  it.each([
    ['NVIDIA A100-SXM4-40GB', '8.0'],
    ['Tesla V100-PCIE-16GB', '7.0'],
    ['NVIDIA L40S', '8.9'],
    ['NVIDIA RTX A2000', null],
    ['NVIDIA GeForce RTX 4090', null],
  ])('has without nvidia-smi the compute capability of a model that is known: %s', (name, capability) => {
    write('proc/driver/nvidia/version', openModule);
    write('proc/driver/nvidia/gpus/0000:19:00.0/information', information.replace('NVIDIA H200', name));
    write('dev/nvidia0', '');
    expect(read().cards).toMatchObject([{ name, capability }]);
  });

  it('has no card where no device is given to a container, and keeps what nvidia-smi complains of', () => {
    write('proc/driver/nvidia/version', openModule);
    write('proc/driver/nvidia/gpus/0000:19:00.0/information', information);
    write('dev/nvidiactl', '');
    writeSmi('Failed to initialize NVML: Driver/library version mismatch', 18);
    const trouble = 'Failed to initialize NVML: Driver/library version mismatch';
    expect(read()).toEqual({ driver: '570.26', cards: [], trouble });
  });

  it('is nothing elsewhere', () => {
    expect(read()).toEqual({ driver: null, cards: [], trouble: null });
  });
});

describe('the cards that CUDA shows', () => {
  const cards = [card(0), card(1), card(2)];
  it.each([
    [undefined, [0, 1, 2]],
    ['2,0', [2, 0]],
    ['GPU-1', [1]],
    ['0, 2', [0, 2]],
    ['1,7,0', [1]],
    ['-1', []],
    ['', []],
    ['MIG-5c', [0]],
  ])('with CUDA_VISIBLE_DEVICES=%j', (visible, indices) => {
    expect(visibleCards(cards, visible).map(({ index }) => index)).toEqual(indices);
  });
});

describe('the card that is left of several', () => {
  const three = [card(0, '5.2', 'Tesla M40'), card(1), card(2, null)];
  const module = [0, 1].map((index) => ({ ...card(index, null), uuid: `0000:1${index}:00.0` }));
  it.each([
    [undefined, three, 'GPU-1a'],
    ['2,1', three, 'GPU-2a'],
    ['0, GPU-1', three, 'GPU-1a'],
    ['MIG-5c,MIG-6d', three.slice(1), 'MIG-5c'],
    [undefined, module, '0'],
    // Nothing to narrow: one card, one that is named, none that is visible or fit.
    [undefined, [card(0)], null],
    ['1,7', three, null],
    ['7,1', three, null],
    ['-1', three, null],
    ['', three, null],
    [undefined, [three[0], { ...three[0], index: 1 }], null],
  ])('with CUDA_VISIBLE_DEVICES=%j', (visible, cards, left) => {
    const environment = { CUDA_VISIBLE_DEVICES: visible };
    expect(soleCard(environment, { driver: '570.26', cards, trouble: null })).toBe(left);
  });

  it('is asked of nobody where one is named already', () => {
    writeSmi('0, GPU-0a, NVIDIA H200, 9.0, 570.26\n1, GPU-1a, NVIDIA H200, 9.0, 570.26');
    const environment = { PATH: join(root, 'bin'), ROCINANTE_DRIVER_ROOT: root };
    expect(soleCard(environment)).toBe('GPU-0a');
    write('bin/nvidia-smi', `#!/bin/sh\ntouch ${root}/asked\n`, 0o755);
    expect(soleCard({ ...environment, CUDA_VISIBLE_DEVICES: 'GPU-1a' })).toBeNull();
    expect(existsSync(join(root, 'asked'))).toBe(false);
  });
});

describe('a GPU that cannot be used', () => {
  const hindrance = (
    driver: string | null,
    cards: Nvidia['cards'],
    environment: NodeJS.ProcessEnv = {},
  ): string | null => gpuHindrance(environment, { driver, cards, trouble: null });

  it.each([
    [
      'no driver',
      null,
      [],
      {},
      /^no NVIDIA driver: expected 525\.60\.13 or newer, found none; install it, or/,
    ],
    [
      'no card',
      '570.26',
      [],
      {},
      /^no card: driver 570\.26 is there, and shows no card here; .*docker run --gpus all/,
    ],
    [
      'hidden cards',
      '570.26',
      [card(0)],
      { CUDA_VISIBLE_DEVICES: '-1' },
      /^no card: CUDA_VISIBLE_DEVICES=-1 shows none of the 1 here/,
    ],
    [
      'a card too old',
      '570.26',
      [card(0, '5.2', 'Tesla M40')],
      {},
      /^card too old: expected compute capability 6\.0 or more, found card 0 \(Tesla M40, compute capability 5\.2\)/,
    ],
    [
      'a driver too old',
      '520.61.05',
      [card(0, '7.0')],
      {},
      /^driver too old: expected 525\.60\.13 or newer .*, found 520\.61\.05; renew/,
    ],
    [
      'a driver too old for the card',
      '550.54.15',
      [card(0)],
      {},
      /^driver too old: expected 555\.42\.02 or newer/,
    ],
    [
      'a driver too old for the first of two kinds',
      '550.54.15',
      [card(0), card(1, '8.0', 'NVIDIA A100')],
      {},
      /^driver too old: expected 555\.42\.02 or newer for card 0 \(NVIDIA H200, /,
    ],
  ] as const)('%s', (_what, driver, cards, environment, line) => {
    const told = hindrance(driver, [...cards], environment);
    expect(told).toMatch(line);
    expect(told).toMatch(/--device cpu$/);
    expect(told).not.toContain('\n');
  });

  it.each([
    ['a card of today', '555.42.02', [card(0)], {}],
    ['an older one, by an older driver', '525.60.13', [card(0, '8.0')], {}],
    ['one of two', '570.26', [card(0, '5.2'), card(1)], {}],
    ['the one that is shown', '570.26', [card(0, '5.2'), card(1)], { CUDA_VISIBLE_DEVICES: '1' }],
    ['the first of two kinds', '550.54.15', [card(0, '8.0', 'NVIDIA A100'), card(1)], {}],
    ['the first that is fit of three', '550.54.15', [card(0, '5.2'), card(1, '8.0'), card(2)], {}],
    ['one of which nobody knows', 'unknown', [card(0, null)], {}],
  ] as const)('is not %s', (_what, driver, cards, environment) => {
    expect(hindrance(driver, [...cards], environment)).toBeNull();
  });

  it('is doubted where it is computed on', () => {
    const cards = [card(0, '5.2', 'Tesla M40'), card(1), card(2, '7.0', 'Tesla V100'), card(3, '12.0')];
    expect(computingCard(cards)).toEqual([card(1)]);
    expect(computingCard(cards.slice(0, 1))).toEqual([]);
    expect(gpuDoubt(computingCard(cards))).toBeNull();
    expect(gpuDoubt(cards)).not.toBeNull();
    expect(cards.map(servesCudnn)).toEqual([false, true, false, true]);
    expect(servesCudnn(card(0, null))).toBe(true);
  });

  it('is doubted where it is newer than TensorFlow’s kernels, or older than cuDNN’s', () => {
    expect(gpuDoubt([card(0, '7.0', 'Tesla V100')])).toMatch(
      /^card 0 \(Tesla V100, .*: cuDNN has kernels for .* 7\.5 and above/,
    );
    expect(gpuDoubt([card(0, '8.9'), card(1)])).toBeNull();
    expect(gpuDoubt([card(0, '12.0', 'RTX 5090')])).toMatch(
      /^card 0 \(RTX 5090, compute capability 12\.0\): /,
    );
  });
});
