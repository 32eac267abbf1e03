/** What of a run's options does less than it seems is said once, in a line each, as the run begins. */
import { afterAll, expect, it } from 'vitest';
import { rocinante, Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const workspace = new Workspace();
afterAll(() => workspace.remove());

it('train says of two lengths, a long warm-up and a precision what comes of them', async () => {
  const corpus = workspace.write('corpus.txt', smallText(20_000));
  const config = workspace.write('config.json', smallConfig);
  const options = ['--steps', '3', '--epochs', '2', '--warmup-steps', '10', '--precision', 'tf32'];
  const { code, stderr } = await rocinante([
    ...['train', '--corpus', corpus, '--config', config, '--run-dir', workspace.in('run')],
    ...['--device', 'cpu', '--workers', '2', '--threads', '1', ...options],
  ]);
  expect(code).toBe(0);
  const lines = stderr.split('\n');
  const once = (line: RegExp): void =>
    expect(
      lines.filter((one) => line.test(one)),
      stderr,
    ).toHaveLength(1);
  once(/^--steps 3 --epochs 2: each is the whole run's length; the steps decide$/);
  once(/^network: .* parameters, in precision tf32$/);
  once(/^3 steps of 32 windows in micro-batches of 16$/);
  once(
    /^the warm-up of 10 steps is longer than the run, which has 3: its learning rate comes to 0\.0012 of 0\.004; /,
  );
  once(/^precision tf32: only cards round factors to TF32; on .* products are those of --precision float32$/);
  once(/^step 3\/3, epoch 1 \(10 %\), loss /);
}, 120_000);
