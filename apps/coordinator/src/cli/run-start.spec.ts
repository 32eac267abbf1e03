import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { sha256 } from '@rocinante/base';
import { networkLayout } from '@rocinante/model';
import { writeWeightsFile } from '@rocinante/weights';
import type { PushChunk, RunsHandlers } from '@rocinante/wire';
import { describe, expect, it, vi } from 'vitest';
import { doneRun, refusal, runningRun } from '../client/spec-scripted-coordinator.js';
import { file, folder, lastLine, rocinante, stopServer, type } from './spec-command.js';

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
      List: (_call, callback) => callback(null, { runs: [] }),
      Start: (call, callback) => {
        requests.push(call.request);
        callback(null, { ...runningRun, state: 'RUN_STATE_QUEUED', queuePosition: 2, poolWorkers: 0 });
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
    expect(first.stderr).not.toContain('the name');
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
      limits: {
        ...{ minWorkers: 2, maxHours: 1.5, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 500 },
        exact: 'auto',
        auditShare: 0,
        normChecks: 'on',
      },
    });
    const sent = JSON.parse((requests[0] as { configJson: string }).configJson) as object;
    expect(sent).toMatchObject({ ...small, optimizer: { learningRate: 0.01 }, initFrom: null });

    await stopServer();
    handlers.Push = (_call, callback) => callback(refusal(status.INTERNAL, 'sent twice'));
    const again = await rocinante(handlers, ...args);
    expect(again).toMatchObject({
      code: 0,
      stdout:
        'run r12 (baseline) is queued in pool default, position 2; watch it with: ./rocinante run watch r12\n',
    });
    expect(again.stderr).toContain('is there already');
    expect(again.stderr).toContain('no worker is in pool default; start one with: ./rocinante worker\n');
  });

  it('takes a name that others have, and says so in one line', async () => {
    const handlers: Partial<RunsHandlers> = {
      Have: (call, callback) => callback(null, { sha256: call.request.sha256 }),
      List: (_call, callback) =>
        callback(null, {
          runs: [doneRun, { ...runningRun, name: 'another' }, ...'345678'].map((run, index) =>
            typeof run === 'string' ? { ...doneRun, id: `r${run}` } : { ...run, id: `r${index + 1}` },
          ),
        }),
      Start: (_call, callback) => callback(null, runningRun),
    };
    const args = ['run', 'start', '--corpus', corpus, '--config', config];
    const named = await rocinante(handlers, ...args, '--name', 'baseline');
    expect(named).toMatchObject({
      code: 0,
      stderr:
        `corpus ${corpus}: is there already\n` +
        'the name baseline is also that of r1, r3, r4, r5, r6 and 2 more: commands that are given it ask for an id; ' +
        "this run's is r12\n",
    });
    await stopServer();
    const free = await rocinante(handlers, ...args, '--name', 'moby');
    expect(free).toMatchObject({ code: 0, stderr: `corpus ${corpus}: is there already\n` });
  });

  it('says in a line each what of its options does less than it seems', async () => {
    const handlers: Partial<RunsHandlers> = {
      Have: (call, callback) => callback(null, { sha256: call.request.sha256 }),
      Start: (_call, callback) => callback(null, runningRun),
    };
    const options = ['--scale-batch', '4', '--steps', '20', '--epochs', '3'];
    const damaged = file('damaged.txt', book + '\x93');
    const said = await rocinante(
      handlers,
      ...['run', 'start', '--corpus', damaged, '--config', config],
      ...options,
    );
    expect(said).toMatchObject({
      code: 0,
      stderr:
        `corpus ${damaged} has symbols that are no text's (U+0093): perhaps it was Windows-1252, converted as if ` +
        'it were ISO-8859-1: convert what it was made of with `iconv -f WINDOWS-1252 -t UTF-8`\n' +
        "--steps 20 --epochs 3: each is the whole run's length; the steps decide\n" +
        '--scale-batch 4: 32 windows in micro-batches of 16, learning rate 0.008, warm-up 100 steps\n' +
        'the warm-up of 100 steps is longer than the run, which has 20: its learning rate comes to 0.0016 of 0.008; ' +
        'take a smaller --warmup-steps, or a longer run\n' +
        `corpus ${damaged}: is there already\n`,
    });
  });

  describe('with a run’s own configuration', () => {
    const handlers: Partial<RunsHandlers> = {
      Have: (call, callback) => callback(null, { sha256: call.request.sha256 }),
      Start: (call, callback) => callback(null, { ...runningRun, name: call.request.corpusSha256 }),
    };
    const ofRun = (name: string, source: string, textSha256 = sha256(Buffer.from(book))): string =>
      file(name, JSON.stringify({ version: 1, config: small, corpus: { source, sha256: textSha256 } }));

    it('takes that run’s text', async () => {
      const said = await rocinante(handlers, 'run', 'start', '--config', ofRun('run.json', corpus));
      expect(said).toMatchObject({ code: 0, stderr: `corpus ${corpus}: is there already\n` });
      expect(said.stdout).toContain(sha256(Buffer.from(book)));
    });

    it('says that the text that is given is another', async () => {
      const recorded = ofRun('other.json', '/none/other.txt', 'a'.repeat(64));
      const said = await rocinante(handlers, 'run', 'start', '--config', recorded, '--corpus', corpus);
      expect(said.code).toBe(0);
      expect(said.stderr).toMatch(
        /^--config \S+other\.json: its run had another text, \/none\/other\.txt \(SHA-256 a{12}…\); this run's has SHA-256 [0-9a-f]{12}…\n/,
      );
    });

    it.each(['train', 'run start'])('refuses to %s where that text is not as it was', async (command) => {
      const gone = ofRun('gone.json', '/none/book.txt');
      const changed = ofRun('changed.json', corpus, 'b'.repeat(64));
      for (const [config, why] of [
        [
          gone,
          /the run's text was \/none\/book\.txt \(SHA-256 [0-9a-f]{12}…\), which is not there; give it with --corpus\n$/,
        ],
        [changed, /which is another by now, with SHA-256 [0-9a-f]{12}…; give it with --corpus\n$/],
      ] as const) {
        const said = await type([...command.split(' '), '--config', config]);
        expect(said).toMatchObject({ code: 2, stdout: '' });
        expect(said.stderr).toMatch(/^rocinante: configuration \S+\.json: [^\n]+\n$/);
        expect(said.stderr).toMatch(why);
      }
    });
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

  it.each([
    ['its text is sent', 'Push', /^interrupted; no run was started$/m],
    ['it is asked for', 'Start', /^interrupted while the run was started; .*: \.\/rocinante run list$/m],
  ] as const)('says at Ctrl-C while %s what has become of the run', async (_when, call, line) => {
    // The process goes on here, and hears that its request was cut.
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const listening = process.listenerCount('SIGINT');
    const handlers: Partial<RunsHandlers> = {
      Have: (request, callback) => callback(null, { sha256: call === 'Push' ? [] : request.request.sha256 }),
      Push: (stream, callback) => {
        stream.resume();
        process.emit('SIGINT');
        callback(refusal(status.INTERNAL, 'cut'));
      },
      Start: (_call, callback) => {
        process.emit('SIGINT');
        callback(refusal(status.INTERNAL, 'cut'));
      },
    };
    const said = await rocinante(handlers, 'run', 'start', '--corpus', corpus, '--config', config);
    expect(exit.mock.calls).toEqual([[130]]);
    exit.mockRestore();
    expect(said.stderr).toMatch(line);
    expect(process.listenerCount('SIGINT')).toBe(listening);
  });

  it.each<[string, string[], RegExp]>([
    ['a text that is missing', ['--corpus', join(folder, 'nowhere.txt')], /no file of that name/],
    ['a text that is no UTF-8', ['--corpus', file('latin1.txt', Uint8Array.of(0x61, 0xf1, 0x6f))], /UTF-8/],
    [
      'a text that is too short',
      ['--corpus', file('short.txt', 'call me')],
      /corpus .*short\.txt: expected at least 2,011 characters/,
    ],
    [
      'a weights file that is none',
      ['--init-from', file('no.safetensors', 'nothing of the kind')],
      /: --init-from .*no\.safetens/,
    ],
    [
      'an audit of bits that may differ',
      ['--audit', '0.1', '--exact', 'off'],
      /^rocinante: --audit: compares bits/,
    ],
    ['a value out of range', ['--learning-rate', '0'], /--learning-rate.*above 0/],
    ['a schedule that is none', ['--schedule', 'square'], /--schedule.*constant, cosine, step/],
    [
      'steps of decay that are not given',
      ['--schedule', 'step'],
      /--schedule step: --decay-every: .*received nothing/,
    ],
    [
      'patience where nothing is held out',
      ['--patience', '3', '--no-held-out'],
      /--patience 3: needs a held-out/,
    ],
    [
      'a batch larger than the text',
      ['--config', config, '--scale-batch', '32'],
      /: corpus .*book\.txt: expected a batch of at most 152 windows, .*, received 256; .*--batch 128 --micro-batch 128/,
    ],
    [
      'a batch larger than the text, whatever its micro-batch',
      ['--config', config, '--batch', '5000', '--micro-batch', '7'],
      /: corpus .*book\.txt: expected a batch of at most 152 windows, .*, received 5,000; .*--batch 147 --micro-batch 7/,
    ],
    [
      'a batch that the text has, of no whole micro-batches',
      ['--config', config, '--batch', '150', '--micro-batch', '7'],
      /: --micro-batch 7: must divide the batch of 150, as 5, 6, 10 or 15 would\n$/,
    ],
    ['too long a name', ['--name', 'n'.repeat(65)], /--name.*1 to 64 characters/],
    ['a pool that is no word', ['--pool', 'a b'], /--pool.*letters, digits/],
    ['an address that is none', ['--coordinator', 'here'], /--coordinator.*host:port/],
  ])('refuses %s before anything is asked of a coordinator', async (_what, args, line) => {
    const text = args.includes('--corpus') ? [] : ['--corpus', corpus];
    const said = await type(['run', 'start', ...text, '--coordinator', '127.0.0.1:1', ...args]);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(line);
    expect(said.stderr.trim().split('\n')).toHaveLength(1);
  });
});
