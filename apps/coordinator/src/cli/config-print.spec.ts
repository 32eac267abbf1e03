import { afterEach, describe, expect, it, vi } from 'vitest';
import { presets } from '../presets.js';
import { file, type } from './spec-command.js';

afterEach(() => vi.unstubAllEnvs());

describe('config print', () => {
  const print = async (...words: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await type(['config', 'print', ...words]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  it('prints what train would take of options, file and variables', async () => {
    expect(await print()).toEqual(presets.quick);
    const config = file('seed.json', JSON.stringify({ preset: 'seed', seed: 5, steps: 7 }));
    vi.stubEnv('ROCINANTE_CONFIG', config);
    vi.stubEnv('ROCINANTE_LEARNING_RATE', '0.01');
    vi.stubEnv('ROCINANTE_STEPS', '9');
    const { optimizer } = presets.seed;
    const expected = { ...presets.seed, seed: 5, optimizer: { ...optimizer, learningRate: 0.01 } };
    expect(await print('--batch', '128')).toEqual({
      ...expected,
      steps: 9,
      batch: { ...presets.seed.batch, size: 128 },
    });
    // An option's length stands over the variable's.
    expect(await print('--epochs', '3')).toEqual({ ...expected, epochs: 3, steps: null });
  });

  it('takes a text as train does, and says that this is no part of a configuration; losses are in nats a character', async () => {
    expect(await print('--corpus', 'nowhere.txt')).toEqual(presets.quick);
    const { stdout } = await type(['config', 'print', '--help']);
    const help = stdout.replaceAll(/\s+/g, ' ');
    expect(help).toContain('the text is no part of it');
    expect(help).toContain('nats a character by which a loss must be below the best');
  });

  it('gives back what it printed', async () => {
    const printed = await print(
      '--preset',
      'seed',
      '--schedule',
      'cosine',
      '--no-held-out',
      '--patience',
      '3',
      '--held-out',
    );
    expect(await print('--config', file('printed.json', JSON.stringify(printed)))).toEqual(printed);
  });

  it.each([
    [['--init-from', 'none.safetensors'], /^rocinante: --init-from none\.safetensors: there is no such file/],
    [['--micro-batch', '7'], /^rocinante: --micro-batch 7: must divide the batch of 32/],
  ])('refuses %j as train does', async (words, line) => {
    const said = await type(['config', 'print', ...words]);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(line);
  });
});
