import { afterEach, describe, expect, it, vi } from 'vitest';
import { type } from './spec-command.js';

afterEach(() => void vi.unstubAllEnvs());

describe.each([['train'], ['serve']])('%s --store', (command) => {
  it('is refused where it is no address', async () => {
    const { code, stderr } = await type([command, '--store', 's3:/bucket']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rocinante: store "s3:\/bucket": expected s3:\/\/bucket\/prefix.*\n$/);
  });

  it('is refused over plain http to another machine', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://10.0.0.5:9000');
    const { code, stderr } = await type([command, '--store', 's3://bucket/a']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^rocinante: store s3:\/\/bucket\/a: expected an https endpoint.*--store-insecure.*\n$/,
    );
  });

  it('does not repeat what may be a secret', async () => {
    const { code, stderr } = await type([command, '--store', 's3://id:hidden-one@bucket/a']);
    expect(code).toBe(2);
    expect(stderr).not.toContain('hidden-one');
  });
});
