/**
 * The operator's commands as they are typed, against a real gRPC server whose answers are written by hand: what is asked of a
 * coordinator, what is said on standard output, and the exit codes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { sha256 } from '@rocinante/base';
import { networkLayout } from '@rocinante/model';
import { writeWeightsFile } from '@rocinante/weights';
import type { ListeningServer, PushChunk, RunsHandlers } from '@rocinante/wire';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { detailOf, doneRun, refusal, runningRun, serveRuns } from '../client/scripted-coordinator.js';
import { evaluationEntry, started, stepEntry, summaryEntry } from '../display/entries.js';
import { main } from '../main.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

// The commands are typed many times in one process, and each listens for a reader that went away.
process.stdout.setMaxListeners(0);

let server: ListeningServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types a command to a server with these answers. */
async function rocinante(handlers: Partial<RunsHandlers>, ...args: string[]): Promise<Said> {
  server = await serveRuns(handlers);
  return type([...args, '--coordinator', server.address]);
}

async function type(args: readonly string[]): Promise<Said> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    return { code: await main(args), stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

function lastLine({ stdout }: Said): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

const show: Partial<RunsHandlers> = {
  Show: (_call, callback) => callback(null, detailOf(runningRun)),
};
const losses: Partial<RunsHandlers> = {
  Losses: (call) => {
    call.write({ firstStep: 1, losses: Array.from({ length: 40 }, (_, index) => 4 - index / 20) });
    call.end();
  },
};

describe('run start', () => {
  const book = 'call me ishmael. '.repeat(200);
  const corpus = file('book.txt', book);
  const small = {
    network: {
      input: 'one-hot',
      layers: [{ units: 8, dropout: 0 }],
      recurrentActivation: 'sigmoid',
      loss: 'every',
    },
    text: { window: 20 },
    batch: { size: 8, microBatch: 4 },
  } as const;
  const config = file('small.json', JSON.stringify(small));

  it('sends what is missing, once, and queues the run', async () => {
    const kept = new Map<string, Buffer>();
    const requests: unknown[] = [];
    const handlers: Partial<RunsHandlers> = {
      Have: (call, callback) =>
        callback(null, { sha256: call.request.sha256.filter((sha) => kept.has(sha)) }),
      Push: (call, callback) => {
        const chunks: PushChunk[] = [];
        call.on('data', (chunk: PushChunk) => chunks.push(chunk));
        call.on('end', () => {
          kept.set(chunks[0].sha256!, Buffer.concat(chunks.map(({ data }) => data as Buffer)));
          callback(null, { sha256: chunks[0].sha256, known: false });
        });
      },
      Start: (call, callback) => {
        requests.push(call.request);
        callback(null, { ...runningRun, state: 'RUN_STATE_QUEUED', queuePosition: 2 });
      },
    };
    const args = ['run', 'start', '--corpus', corpus, '--config', config];
    const options = [
      '--name',
      'baseline',
      '--tag',
      'paper',
      '--tag',
      'lstm',
      '--priority',
      '-3',
      '--pool',
      'gpu',
    ];
    const limits = [
      '--min-workers',
      '2',
      '--max-hours',
      '1.5',
      '--keep-every',
      '500',
      '--learning-rate',
      '0.01',
    ];
    const first = await rocinante(handlers, ...args, ...options, ...limits, '--json');
    expect(first).toMatchObject({ code: 0 });
    const textSha256 = sha256(Buffer.from(book));
    expect(kept.get(textSha256)?.toString()).toBe(book);
    expect(lastLine(first)).toMatchObject({
      id: 'r12',
      state: 'queued',
      queuePosition: 2,
      corpusSha256: textSha256,
      sent: [{ sha256: textSha256, bytes: book.length }],
    });
    expect(requests[0]).toMatchObject({
      name: 'baseline',
      tags: ['paper', 'lstm'],
      priority: -3,
      pool: 'gpu',
      corpusSha256: textSha256,
      corpusName: 'book.txt',
      initFromSha256: '',
      limits: { minWorkers: 2, maxHours: 1.5, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 500 },
    });
    const sent = JSON.parse((requests[0] as { configJson: string }).configJson) as object;
    expect(sent).toMatchObject({ ...small, optimizer: { learningRate: 0.01 }, initFrom: null });

    await server!.stop();
    handlers.Push = (_call, callback) => callback(refusal(status.INTERNAL, 'sent twice'));
    const again = await rocinante(handlers, ...args);
    expect(again).toMatchObject({
      code: 0,
      stdout:
        'run r12 (baseline) is queued in pool default, position 2; watch it with: ./rocinante run watch r12\n',
    });
    expect(again.stderr).toContain('is there already');
  });

  it('begins with a weights file, which is sent too', async () => {
    const symbols = [...new Set(book)].sort();
    const network = { ...small.network, layers: [...small.network.layers], vocabularySize: symbols.length };
    const path = join(folder, 'before.safetensors');
    await writeWeightsFile(path, {
      network,
      vocabulary: symbols,
      normalisation: 'none',
      window: 20,
      step: 3,
      configuration: {},
      parameters: new Float32Array(networkLayout(network).length).fill(0.5),
    });
    const pushed: string[] = [];
    let initFromSha256 = '';
    const said = await rocinante(
      {
        Have: (_call, callback) => callback(null, { sha256: [] }),
        Push: (call, callback) => {
          let name = '';
          call.on('data', ({ sha256: first }: PushChunk) => {
            name ||= first!;
          });
          call.on('end', () => {
            pushed.push(name);
            callback(null, { sha256: name, known: false });
          });
        },
        Start: (call, callback) => {
          initFromSha256 = call.request.initFromSha256;
          expect(JSON.parse(call.request.configJson)).toMatchObject({ initFrom: initFromSha256 });
          callback(null, runningRun);
        },
      },
      ...['run', 'start', '--corpus', corpus, '--config', config, '--init-from', path],
    );
    expect(said).toMatchObject({ code: 0 });
    const fileSha256 = sha256(readFileSync(path));
    expect(initFromSha256).toBe(fileSha256);
    expect(pushed).toEqual([sha256(Buffer.from(book)), fileSha256]);
  });

  it.each<[string, string[], RegExp]>([
    ['a text that is missing', ['--corpus', join(folder, 'nowhere.txt')], /no file of that name/],
    ['a text that is no UTF-8', ['--corpus', file('latin1.txt', Uint8Array.of(0x61, 0xf1, 0x6f))], /UTF-8/],
    [
      'a text that is too short',
      ['--corpus', file('short.txt', 'call me')],
      /corpus .*short\.txt, train: expected at least 101 characters/,
    ],
    [
      'a weights file that is none',
      ['--init-from', file('no.safetensors', 'nothing of the kind')],
      /: --init-from .*no\.safetens/,
    ],
    ['a value out of range', ['--learning-rate', '0'], /--learning-rate.*above 0/],
    ['a schedule that is none', ['--schedule', 'square'], /--schedule.*constant, cosine, step/],
    [
      'steps of decay that are not given',
      ['--schedule', 'step'],
      /--schedule step: schedule\.everySteps: .*received nothing/,
    ],
    [
      'patience where nothing is held out',
      ['--patience', '3', '--no-held-out'],
      /--patience 3: needs a held-out/,
    ],
    ['too long a name', ['--name', 'n'.repeat(65)], /--name.*1 to 64 characters/],
    ['a pool that is no word', ['--pool', 'a b'], /--pool.*letters, digits/],
    ['an address that is none', ['--coordinator', 'here'], /--coordinator.*host:port/],
  ])('refuses %s before anything is asked of a coordinator', async (_what, args, line) => {
    const said = await type(['run', 'start', '--corpus', corpus, '--coordinator', '127.0.0.1:1', ...args]);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(line);
    expect(said.stderr.trim().split('\n')).toHaveLength(1);
  });
});

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
    callback(null, { runs: [runningRun, { ...queued, priority: 5 }, { ...doneRun, id: 'r7' }], leftOut: 2 });
  };

  it('has a line for each run, and the queue’s order', async () => {
    const { code, stdout } = await rocinante({ List }, 'run', 'list', '--tag', 'paper');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'run  name      state                  step     loss    held-out  windows/s  worker-hours  tags',
      'r12  baseline  running                40/100   2.2500  2.5000    410.3      1.50          paper, lstm',
      'r13            queued 1 (priority 5)  -        -       -         -          0.00',
      'r7   baseline  done                   100/100  2.2500  2.5000    410.3      1.50          paper, lstm',
      'and 2 more that ended before',
    ]);
  });

  it('has numbers or null in JSON', async () => {
    const said = await rocinante({ List }, 'run', 'list', '--tag', 'paper', '--json');
    const { runs, leftOut } = lastLine(said) as { runs: object[]; leftOut: number };
    expect(leftOut).toBe(2);
    expect(runs[0]).toMatchObject({ id: 'r12', state: 'running', loss: 2.25, queuePosition: null });
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
      /^worker-2 +gpu H100, 1 thread +5 of 8 micro-batches +- +2026-11-24 10:00:07$/m,
      /^loss +2\.2500, held out 2\.5000; the last step's 2\.3750$/m,
      /^ *7 +2026-11-24 10:10:00 +worker-lost +worker-3 +the connection was cut$/m,
      /^ *9 +2026-11-24 10:11:00 +resumed +- +the coordinator was started again$/m,
      /^at least 2 workers; at most 12 h of work$/m,
      /^ {2}"seed": 1,$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it('says the same in JSON', async () => {
    const said = lastLine(await rocinante({ ...show, ...losses }, 'run', 'show', 'r12', '--json'));
    expect(said).toMatchObject({
      id: 'r12',
      config: { seed: 1 },
      limits: { minWorkers: 2, maxHours: 12, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 0 },
      corpus: { name: 'book.txt' },
      workerShares: [
        { name: 'worker-1', microBatches: 3, microBatchesPerSecond: 1.5 },
        { name: 'worker-2', microBatchesPerSecond: null },
      ],
      history: [{ step: 25, epoch: 1, loss: 2.5, validationLoss: 2.6, best: true }],
      incidents: [
        { step: 7, kind: 'worker-lost', worker: 'worker-3', cause: 'the connection was cut' },
        { step: 9, kind: 'resumed', worker: null },
      ],
      bestCheckpoint: 'step-00000025.safetensors',
      boundBy: 'compute',
    });
    expect((said as { curve: unknown[] }).curve).toHaveLength(40);
  });
});

