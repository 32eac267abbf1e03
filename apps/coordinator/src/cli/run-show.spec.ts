import { status } from '@grpc/grpc-js';
import type { RunJson } from '@rocinante/run-json';
import type { RunsHandlers } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { detailOf, doneRun, runningRun } from '../client/spec-scripted-coordinator.js';
import { presets } from '../presets.js';
import { lastLine, losses, rocinante, show, stopServer, type } from './spec-command.js';

describe('run list', () => {
  const List: RunsHandlers['List'] = (call, callback) => {
    expect(call.request.tag).toBe('paper');
    const queued = {
      id: 'r13',
      name: 'r13',
      pool: 'default',
      state: 'RUN_STATE_QUEUED',
      queuePosition: 1,
    } as const;
    callback(null, {
      runs: [
        { ...runningRun, secondsLeft: 7380 },
        { ...queued, priority: 5 },
        { ...doneRun, id: 'r7' },
      ],
      leftOut: 2,
    });
  };

  it('has a line for each run, and the queue’s order', async () => {
    const { code, stdout } = await rocinante({ List }, 'run', 'list', '--tag', 'paper');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'run  name      state                  step     loss    held-out  windows/s  worker-hours  ended, or left    tags',
      'r12  baseline  running                40/100   2.2500  2.5000    410.3      1.50          2 h 03 min left   paper, lstm',
      'r13            queued 1 (priority 5)  -        -       -         -          0.00          -',
      'r7   baseline  done                   100/100  2.2500  2.5000    410.3      1.50          2026-11-24 11:00  paper, lstm',
      'and 2 more that ended before',
    ]);
  });

  it('chooses by state and pool, and says when no run is of these', async () => {
    const requests: unknown[] = [];
    let leftOut = 0;
    // As one of an earlier release, which knows tags alone.
    const listed: RunsHandlers['List'] = (call, callback) => {
      requests.push(call.request);
      callback(null, {
        runs: [
          runningRun,
          { ...doneRun, id: 'r7' },
          { ...doneRun, id: 'r6', pool: 'gpu' },
          { ...doneRun, id: 'r5', state: 'RUN_STATE_FAILED' },
        ],
        leftOut,
      });
    };
    const chosen = async (...words: string[]): Promise<unknown[]> => {
      const said = await rocinante({ List: listed }, 'run', 'list', '--json', ...words);
      await stopServer();
      return (lastLine(said) as { runs: { id: string }[] }).runs.map(({ id }) => id);
    };
    expect(await chosen('--state', 'done')).toEqual(['r7', 'r6']);
    expect(await chosen('--state', 'failed', '--state', 'running')).toEqual(['r12', 'r5']);
    expect(await chosen('--state', 'done', '--pool', 'gpu')).toEqual(['r6']);
    expect(requests).toEqual([
      { tag: '', states: ['RUN_STATE_DONE'], pool: '' },
      { tag: '', states: ['RUN_STATE_FAILED', 'RUN_STATE_RUNNING'], pool: '' },
      { tag: '', states: ['RUN_STATE_DONE'], pool: 'gpu' },
    ]);
    const words = ['--pool', 'x', '--state', 'held', '--state', 'done'];
    const none = await rocinante({ List: listed }, 'run', 'list', ...words);
    expect(none.stdout).toBe('no run has the state held or done and the pool x\n');
    await stopServer();
    leftOut = 3;
    const perhaps = await rocinante({ List: listed }, 'run', 'list', '--state', 'held');
    expect(perhaps.stdout).toBe(
      'no run has the state held among those listed; 3 more that ended before are not\n',
    );
    const wrong = await type(['run', 'list', '--state', 'ended']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/'ended' is invalid. expected one of queued, .*, done, failed\.\n$/);
  });

  it('has numbers or null in JSON', async () => {
    const said = await rocinante({ List }, 'run', 'list', '--tag', 'paper', '--json');
    const { runs, leftOut } = lastLine(said) as { runs: object[]; leftOut: number };
    expect(leftOut).toBe(2);
    expect(runs[0]).toMatchObject({ id: 'r12', state: 'running', loss: 2.25, queuePosition: null });
    expect(runs.map((run) => (run as RunJson).secondsLeft)).toEqual([7380, null, null]);
    expect(runs[1]).toMatchObject({
      id: 'r13',
      state: 'queued',
      queuePosition: 1,
      loss: null,
      stepsTotal: null,
    });
    expect(runs[2]).toMatchObject({ state: 'done', weightsSha256: 'ab'.repeat(32) });
  });
});

