/** Goal: what operators order is done, or refused in one line. Method: a real client, port, folder and runs, which wait. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListRequest, RunsClient } from '@rocinante/wire';
import { evaluationEntry, started } from '../display/spec-entries.js';
import { newStoredRun } from './stored-run.js';
import {
  ask,
  eventually,
  readAll,
  smallConfig,
  smallRun,
  SpecCoordinator,
  startRequest,
  textSha256,
  type Answer,
} from './spec-coordinator.js';

let coordinator: SpecCoordinator;
let client: RunsClient;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
  client = await coordinator.operator();
});
afterEach(async () => {
  await coordinator.remove();
  expect(coordinator.fatal).toEqual([]);
});

const start = (request = {}): Promise<Answer<{ id: string; state: string; queuePosition: number }>> =>
  ask(client, client.start, { ...startRequest, ...request });

describe('a start', () => {
  it('queues a run, which begins when its pool is free', async () => {
    expect(await start({ name: 'first', tags: ['es'] })).toMatchObject({
      id: 'r1',
      state: 'RUN_STATE_WAITING',
    });
    expect(await start()).toMatchObject({ id: 'r2', state: 'RUN_STATE_QUEUED', queuePosition: 1 });
    expect(await start({ priority: 5 })).toMatchObject({ id: 'r3', queuePosition: 1 });
    expect(await start({ pool: 'gpu' })).toMatchObject({
      id: 'r4',
      state: 'RUN_STATE_WAITING',
      poolWorkers: 0,
    });
    await ask(client, client.stop, { run: 'r2' });
    const { runs } = await ask<object, { runs: { id: string }[] }>(client, client.list, {});
    expect(runs!.map(({ id }) => id)).toEqual(['r1', 'r4', 'r3', 'r2']);
    const tagged = await ask<object, { runs: { id: string }[] }>(client, client.list, { tag: 'es' });
    expect(tagged.runs!.map(({ id }) => id)).toEqual(['r1']);
  });

  it('has its place in its pool’s queue in every list, also in one of a tag', async () => {
    for (const pool of ['default', 'gpu']) for (const tags of [[], ['a'], ['b']]) await start({ pool, tags });
    const positions = async (tag: string): Promise<unknown> => {
      const { runs } = await ask<object, { runs: { id: string; queuePosition: number }[] }>(
        client,
        client.list,
        { tag },
      );
      return runs!.map(({ id, queuePosition }) => [id, queuePosition]);
    };
    const all = [
      ['r1', 0],
      ['r4', 0],
      ['r2', 1],
      ['r3', 2],
      ['r5', 1],
      ['r6', 2],
    ];
    expect(await positions('')).toEqual(all);
    expect(await positions('b')).toEqual([
      ['r3', 2],
      ['r6', 2],
    ]);
  });

  it.each([
    ['without JSON', { configJson: '{' }, status.INVALID_ARGUMENT],
    ['of another configuration', { configJson: '{"steps":0}' }, status.INVALID_ARGUMENT],
    ['over a text that is not there', { corpusSha256: 'ab'.repeat(32) }, status.NOT_FOUND],
    ['over no text', { corpusSha256: '/etc/passwd' }, status.INVALID_ARGUMENT],
    [
      'with weights of which the configuration knows nothing',
      { initFromSha256: textSha256 },
      status.INVALID_ARGUMENT,
    ],
    [
      'with weights that are not there',
      {
        initFromSha256: 'ab'.repeat(32),
        configJson: JSON.stringify({ ...smallConfig, initFrom: 'ab'.repeat(32) }),
      },
      status.NOT_FOUND,
    ],
    ['with a limit out of its bounds', { limits: { keepLast: 1_000_000 } }, status.INVALID_ARGUMENT],
    [
      'with an audit of bits that may differ',
      { limits: { exact: 'off', auditShare: 0.1 } },
      status.INVALID_ARGUMENT,
    ],
    ['with the form of an id for a name', { name: 'r7' }, status.INVALID_ARGUMENT],
    ['for a pool that no worker can name', { pool: 'a pool' }, status.INVALID_ARGUMENT],
    ['with a name too long', { name: 'x'.repeat(65) }, status.INVALID_ARGUMENT],
  ])('%s is refused in one line, and nothing is queued', async (_what, request, code) => {
    const { code: received, details } = await start(request);
    expect({ received, details }).toMatchObject({
      received: code,
      details: expect.not.stringContaining('\n') as string,
    });
    expect(coordinator.store.runs()).toEqual([]);
  });
});

describe('a stop', () => {
  it('ends a run, or takes it out of the queue, once', async () => {
    await start();
    await start();
    await coordinator.executed('r1');
    expect(await ask(client, client.stop, { run: 'r2', reason: 'enough' })).toMatchObject({
      state: 'RUN_STATE_STOPPED',
      reason: 'enough',
    });
    const { state } = await ask<object, { state: string }>(client, client.stop, { run: 'r1' });
    // Nobody computes it: it may have ended before the answer.
    expect(['RUN_STATE_STOPPING', 'RUN_STATE_STOPPED']).toContain(state);
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    for (const run of ['r1', 'r2']) {
      expect(await ask(client, client.stop, { run })).toMatchObject({ code: status.FAILED_PRECONDITION });
    }
    expect(await ask(client, client.stop, { run: 'r9' })).toMatchObject({ code: status.NOT_FOUND });
    const reason = 'x'.repeat(1_025);
    expect(await ask(client, client.stop, { run: 'r1', reason })).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});

/** Of a refusal; undefined of an answer. */
function codeOf(answer: object): number | undefined {
  return (answer as { readonly code?: number }).code;
}