describe('run watch', () => {
  const ending = (end: object, ...entries: object[]): Partial<RunsHandlers> => {
    const summaries = [runningRun, { ...runningRun, ...end }];
    return {
      Show: (_call, callback) =>
        callback(null, detailOf(summaries.length > 1 ? summaries.shift()! : summaries[0])),
      Watch: (call) => {
        for (const entry of entries) call.write({ json: JSON.stringify(entry) });
        call.end();
      },
    };
  };

  it('shows a run that is done, and how to get its weights', async () => {
    const entries = [started({}), stepEntry(1, { issues: 2 }), evaluationEntry(335), summaryEntry()];
    const said = await rocinante(ending(doneRun, ...entries), 'run', 'watch', 'r12');
    expect(said.code).toBe(0);
    expect(said.stderr).toContain('epoch 1 (step 335): loss 2.2992');
    expect(said.stdout).toBe(
      'done: 1,340 steps, loss 1.5995, held-out loss 1.6112, 413.1 windows/s, 1 step issued again\n' +
        'weights: ./rocinante weights pull r12 --out r12.safetensors (its parameters’ SHA-256: fc0b)\n',
    );
  });

  it('ends with train’s JSON, from the run’s summary or from what is known of a run that was done before', async () => {
    const seen = await rocinante(ending(doneRun, summaryEntry()), 'run', 'watch', 'r12', '--json');
    expect(lastLine(seen)).toEqual({
      steps: 1340,
      epoch: 4,
      loss: 1.5995,
      validationLoss: 1.6112,
      windowsPerSecond: 413.1,
      bytesSent: 10,
      bytesReceived: 20,
      weightsSha256: 'fc0b',
      run: 'r12',
      state: 'done',
      reason: '',
    });
    await server!.stop();
    const before = await rocinante(ending(doneRun), 'run', 'watch', 'r12', '--json');
    expect(lastLine(before)).toMatchObject({
      steps: 100,
      loss: 2.25,
      bytesSent: 2e6,
      weightsSha256: 'ab'.repeat(32),
    });
  });

  it('ends with 0 where the run was stopped, and with 1 where it failed', async () => {
    const stopped = await rocinante(
      ending({ state: 'RUN_STATE_STOPPED', reason: 'stopped after step 40: lunch' }),
      ...['run', 'watch', 'r12', '--json'],
    );
    expect(stopped.code).toBe(0);
    expect(lastLine(stopped)).toMatchObject({
      state: 'stopped',
      reason: 'stopped after step 40: lunch',
      weightsSha256: null,
    });
    expect(stopped.stderr).toContain(
      'stopped after step 40: lunch; go on with: ./rocinante run resume r12\n',
    );
    await server!.stop();
    const reason = 'stopped after step 40: it has been active for the 12 hours of --max-hours';
    const late = await rocinante(
      ending({ state: 'RUN_STATE_STOPPED', reason, activeHours: 12 }),
      ...['run', 'watch', 'r12'],
    );
    expect(late.stderr).toContain(`${reason}; go on with: ./rocinante run resume r12 --max-hours 24\n`);
    await server!.stop();
    const failed = await rocinante(
      ending({ state: 'RUN_STATE_FAILED', reason: 'the loss is not finite' }),
      ...['run', 'watch', 'r12', '--json'],
    );
    expect(failed.code).toBe(1);
    expect(lastLine(failed)).toMatchObject({ state: 'failed' });
    expect(failed.stderr).toContain('rocinante: run r12 failed: the loss is not finite');
  });

  it('leaves the run alone at Ctrl-C, and says so', async () => {
    const handlers: Partial<RunsHandlers> = {
      ...show,
      Watch: (call) => {
        call.write({ json: JSON.stringify(started({})) });
        setTimeout(() => process.emit('SIGINT'), 50);
      },
    };
    const said = await rocinante(handlers, 'run', 'watch', 'r12');
    expect(said.code).toBe(130);
    expect(said.stderr).toContain('run r12 is left alone; watch it again with: ./rocinante run watch r12');
  });
});

