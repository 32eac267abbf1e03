import type { RunsHandlers } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { detailOf, runningRun } from '../client/spec-scripted-coordinator.js';
import { rocinante, stopServer, type } from './spec-command.js';

describe('run export', () => {
  /** Steps 3 and 4 are not in the log; the run was evaluated after steps 2, 4 and 6. */
  const handlers: Partial<RunsHandlers> = {
    Show: (_call, callback) => {
      const history = [2, 4, 6].map((step) => ({ step, epoch: 1, loss: 2, validationLoss: step / 10 }));
      callback(null, {
        ...detailOf(runningRun),
        history: [...history, { ...history[2], validationLoss: 0.7 }],
      });
    },
    Losses: (call) => {
      expect(call.request.run).toBe('r12');
      call.write({ firstStep: 1, losses: [1.1, 1 / 3] });
      call.write({ firstStep: 5, losses: [0.9] });
      call.end();
    },
  };
  const bits = (nats: number): number => nats / Math.LN2;

  it('writes losses to the last bit, with held-out ones beside them', async () => {
    const lines = [
      'step,loss,validationLoss,validationBitsPerCharacter',
      '1,1.1,,',
      `2,0.3333333333333333,0.2,${bits(0.2)}`,
      `4,,0.4,${bits(0.4)}`,
      '5,0.9,,',
      `6,,0.7,${bits(0.7)}`,
    ];
    for (const words of [[], ['--csv']]) {
      const said = await rocinante(handlers, 'run', 'export', 'baseline', ...words);
      expect(said).toEqual({ code: 0, stderr: '', stdout: lines.map((line) => `${line}\n`).join('') });
      await stopServer();
    }
    const { stdout } = await rocinante(handlers, 'run', 'export', 'baseline', '--jsonl');
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(objects).toHaveLength(5);
    expect(objects.slice(0, 2)).toEqual([
      { step: 1, loss: 1.1, validationLoss: null, validationBitsPerCharacter: null },
      { step: 2, loss: 1 / 3, validationLoss: 0.2, validationBitsPerCharacter: bits(0.2) },
    ]);
  });

  it('writes all of a long run, in order', async () => {
    const Losses: RunsHandlers['Losses'] = (call) => {
      for (let first = 1; first <= 5_000; first += 500) {
        call.write({ firstStep: first, losses: Array.from({ length: 500 }, (_, index) => first + index) });
      }
      call.end();
    };
    const { stdout } = await rocinante({ ...handlers, Losses }, 'run', 'export', 'r12');
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => Number(row.split(',')[0]))).toEqual(
      Array.from({ length: 5_000 }, (_, index) => index + 1),
    );
  });

  it('of a run without a step is a line of names, and is refused in two forms', async () => {
    const Losses: RunsHandlers['Losses'] = (call) => call.end();
    const Show: RunsHandlers['Show'] = (_call, callback) =>
      callback(null, { ...detailOf(runningRun), history: [] });
    expect((await rocinante({ Show, Losses }, 'run', 'export', 'r12')).stdout).toMatch(/^step,.*\n$/);
    const both = await type(['run', 'export', 'r12', '--csv', '--jsonl']);
    expect(both).toMatchObject({ code: 2, stdout: '' });
    expect(both.stderr).toMatch(/^rocinante: .*--jsonl.*cannot be used with.*--csv.*\n$/);
  });
});
