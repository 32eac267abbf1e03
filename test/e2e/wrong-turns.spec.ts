/** Wrong usage and input: exit code 2, one line that says what was expected and received, and nothing half-written. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rocinante, train, Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const workspace = new Workspace();
let corpus: string;
let config: string;

beforeAll(async () => {
  // Whatever there is to set up or to build is said once, here.
  await rocinante(['config', 'print']);
  corpus = workspace.write('corpus.txt', smallText(20_000));
  config = workspace.write('config.json', smallConfig);
  workspace.write(
    'latin1.txt',
    Uint8Array.from([...Buffer.from('el ni'), 0xf1, ...Buffer.from('o '.repeat(200))]),
  );
  workspace.write('empty.txt', '');
  workspace.write('short.txt', 'call me Ishmael');
  workspace.write('unknown-key.json', { optimizer: { momentum: 0.9 } });
  workspace.write('broken.json', '{');
}, 120_000);

afterAll(() => workspace.remove());

describe('train refuses', () => {
  it.each<[string, string[], RegExp]>([
    ['an unknown option', ['--step', '5'], /unknown option '--step'/],
    ['an unknown preset', ['--preset', 'huge'], /--preset.*huge.*quick, seed/],
    ['a value out of range', ['--workers', '0'], /--workers.*'0'.*whole number from 1/],
    ['a value that is no number', ['--steps', 'many'], /--steps.*'many'.*whole number/],
    [
      'a batch that the micro-batch does not divide',
      ['--batch', '30', '--micro-batch', '8'],
      /microBatch: must divide the batch, received 8/,
    ],
    ['an unknown key', ['--config', 'unknown-key.json'], /momentum/],
    ['a file that is not JSON', ['--config', 'broken.json'], /broken\.json: not JSON/],
    ['a missing text', ['--corpus', 'nowhere.txt'], /nowhere\.txt/],
    ['a folder for a text', ['--corpus', '.'], /a folder/],
    ['an empty text', ['--corpus', 'empty.txt'], /empty\.txt/],
    ['a text shorter than a window', ['--corpus', 'short.txt'], /expected/],
    ['a text that is not UTF-8, with the place', ['--corpus', 'latin1.txt'], /byte.* 5\b|offset 5\b/],
    ['--resume without a directory', ['--resume'], /--resume: expected --run-dir/],
    ['--resume with nothing to resume', ['--resume', '--run-dir', 'nothing'], /nothing to resume/],
  ])('%s', async (_what, args, line) => {
    const inFolder = args.map((arg) => (/\.(txt|json)$|^\.$|^nothing$/.test(arg) ? workspace.in(arg) : arg));
    const target =
      args.includes('--run-dir') || args.includes('--resume') ? [] : ['--run-dir', workspace.in('new')];
    const { code, stderr, stdout } = await rocinante(['train', ...inFolder, ...target]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(workspace.in('new'))).toBe(false);
  });

  it('a directory with another run in it, and says what differs', { timeout: 60_000 }, async () => {
    const runDir = workspace.in('run');
    const args = ['--corpus', corpus, '--config', config, '--steps', '3', '--run-dir', runDir];
    await train(args);
    const before = readFileSync(join(runDir, 'config.json'), 'utf8');
    const again = await rocinante(['train', ...args]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/there is a run in it; use --resume or another --run-dir/);
    const other = await rocinante(['train', ...args, '--resume', '--seed', '9']);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/seed is 1, not 9/);
    const shorter = await rocinante(['train', ...args, '--resume', '--steps', '2']);
    expect(shorter.code).toBe(2);
    expect(shorter.stderr).toMatch(/--steps: the run has 3 steps already/);
    expect(readFileSync(join(runDir, 'config.json'), 'utf8')).toBe(before);
  });
});

describe('a damaged checkpoint', () => {
  it('is named, and the one before is used', { timeout: 90_000 }, async () => {
    const runDir = workspace.in('damaged');
    const args = ['--corpus', corpus, '--config', config, '--run-dir', runDir];
    const whole = await train([...args.slice(0, -1), workspace.in('whole'), '--steps', '8']);
    await train([...args, '--steps', '4']);
    const newest = readdirSync(join(runDir, 'checkpoints')).sort().at(-1)!;
    const path = join(runDir, 'checkpoints', newest);
    const bytes = readFileSync(path);
    bytes[bytes.length - 100] ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr, stdout } = await rocinante([
      'train',
      '--json',
      ...args,
      '--steps',
      '8',
      '--resume',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain(`warning: checkpoint ${newest} is damaged`);
    expect(stdout).toContain(whole.weightsSha256);
  });

  it('with no good one before it ends with 1', async () => {
    const runDir = workspace.in('damaged');
    const folder = join(runDir, 'checkpoints');
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    writeFileSync(join(folder, 'step-00000004.safetensors'), 'nothing of the kind');
    const { code, stderr } = await rocinante(['train', '--run-dir', runDir, '--resume']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/expected a good checkpoint, received step-00000004\.safetensors/);
  });
});
