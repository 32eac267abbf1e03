import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyEnvironment, engineEnvironment, setEngineEnvironment, WORKER_MEMORY } from './environment.js';

describe('engineEnvironment', () => {
  it('holds TensorFlow to the threads asked for', () => {
    expect(engineEnvironment({ threads: 3 })).toMatchObject({
      TF_NUM_INTRAOP_THREADS: '3',
      TF_NUM_INTEROP_THREADS: '1',
    });
    expect(engineEnvironment()).toMatchObject({ TF_NUM_INTRAOP_THREADS: '1' });
    expect(() => engineEnvironment({ threads: 0 })).toThrow(/threads is a positive integer, not 0/);
  });

  it('asks a card for the same bits each time, and for TF32 only where that is wanted', () => {
    const exact = {
      TF_DETERMINISTIC_OPS: '1',
      TF_CUDNN_USE_AUTOTUNE: '0',
      TF_CUDNN_RNN_USE_AUTOTUNE: '0',
      CUBLAS_WORKSPACE_CONFIG: ':4096:8',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    };
    expect(engineEnvironment({ device: 'gpu' })).toMatchObject({ ...exact, NVIDIA_TF32_OVERRIDE: '0' });
    const rounded = engineEnvironment({ device: 'gpu', tf32: true });
    expect(rounded).toMatchObject({ ...exact, NVIDIA_TF32_OVERRIDE: undefined });
  });

  it('hides the cards, and says nothing to them, for the processor', () => {
    const environment = engineEnvironment({ device: 'cpu', threads: 2 });
    expect(environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
    expect(Object.keys(environment).filter((name) => /CUDNN|CUBLAS|TF32|DETERMINISTIC/.test(name))).toEqual(
      [],
    );
  });
});

describe('setEngineEnvironment', () => {
  it('sets, and tells in a line each of what a person had set otherwise', () => {
    const environment: NodeJS.ProcessEnv = {
      TF_NUM_INTRAOP_THREADS: '2',
      TF_CUDNN_USE_AUTOTUNE: '1',
      NVIDIA_TF32_OVERRIDE: '1',
      CUDA_VISIBLE_DEVICES: '3',
    };
    expect(setEngineEnvironment({ threads: 2, device: 'gpu' }, environment)).toEqual([
      'TF_CUDNN_USE_AUTOTUNE=1 of the environment is overruled by 0: the same run is to give the same bits',
      'NVIDIA_TF32_OVERRIDE=1 of the environment is overruled by 0: --precision decides on it',
    ]);
    expect(environment).toMatchObject({ ...engineEnvironment({ threads: 2 }), CUDA_VISIBLE_DEVICES: '3' });
    expect(setEngineEnvironment({ threads: 2 }, environment)).toEqual([]);
  });

  it('leaves the first of several visible cards, without a word, and all of them hidden for the processor', () => {
    const folder = mkdtempSync(join(tmpdir(), 'environment-'));
    try {
      const list = '0, GPU-0a, NVIDIA H200, 9.0, 570.26\n1, GPU-1a, NVIDIA H200, 9.0, 570.26';
      writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\necho '${list}'\n`, { mode: 0o755 });
      const given = { PATH: folder, ROCINANTE_DRIVER_ROOT: folder };
      for (const [visible, left] of [
        [undefined, 'GPU-0a'],
        ['1,0', 'GPU-1a'],
      ]) {
        const environment: NodeJS.ProcessEnv = { ...given, CUDA_VISIBLE_DEVICES: visible };
        expect(setEngineEnvironment({ device: 'auto' }, environment)).toEqual([]);
        expect(environment).toMatchObject({ CUDA_VISIBLE_DEVICES: left });
      }
      const environment: NodeJS.ProcessEnv = { ...given };
      setEngineEnvironment({ device: 'cpu' }, environment);
      expect(environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes away what must not be there', () => {
    const environment: NodeJS.ProcessEnv = { NVIDIA_TF32_OVERRIDE: '0' };
    expect(setEngineEnvironment({ tf32: true }, environment)).toEqual([
      'NVIDIA_TF32_OVERRIDE=0 of the environment is not regarded: --precision decides on it',
    ]);
    expect('NVIDIA_TF32_OVERRIDE' in environment).toBe(false);
  });
});

it('applyEnvironment sets where a process may set', () => {
  const environment: NodeJS.ProcessEnv = { TF_NUM_INTRAOP_THREADS: '8' };
  applyEnvironment({ threads: 2 }, environment);
  expect(environment).toMatchObject(engineEnvironment({ threads: 2 }));
});

it('the launcher gives a worker the same memory', () => {
  const launcher = readFileSync(new URL('../../../rocinante', import.meta.url), 'utf8');
  expect(launcher.split('\n')).toContain(`  tunables=${WORKER_MEMORY.GLIBC_TUNABLES}`);
});