describe('run logs', () => {
  const line = { level: 'info', time: '2026-11-24T12:00:00.000Z', run: 'r12', worker: 'a', msg: 'joined' };

  it('are lines for people, or as they are', async () => {
    const Logs: RunsHandlers['Logs'] = (call) => {
      expect(call.request).toEqual({ run: 'r12', worker: 'a', follow: false });
      call.write({ json: JSON.stringify(line) });
      call.end();
    };
    const people = await rocinante({ ...show, Logs }, 'run', 'logs', 'baseline', '--worker', 'a');
    expect(people).toMatchObject({ code: 0, stdout: '2026-11-24 12:00:00 INFO  a: joined\n' });
    await server!.stop();
    const script = await rocinante({ ...show, Logs }, 'run', 'logs', 'baseline', '--worker', 'a', '--json');
    expect(lastLine(script)).toEqual(line);
  });

  it('are none of a worker that nothing is known of, which is said', async () => {
    const said = await rocinante(
      { ...show, Logs: (call) => call.end() },
      ...['run', 'logs', 'r12', '--worker', 'nobody'],
    );
    expect(said).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no line of worker nobody in the log of run r12\n',
    });
  });

  it('that are followed go on after a lost connection, each once', async () => {
    let calls = 0;
    const Logs: RunsHandlers['Logs'] = (call) => {
      calls += 1;
      for (const msg of calls === 1 ? ['a', 'b'] : ['a', 'b', 'c'])
        call.write({ json: JSON.stringify({ msg }) });
      if (calls === 1) setImmediate(() => call.emit('error', refusal(status.UNAVAILABLE, 'going away')));
      else call.end();
    };
    const said = await rocinante({ ...show, Logs }, 'run', 'logs', 'r12', '--follow', '--json');
    expect(said.stdout).toBe('{"msg":"a"}\n{"msg":"b"}\n{"msg":"c"}\n');
  });
});

