import { describe, expect, it } from 'vitest';
import { applyEnvironment, engineEnvironment } from './environment.js';

describe('engineEnvironment', () => {
  it('holds TensorFlow to the threads asked for', () => {
    expect(engineEnvironment({ threads: 3 })).toMatchObject({
      TF_NUM_INTRAOP_THREADS: '3',
      TF_NUM_INTEROP_THREADS: '1',
    });
    expect(engineEnvironment()).toMatchObject({ TF_NUM_INTRAOP_THREADS: '1' });
    expect(() => engineEnvironment({ threads: 0 })).toThrow(/threads is a positive integer, not 0/);
  });

  it('is set where a process may set it', () => {
    const environment: NodeJS.ProcessEnv = { TF_NUM_INTRAOP_THREADS: '8' };
    applyEnvironment({ threads: 2 }, environment);
    expect(environment).toMatchObject(engineEnvironment({ threads: 2 }));
  });
});
