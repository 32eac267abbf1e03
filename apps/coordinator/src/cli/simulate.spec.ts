import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../main.js';

afterEach(() => vi.restoreAllMocks());

async function type(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  }
  return { code: await main(['simulate', ...args]), ...said };
}

describe('simulate', () => {
  it('says that every rule held, and in how many runs', async () => {
    const { code, stdout } = await type('--seed', '5', '--runs', '20');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^seeds 5 to 24: every rule held in 20 runs: \d+ done.*; [\d,]+ steps, [\d,]+ events\n$/,
    );
  });

  it('ends with one object of JSON, the same for the same seed but for the time', async () => {
    const [one, other] = [await type('--seed', '7', '--json'), await type('--seed', '7', '--json')];
    const parsed = [one, other].map(({ stdout }) => {
      const { seconds, ...rest } = JSON.parse(stdout) as { seconds: number };
      expect(seconds).toBeGreaterThanOrEqual(0);
      return rest;
    });
    expect(parsed[0]).toEqual(parsed[1]);
    expect(parsed[0]).toMatchObject({ seed: 7, runs: 1, broken: null });
  });

  it.each([
    [[], "required option '--seed <n>' not specified"],
    [['--seed', '-1'], 'expected a whole number from 0 to'],
    [['--seed', '9007199254740991'], 'expected a whole number from 0 to'],
    [['--seed', '1', '--runs', '0'], 'expected a whole number from 1 to'],
  ])('refuses %j in one line', async (args, line) => {
    const { code, stderr } = await type(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