describe('run stop, resume and rm', () => {
  it('stop tells the reason', async () => {
    const Stop: RunsHandlers['Stop'] = (call, callback) => {
      expect(call.request).toEqual({ run: 'baseline', reason: 'lunch' });
      callback(null, { ...runningRun, state: 'RUN_STATE_STOPPING' });
    };
    const said = await rocinante({ Stop }, 'run', 'stop', 'baseline', '--reason', 'lunch', '--json');
    expect(lastLine(said)).toMatchObject({ id: 'r12', state: 'stopping' });
  });

  it('resume changes only the limits that are given', async () => {
    const requests: unknown[] = [];
    const Resume: RunsHandlers['Resume'] = (call, callback) => {
      requests.push(call.request);
      callback(null, { ...runningRun, state: 'RUN_STATE_QUEUED', queuePosition: 1 });
    };
    const longer = await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--steps', '200');
    expect(longer.stdout).toContain('run r12 (baseline) is queued in pool default, position 1');
    await server!.stop();
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--min-workers', '3');
    expect(requests).toEqual([
      { run: 'r12', steps: 200, epochs: 0, limits: null },
      {
        run: 'r12',
        steps: 0,
        epochs: 0,
        limits: { minWorkers: 3, maxHours: 12, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 0 },
      },
    ]);
  });

  it('rm says what became free, or why not', async () => {
    const gone = await rocinante(
      { Remove: (_call, callback) => callback(null, { run: 'r12', bytes: 12e6 }) },
      'run',
      'rm',
      'baseline',
    );
    expect(gone).toMatchObject({ code: 0, stdout: 'run r12 is removed: 12.0 MB are free again\n' });
    await server!.stop();
    const details = 'run r12: it is active; stop it first';
    const Remove: RunsHandlers['Remove'] = (_call, callback) =>
      callback(refusal(status.FAILED_PRECONDITION, details));
    const refused = await rocinante({ Remove }, 'run', 'rm', 'r12');
    expect(refused).toEqual({ code: 2, stdout: '', stderr: `rocinante: ${details}\n` });
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
  };

  it('shows differences, losses, and where they part', async () => {
    const { stdout } = await rocinante(handlers, 'run', 'compare', 'r1', 'r2');
    expect(stdout).toMatch(/^seed +1 +2$/m);
    expect(stdout).toMatch(/^ *1 +3\.000000 +3\.000000 +equal$/m);
    expect(stdout).toMatch(/^ *2 +2\.000000 +2\.500000 +5\.00e-1$/m);
    expect(stdout).toContain('they part at step 2 of 3 in common');
  });

  it('has it in JSON', async () => {
    expect(lastLine(await rocinante(handlers, 'run', 'compare', 'r1', 'r2', '--json'))).toMatchObject({
      first: { id: 'r1' },
      second: { id: 'r2' },
      differences: [{ key: 'seed', first: 1, second: 2 }],
      stepsInCommon: 3,
      partedAt: 2,
      losses: [
        { step: 1, first: 3, second: 3 },
        { step: 2, first: 2, second: 2.5 },
        { step: 3, first: 1, second: 1 },
      ],
    });
  });
});

describe('corpus push', () => {
  it('says the SHA-256, and sends nothing that is there', async () => {
    const path = file('pushed.txt', 'el ingenioso');
    const known = sha256(Buffer.from('el ingenioso'));
    const Have: RunsHandlers['Have'] = (_call, callback) => callback(null, { sha256: [known] });
    const said = await rocinante({ Have }, 'corpus', 'push', path);
    expect(said).toMatchObject({ code: 0, stdout: `${known}\n` });
    await server!.stop();
    const json = await rocinante({ Have }, 'corpus', 'push', path, '--json');
    expect(lastLine(json)).toEqual({ sha256: known, bytes: 12, known: true });
  });

  it('refuses what is no text before it is sent', async () => {
    const path = file('binary.txt', Uint8Array.of(0, 0xff));
    const said = await type(['corpus', 'push', path, '--coordinator', '127.0.0.1:1']);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/expected UTF-8 text, received 0xFF at byte 1/);
  });
});