describe('run show', () => {
  it('says in which pool a run is, where nobody is there, and the time left', async () => {
    const lines = async (summary: object, title = 'pool'): Promise<string[]> => {
      const Show: RunsHandlers['Show'] = (_call, callback) =>
        callback(null, detailOf({ ...runningRun, ...summary }));
      const { stdout } = await rocinante({ Show, ...losses }, 'run', 'show', 'r12');
      await stopServer();
      return stdout.split('\n').filter((line) => line.startsWith(`${title} `));
    };
    expect(await lines({})).toEqual([]);
    expect(await lines({ secondsLeft: 90 }, 'time left')).toEqual(['time left    1 min 30 s']);
    expect(await lines({ poolWorkers: 2 })).toEqual([]);
    expect(await lines({ poolWorkers: 0 })).toEqual([
      'pool         no worker is in pool default; start one with: ./rocinante worker',
    ]);
    expect(await lines({ pool: 'gpu', poolWorkers: 2 })).toEqual(['pool         gpu']);
    expect(await lines({ pool: 'gpu', poolWorkers: 0 })).toEqual([
      'pool         gpu: no worker is in pool gpu; start one with: ./rocinante worker --pool gpu',
    ]);
  });

  it('says all there is, with the curve', async () => {
    const { code, stdout } = await rocinante({ ...show, ...losses }, 'run', 'show', 'baseline');
    expect(code).toBe(0);
    for (const line of [
      /^run +r12 baseline$/m,
      /^state +running$/m,
      /^text +book\.txt \(SHA-256 (cd){32}\)$/m,
      /^step +40 of 100, epoch 2$/m,
      /^rate +410\.3 windows\/s, bound by compute$/m,
      /^cost +1\.50 worker-hours in 45 min 00 s of work; 2\.0 MB sent, 1\.0 MB received$/m,
      /^checkpoints +step-00000025\.safetensors \(best\), step-00000040\.safetensors$/m,
      /^ {2}4\.0000 ┼/m,
      /^worker-1 +cpu Zen 4, 4 threads +- +3 of 8 micro-batches +1\.50\/s +2026-11-24 10:00:06$/m,
      /^worker-2 +gpu H100, 1 thread +cudnn-batch-major +5 of 8 micro-batches +- +2026-11-24 10:00:07$/m,
      /^worker-2 +0 H100 +97 % +10\.8 GB of 85\.5 GB +64 °C +402 W +sw_power_cap +- +3$/m,
      /^loss +2\.2500, held out 2\.5000 \(3\.61 bits a character\); the last step's 2\.3750$/m,
      /^worker-4 +cpu Xeon, 1 thread +fused +parked +2026-11-24 10:00:05 +its joining proof is another$/m,
      /^exactness +exact, joining proof (ef){32}$/m,
      /^ *7 +2026-11-24 10:10:00 +worker-lost +worker-3 +the connection was cut$/m,
      /^ *9 +2026-11-24 10:11:00 +resumed +- +the coordinator was started again$/m,
      /^at least 2 workers; at most 12 h of work$/m,
      /^seed +1$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it('has the last evaluations with the best, and the last incidents, unless all are asked for', async () => {
    const detail = detailOf(runningRun);
    const history = Array.from({ length: 30 }, (_, index) => ({ ...detail.history![0], step: 100 + index }));
    const incidents = Array.from({ length: 30 }, (_, index) => ({
      ...detail.incidents![0],
      step: 200 + index,
    }));
    incidents.push({ ...incidents[0], step: 299, kind: 'late' });
    const best = (index: number): object => ({
      ...detail,
      incidents,
      history: history.map((point, at) => ({ ...point, best: at === index })),
    });
    const stepsOf = async (shown: object, ...flags: string[]): Promise<string[]> => {
      const Show: RunsHandlers['Show'] = (_call, callback) => callback(null, shown);
      const { stdout } = await rocinante({ Show, ...losses }, 'run', 'show', 'r12', ...flags);
      await stopServer();
      return stdout
        .split('\n')
        .flatMap((line) => /^(?:evaluations|incidents).*:$|^ *([12]\d\d) /.exec(line)?.at(0)?.trim() ?? []);
    };
    const numbers = (first: number, count: number): string[] =>
      Array.from({ length: count }, (_, index) => String(first + index));
    expect(await stepsOf(best(3))).toEqual([
      'evaluations, 10 of 30 (--all has the others):',
      ...['103', ...numbers(120, 10)],
      'incidents, 20 of 31 (--all has the others):',
      ...numbers(210, 20),
    ]);
    expect(await stepsOf(best(3), '--all')).toEqual([
      'evaluations:',
      ...numbers(100, 30),
      'incidents:',
      ...[...numbers(200, 30), '299'],
    ]);
  });

  it('says the same in JSON', async () => {
    const said = lastLine(await rocinante({ ...show, ...losses }, 'run', 'show', 'r12', '--json'));
    expect(said).toMatchObject({
      id: 'r12',
      validationLoss: 2.5,
      validationBitsPerCharacter: 2.5 / Math.LN2,
      config: { seed: 1 },
      limits: { minWorkers: 2, maxHours: 12, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 0 },
      corpus: { name: 'book.txt' },
      workerShares: [
        { name: 'worker-1', lstm: null, microBatches: 3, microBatchesPerSecond: 1.5, card: null },
        {
          name: 'worker-2',
          microBatchesPerSecond: null,
          card: { number: '0', utilization: 0.97, powerWatts: 402.12, uncorrectedEccErrors: null },
        },
      ],
      history: [{ step: 25, epoch: 1, loss: 2.5, validationLoss: 2.6, best: true }],
      incidents: [
        { step: 7, kind: 'worker-lost', worker: 'worker-3', cause: 'the connection was cut' },
        { step: 9, kind: 'resumed', worker: null },
      ],
      bestCheckpoint: 'step-00000025.safetensors',
      boundBy: 'compute',
      idleWorkers: [
        { name: 'worker-4', lstm: 'fused', standing: 'parked', reason: 'its joining proof is another' },
      ],
      joiningProof: 'ef'.repeat(32),
      notExactSince: null,
    });
    expect((said as { curve: unknown[] }).curve).toHaveLength(40);
  });
});

describe('run compare', () => {
  const handlers: Partial<RunsHandlers> = {
    Show: (call, callback) => {
      const detail = detailOf({ ...runningRun, id: call.request.run, step: 3 });
      const seed = call.request.run === 'r1' ? 1 : 2;
      const config = { ...(JSON.parse(detail.configJson!) as object), seed };
      callback(null, { ...detail, configJson: JSON.stringify(config) });
    },
    Losses: (call) => {
      call.write({ firstStep: 1, losses: call.request.run === 'r1' ? [3, 2, 1] : [3, 2.5, 1] });
      call.end();
    },
    // The first step's sums differ by too little to show in its loss.
    Digests: (call) => {
      const digests = Buffer.alloc(3 * 48);
      if (call.request.run === 'r2') digests[20] = 1;
      call.write({ firstStep: 1, digests });
      call.end();
    },
  };

  it('shows differences, losses, and where they part', async () => {
    const { stdout } = await rocinante(handlers, 'run', 'compare', 'r1', 'r2');
    expect(stdout).toMatch(/^seed +1 +2$/m);
    expect(stdout).toMatch(/^ *1 +3\.000000 +3\.000000 +equal$/m);
    expect(stdout).toMatch(/^ *2 +2\.000000 +2\.500000 +5\.00e-1$/m);
    expect(stdout).toContain('their losses part at step 2 of 3 in common');
    expect(stdout).toContain(
      'their ledgers part at step 1 of 3 steps that both have, in the summed gradient',
    );
    expect(stdout).not.toContain('final weights');
  });

  it('shows held-out losses step by step, each run’s best and last, its rate and its time', async () => {
    const history = (run: string | undefined): object[] =>
      run === 'r1'
        ? [0, 1, 2].map((place) => ({
            step: 10 * place + 10,
            epoch: 1,
            loss: 2,
            validationLoss: [2.5, 2.25, 2.375][place],
            best: place < 2,
          }))
        : [
            { step: 20, epoch: 1, loss: 2, validationLoss: 2.125, best: true },
            { step: 25, epoch: 1, loss: 2 },
          ];
    const evaluated: Partial<RunsHandlers> = {
      ...handlers,
      Show: (call, callback) => {
        const { run } = call.request;
        const detail = detailOf({ ...runningRun, id: run, step: 30, activeHours: run === 'r1' ? 0.75 : 0.5 });
        callback(null, { ...detail, history: history(run) });
      },
    };
    const { stdout } = await rocinante(evaluated, 'run', 'compare', 'r1', 'r2');
    const [, shown] = /\n(held-out losses[^]*?)\n\ntheir ledgers/.exec(stdout)!;
    expect(shown.split('\n').map((line) => line.trimStart().replace(/ {2,}/g, '  '))).toEqual([
      'held-out losses, in nats a character:',
      'step  r1  r2  difference',
      '10  2.5000  -  -',
      '20  2.2500  2.1250  -0.1250',
      '30  2.3750  -  -',
      '',
      'r1  r2',
      'best  2.2500 at step 20  2.1250 at step 20',
      'last  2.3750 at step 30  2.1250 at step 20',
      'windows/s  410.3  410.3',
      'active  45 min 00 s  30 min 00 s',
    ]);
    await stopServer();
    expect(lastLine(await rocinante(evaluated, 'run', 'compare', 'r1', 'r2', '--json'))).toMatchObject({
      evaluations: [
        { step: 10, first: 2.5, second: null },
        { step: 20, first: 2.25, second: 2.125 },
        { step: 30, first: 2.375, second: null },
      ],
      best: { first: { step: 20, validationLoss: 2.25 }, second: { step: 20, validationLoss: 2.125 } },
    });
  });

  it('says of two that are done whether their weights are the same, which equal losses do not say', async () => {
    const done = (others: string): Partial<RunsHandlers> => ({
      Show: (call, callback) => {
        const weightsSha256 = (call.request.run === 'r1' ? 'ab' : others).repeat(32);
        callback(null, detailOf({ ...runningRun, id: call.request.run, step: 2, weightsSha256 }));
      },
      Losses: (call) => {
        call.write({ firstStep: 1, losses: [3, 2] });
        call.end();
      },
      // As an earlier release, which has no such call.
      Digests: (call) => call.emit('error', { code: status.UNIMPLEMENTED, details: 'no such call' }),
    });
    const same = await rocinante(done('ab'), 'run', 'compare', 'r1', 'r2');
    expect(same.stdout).toContain('the losses of all 2 steps in common are equal, to the last bit');
    expect(same.stdout).toContain('their ledgers have no step in common');
    expect(same.stdout).toContain(`their final weights are the same, of SHA-256\n  ${'ab'.repeat(32)}\n`);
    const others = await rocinante(done('cd'), 'run', 'compare', 'r1', 'r2');
    expect(others.stdout).toContain(
      `their final weights differ, by SHA-256:\n  r1  ${'ab'.repeat(32)}\n  r2  ${'cd'.repeat(32)}\n`,
    );
  });

  it('stands in 100 columns, also where texts and whole configurations differ', async () => {
    const differing: Partial<RunsHandlers> = {
      ...handlers,
      Show: (call, callback) => {
        const [config, sha256] = call.request.run === 'r1' ? [presets.quick, 'ab'] : [presets.seed, 'cd'];
        const hashes = { corpusSha256: sha256.repeat(32), configJson: JSON.stringify(config) };
        const weightsSha256 = sha256.repeat(32);
        callback(null, {
          ...detailOf({ ...runningRun, id: call.request.run, step: 3, weightsSha256 }),
          ...hashes,
        });
      },
    };
    const { stdout } = await rocinante(differing, 'run', 'compare', 'r1', 'r2');
    expect(stdout).toMatch(/^corpusSha256 +"abababab\w+\.\.\. +"cdcdcdcd\w+\.\.\.$/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('has it in JSON', async () => {
    expect(lastLine(await rocinante(handlers, 'run', 'compare', 'r1', 'r2', '--json'))).toMatchObject({
      first: { id: 'r1' },
      second: { id: 'r2' },
      differences: [{ key: 'seed', first: 1, second: 2 }],
      stepsInCommon: 3,
      partedAt: 1,
      ledgers: { steps: 3, partedAt: 1, differ: ['sum'] },
      losses: [
        { step: 1, first: 3, second: 3 },
        { step: 2, first: 2, second: 2.5 },
        { step: 3, first: 1, second: 1 },
      ],
    });
  });
});
