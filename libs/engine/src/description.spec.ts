import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeCard } from './description.js';

it('describes the card that TensorFlow sees first, and what its libraries are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'card-'));
  try {
    const list = '0, GPU-0a, Tesla P4, 6.1, 570.26\n1, GPU-1a, NVIDIA H200, 9.0, 570.26';
    writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\necho '${list}'\n`, { mode: 0o755 });
    const environment = { PATH: folder, CUDA_VISIBLE_DEVICES: '1,0', ROCINANTE_DRIVER_ROOT: folder };
    const setting = {
      threads: 2,
      tf32: false,
      libraries: { cuda: '12.9.79', cudnn: '9.28.0.42' },
      foreign: [],
      environment,
    };
    const exact = describeCard('2.21.0', setting);
    expect(exact).toEqual({
      tensorflowVersion: '2.21.0',
      device: 'gpu',
      model: 'NVIDIA H200',
      features: ['compute-capability=9.0', 'driver=570.26', 'cuda=12.9.79', 'cudnn=9.28.0.42'],
      multipliesBfloat16: true,
      threads: 2,
    });
    expect(describeCard('2.21.0', { ...setting, tf32: true }).features).toEqual([...exact.features, 'tf32']);
    const cudnn = ['/usr/lib/libcudnn.so.9.1.0', '/usr/lib/libcudnn_adv.so.9.1.0'];
    const foreign = ['/opt/cuda/libcublas.so.12', ...cudnn];
    expect(describeCard('2.21.0', { ...setting, foreign }).features).toEqual([
      'compute-capability=9.0',
      'driver=570.26',
      'cuda=12.9.79',
      'cublas=/opt/cuda/libcublas.so.12',
      ...cudnn.map((path) => `cudnn=${path}`),
    ]);
    const unknown = { cuda: null, cudnn: null };
    const hidden = { ...environment, PATH: folder + '/none' };
    expect(describeCard('2.21.0', { ...setting, libraries: unknown, environment: hidden })).toMatchObject({
      model: 'unknown',
      features: [],
      multipliesBfloat16: null,
    });
    const older = { ...environment, CUDA_VISIBLE_DEVICES: '0' };
    expect(describeCard('2.21.0', { ...setting, environment: older }).multipliesBfloat16).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