describe('weights pull', () => {
  // A safetensors file: the header's length, the header, the parameters.
  const data = Buffer.from('\u0002\0\0\0\0\0\0\0{}weights');
  const Weights: RunsHandlers['Weights'] = (call) => {
    call.write({ bytes: data.length, sha256: sha256(data), step: 100, data });
    call.end();
  };

  it('writes the file, and refuses to replace one', async () => {
    const out = join(folder, 'pulled.safetensors');
    const said = await rocinante({ ...show, Weights }, 'weights', 'pull', 'baseline', '--out', out, '--json');
    expect(lastLine(said)).toEqual({
      run: 'r12',
      which: 'final',
      path: out,
      bytes: 17,
      sha256: sha256(data),
      weightsSha256: sha256(Buffer.from('weights')),
      step: 100,
    });
    expect(readFileSync(out)).toEqual(data);
    await server!.stop();
    const again = await rocinante({ ...show, Weights }, 'weights', 'pull', 'baseline', '--out', out);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/there is a file already; --force replaces it/);
    await server!.stop();
    const forced = await rocinante(
      { ...show, Weights },
      'weights',
      'pull',
      'baseline',
      '--out',
      out,
      '--force',
    );
    expect(forced).toMatchObject({ code: 0 });
    expect(readdirSync(folder).filter((name) => name.startsWith('pulled'))).toEqual(['pulled.safetensors']);
  });

  it('knows one format', async () => {
    const said = await type(['weights', 'pull', 'r1', '--out', 'x', '--format', 'onnx']);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/--format.*onnx.*safetensors/);
  });
});

it('a coordinator that is not there ends any command with 1, in one line', async () => {
  for (const args of [
    ['run', 'list'],
    ['run', 'watch', 'r1'],
    ['run', 'logs', 'r1'],
    ['weights', 'pull', 'r1', '--out', join(folder, 'never')],
  ]) {
    const said = await type([...args, '--coordinator', '127.0.0.1:1']);
    expect(said).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'rocinante: no coordinator at 127.0.0.1:1: connection refused; start one with ./rocinante serve\n',
    });
  }
});
