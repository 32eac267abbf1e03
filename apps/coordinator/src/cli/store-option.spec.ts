import { describe, expect, it } from 'vitest';
import { type } from './typed-command.js';

describe.each([['train'], ['serve']])('%s --store', (command) => {
  it('is refused where it is no address', async () => {
    const { code, stderr } = await type([command, '--store', 's3:/bucket']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rocinante: store "s3:\/bucket": expected s3:\/\/bucket\/prefix.*\n$/);
  });

  it('does not repeat what may be a secret', async () => {
    const { code, stderr } = await type([command, '--store', 's3://id:hidden-one@bucket/a']);
    expect(code).toBe(2);
    expect(stderr).not.toContain('hidden-one');
  });
});
