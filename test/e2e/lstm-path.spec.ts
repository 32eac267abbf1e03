/**
 * Goal: `--lstm` reaches whoever computes, what is not to be had is told of in one line, and what decides the bits shows in them.
 * Method: real processes on a processor, where cuDNN is not, and fused gives other bits than plain.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { rocinante, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const PASSED_OVER =
  'LSTM path plain is used, and not cudnn: expected a GPU, and the engine computes on a processor';

const workspace = new Workspace();
afterAll(() => workspace.remove());

/** The lines of standard error that are about paths. */
const pathLines = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line.includes('LSTM path'));

describe('the path of LSTM layers', { timeout: 120_000 }, () => {
  it('is plain on a processor, whatever is asked for, but for fused; and a replay by fused differs', async () => {
    const corpus = workspace.write('corpus.txt', smallText(4_000));
    const config = workspace.write('config.json', smallConfig);
    const runDir = workspace.in('run');
    const shape = ['--batch', '16', '--micro-batch', '8', '--steps', '2', '--workers', '2', '--threads', '1'];
    const trained = await rocinante([
      ...['train', '--json', '--corpus', corpus, '--config', config, ...shape],
      ...['--run-dir', runDir, '--lstm', 'cudnn'],
    ]);
    expect(trained.code, trained.stderr).toBe(0);
    // On a busy machine one worker may have done both steps before the other joins.
    const [passedOver, ...joined] = pathLines(trained.stderr).sort();
    expect(passedOver).toBe(PASSED_OVER);
    expect(joined.length).toBeGreaterThan(0);
    for (const line of joined) expect(line).toMatch(/^worker-[12] joined, with LSTM path plain$/);

    const replayed = await rocinante(['replay', runDir, '--step', '1', '--threads', '1', '--lstm', 'fused']);
    expect(replayed.code).toBe(1);
    expect(replayed.stdout).toMatch(/^step 1 differs first: sum: .*\n.*LSTM path/);
    expect(pathLines(replayed.stderr)).toEqual([
      expect.stringMatching(/^LSTM path fused: it agrees with plain to .* threads, here 1$/),
    ]);

    const { runDir: path } = JSON.parse(trained.stdout.trim().split('\n').at(-1)!) as Summary;
    const drawn = await rocinante([
      ...['sample', `${path}/weights/final.safetensors`, '--length', '20', '--lstm', 'cudnn'],
    ]);
    expect(drawn.code, drawn.stderr).toBe(0);
    expect(pathLines(drawn.stderr)).toEqual([PASSED_OVER]);
    expect([...drawn.stdout.trimEnd()].length).toBeGreaterThan(0);
  });
});