describe('a resume', () => {
  beforeEach(async () => {
    await start();
    await coordinator.executed('r1');
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
  });

  it('goes on, with another length and other limits', async () => {
    const request = { run: 'r1', steps: 9, limits: { minWorkers: 2, checkpointSeconds: 5 } };
    expect(await ask(client, client.resume, request)).toMatchObject({ state: 'RUN_STATE_WAITING' });
    await coordinator.executed('r1');
    await eventually(() =>
      coordinator.scheduler.active('r1')!.execution!.view.phase === 'waiting' ? true : null,
    );
    const detail = await ask(client, client.show, { run: 'r1' });
    expect(detail).toMatchObject({
      summary: { stepsTotal: 9, reason: 'it waits for workers: 0 of 2 are there' },
      limits: { minWorkers: 2, keepLast: 3, checkpointSeconds: 5 },
      incidents: [{ kind: 'length-changed', cause: '5 steps became 9 steps' }, { kind: 'resumed' }],
      checkpoints: ['step-00000000.safetensors'],
      bestCheckpoint: '',
    });
    expect(await ask(client, client.resume, { run: 'r1' })).toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
  });

  it('goes on with checkpoints as often as their cost allows', async () => {
    const limits = { minWorkers: 2, checkpointSeconds: 5, checkpointAuto: true };
    await ask(client, client.resume, { run: 'r1', limits });
    expect(coordinator.store.find('r1').limits.checkpointSeconds).toBe('auto');
    const shown = await ask(client, client.show, { run: 'r1' });
    expect(shown).toMatchObject({ limits: { checkpointSeconds: 60, checkpointAuto: true } });
  });

  it('is refused with a length that cannot be, and the run stays as it was', async () => {
    coordinator.store.update('r1', { step: 3 });
    for (const request of [{ steps: 2 }, { epochs: 2 ** 52 }, { limits: { keepLast: 2 ** 31 } }]) {
      expect(await ask(client, client.resume, { run: 'r1', ...request })).toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
    }
    expect(coordinator.store.find('r1')).toMatchObject({ state: 'stopped', stepsTotal: 5 });
  });

  it('of a run that is removed or resumed at the same time is refused, where the other order was first', async () => {
    const both = await Promise.all([4, 6].map((epochs) => ask(client, client.resume, { run: 'r1', epochs })));
    const codes = both.map(codeOf);
    expect(codes.filter((code) => code === status.FAILED_PRECONDITION)).toHaveLength(1);
    const taken = codes.indexOf(undefined);
    expect(coordinator.store.find('r1').config.epochs).toBe([4, 6][taken]);
    await coordinator.executed('r1');
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const answers = await Promise.all([
      ask(client, client.resume, { run: 'r1' }),
      ask(client, client.remove, { run: 'r1' }),
    ]);
    // Whichever came first; a coordinator that failed would answer neither.
    expect([
      [undefined, status.FAILED_PRECONDITION],
      [status.NOT_FOUND, undefined],
    ]).toContainEqual(answers.map(codeOf));
  });

  it('takes epochs in place of steps, and the weights of a former end are its own until it goes on', async () => {
    const weightsSha256 = 'ab'.repeat(32);
    coordinator.store.update('r1', { state: 'done', weightsSha256 });
    expect(await ask(client, client.resume, { run: 'r1', epochs: 7 })).toMatchObject({ weightsSha256 });
    expect(coordinator.store.find('r1').config).toMatchObject({ steps: null, epochs: 7 });
    await coordinator.run('r1', (run) => run.weightsSha256 === null);
  });

  it('is refused with fewer epochs than are done, or nothing to do: the run that is done stays so', async () => {
    const { id, config } = coordinator.store.find('r1');
    const done = { state: 'done', step: 435, stepsTotal: 435, weightsSha256: 'ab'.repeat(32) } as const;
    coordinator.store.update(id, { ...done, config: { ...config, steps: null, epochs: 15 } });
    const entry = JSON.stringify(started({ stepsPerEpoch: 29 }));
    await appendFile(join(coordinator.store.directory(id), 'events.jsonl'), `${entry}\n`);
    const before = coordinator.store.find(id);
    for (const [request, details] of [
      [
        { epochs: 1 },
        '--epochs 1: run r1 has 435 steps already; expected at least so many, received 29; give --epochs 15 or more',
      ],
      [{ steps: 434 }, '--steps 434: run r1 has 435 steps already; expected at least so many, received 434'],
      [{}, 'run r1 has all its 435 steps: there is nothing to do; give more with --steps or --epochs'],
    ] as const) {
      const code = status.INVALID_ARGUMENT;
      expect(await ask(client, client.resume, { run: id, ...request })).toEqual({ code, details });
    }
    expect(coordinator.store.find(id)).toEqual(before);
  });

  it('of one that stopped early goes on with more patience, and is refused where it would end at once', async () => {
    const { id, config } = coordinator.store.find('r1');
    const earlyStopping = { patience: 1, minDelta: 0.5 };
    const done = { state: 'done', step: 3, stepsTotal: 5 } as const;
    coordinator.store.update(id, { ...done, config: { ...config, earlyStopping } });
    const losses = [2, 1.75, 1.625].map((validationLoss, index) =>
      evaluationEntry(index + 1, { validationLoss, best: true }),
    );
    const lines = losses.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await appendFile(join(coordinator.store.directory(id), 'events.jsonl'), lines);
    const before = coordinator.store.find(id);
    const ended = 'run r1 stopped early after step 3: the loss did not fall by more than';
    for (const [request, details] of [
      [{}, `${ended} 0.5 in 1 evaluation; give --patience 3 or more`],
      [{ steps: 200 }, `${ended} 0.5 in 1 evaluation; give --patience 3 or more`],
      [{ patience: 2 }, `${ended} 0.5 in 2 evaluations in a row; give --patience 3 or more`],
      [{ minDelta: 0.125 }, `${ended} 0.125 in 1 evaluation; give --patience 2 or more`],
    ] as const) {
      const code = status.INVALID_ARGUMENT;
      expect(await ask(client, client.resume, { run: id, ...request })).toEqual({ code, details });
    }
    expect(coordinator.store.find(id)).toEqual(before);
    expect(await ask(client, client.resume, { run: id, patience: 3 })).toMatchObject({ stepsTotal: 5 });
    expect(coordinator.store.find(id).config.earlyStopping).toEqual({ patience: 3, minDelta: 0.5 });
  });

  it('of one that somebody stopped is refused where its new early stopping would end it at once', async () => {
    const { id } = coordinator.store.find('r1');
    const lines = [2, 3].map((validationLoss, index) => evaluationEntry(index + 1, { validationLoss }));
    const events = join(coordinator.store.directory(id), 'events.jsonl');
    await appendFile(events, lines.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    coordinator.store.update(id, { step: 2 });
    const before = coordinator.store.find(id);
    expect(await ask(client, client.resume, { run: id, steps: 200, patience: 1 })).toEqual({
      code: status.INVALID_ARGUMENT,
      details:
        'run r1 would stop early at once, after step 2: the loss did not fall in 1 evaluation; give --patience 2 or more',
    });
    expect(coordinator.store.find(id)).toEqual(before);
    expect(await ask(client, client.resume, { run: id, steps: 200, patience: 2 })).toMatchObject({
      stepsTotal: 200,
    });
  });

  it('of one that did not stop early takes a patience where it holds text out, and a margin beside it alone', async () => {
    expect(await ask(client, client.resume, { run: 'r1', minDelta: 0 })).toEqual({
      code: status.INVALID_ARGUMENT,
      details: '--min-delta 0: run r1 does not stop early; give --patience too',
    });
    const { config } = coordinator.store.find('r1');
    coordinator.store.update('r1', { config: { ...config, text: { ...config.text, heldOut: false } } });
    expect(await ask(client, client.resume, { run: 'r1', patience: 3 })).toEqual({
      code: status.INVALID_ARGUMENT,
      details:
        '--patience 3: expected a run that holds text out, received run r1, which holds none; leave it out',
    });
    coordinator.store.update('r1', { config });
    await ask(client, client.resume, { run: 'r1', patience: 4 });
    expect(coordinator.store.find('r1').config.earlyStopping).toEqual({ patience: 4, minDelta: 0 });
  });
});

describe('what is shown', () => {
  it('of a run that has ended is what its record keeps', async () => {
    await start();
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const kept = { bytesSent: 10, bytesReceived: 20, loss: 2.5, lastStepLoss: 2.25, windowsPerSecond: 4 };
    coordinator.store.update('r1', kept);
    const { bytesSent, bytesReceived, ...summary } = kept;
    expect(await ask(client, client.show, { run: 'r1' })).toMatchObject({
      bytesSent,
      bytesReceived,
      summary,
    });
  });

  it('is as much as a message holds: the runs that ended first are left out, but of what is asked for alone', async () => {
    const told = { note: '€'.repeat(1_024), tags: Array.from({ length: 16 }, () => '€'.repeat(64)) };
    await coordinator.end();
    for (let i = 1; i <= 800; i++) {
      const directory = coordinator.store.directory(`r${i}`);
      const ended = {
        state: i === 1 ? 'failed' : 'done',
        endedAt: new Date(i * 1_000).toISOString(),
      } as const;
      await mkdir(directory);
      const pool = i === 2 ? 'gpu' : 'default';
      const record = { ...newStoredRun(`r${i}`, { ...smallRun, ...told, pool }), ...ended };
      await writeFile(join(directory, 'run.json'), JSON.stringify(record));
    }
    coordinator = await SpecCoordinator.open(coordinator.folder);
    client = await coordinator.operator();
    const answer = await ask<object, { runs: { id: string }[]; leftOut: number }>(client, client.list, {});
    expect(answer.runs!.length + answer.leftOut!).toBe(800);
    expect(answer.runs!.length).toBeGreaterThan(500);
    expect(answer.runs!.length).toBeLessThan(800);
    expect(answer.runs![0]).toMatchObject({ id: 'r800' });
    for (const [asked, id] of <[ListRequest, string][]>[
      [{ states: ['RUN_STATE_FAILED', 'RUN_STATE_HELD'] }, 'r1'],
      [{ pool: 'gpu' }, 'r2'],
      [{ pool: 'gpu', states: ['RUN_STATE_DONE'], tag: '€'.repeat(64) }, 'r2'],
    ]) {
      expect(await ask(client, client.list, asked)).toMatchObject({ runs: [{ id }], leftOut: 0 });
    }
    expect(await ask(client, client.list, { pool: 'gpu', states: ['RUN_STATE_FAILED'] })).toEqual({
      runs: [],
      leftOut: 0,
    });
  });
});

describe('a removal', () => {
  it('is refused while the run has not ended', async () => {
    await start();
    await start();
    for (const run of ['r1', 'r2']) {
      expect(await ask(client, client.remove, { run })).toMatchObject({ code: status.FAILED_PRECONDITION });
    }
  });

  it('frees what the run had, while it is shown and its log is read', async () => {
    await start();
    await coordinator.executed('r1');
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const logs = readAll(client.logs({ run: 'r1', follow: true }));
    const shown = ask(client, client.show, { run: 'r1' });
    const { bytes } = await ask<object, { bytes: number }>(client, client.remove, { run: 'r1' });
    expect(bytes).toBeGreaterThan(1_000);
    expect((await logs).refused?.code).toSatisfy((code) => code === undefined || code === status.NOT_FOUND);
    expect((await shown).code).toSatisfy((code) => code === undefined || code === status.NOT_FOUND);
    expect(await ask(client, client.show, { run: 'r1' })).toMatchObject({ code: status.NOT_FOUND });
    expect(await ask(client, client.remove, { run: 'r1' })).toMatchObject({ code: status.NOT_FOUND });
  });

  it('takes a run away whose record is damaged, which can do nothing else', async () => {
    await mkdir(coordinator.store.directory('r1'));
    await writeFile(join(coordinator.store.directory('r1'), 'run.json'), '{');
    await coordinator.end();
    coordinator = await SpecCoordinator.open(coordinator.folder);
    client = await coordinator.operator();
    const { runs } = await ask<object, { runs: object[] }>(client, client.list, {});
    expect(runs).toMatchObject([{ id: 'r1', state: 'RUN_STATE_FAILED' }]);
    expect(await ask(client, client.show, { run: 'r1' })).toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await ask(client, client.remove, { run: 'r1' })).toEqual({ run: 'r1', bytes: 1 });
  });
});
