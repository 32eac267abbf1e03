import { Writable } from 'node:stream';
import { status } from '@grpc/grpc-js';
import type { ListeningServer, RunsHandlers, RunSummary } from '@rocinante/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { evaluationEntry, started, stepEntry, summaryEntry } from '../display/spec-entries.js';
import { RunDisplay } from '../display/run-display.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { Coordinator, type ShownRun } from './coordinator.js';
import { ConnectionLostError, NoCoordinatorError, RefusedError } from './errors.js';
import { RECONNECT_LIMIT_MS } from './limits.js';
import { detailOf, doneRun, refusal, runningRun, serveRuns } from './spec-scripted-coordinator.js';
import { watchRun } from './watch.js';

let server: ListeningServer | null = null;
let coordinator: Coordinator;
let text = '';
/** What the bar said in place of the time left. */
let stood: string[] = [];
let clock = 0;

afterEach(async () => {
  coordinator.close();
  await server?.stop();
  server = null;
});

interface Script {
  /** What each call of Show answers; the last one again and again. */
  readonly summaries: RunSummary[];
  /** What each call of Watch sends. */
  readonly entries: (RunLogEntry | 'cut')[][];
  /** The evaluations that Show tells of. */
  readonly history?: () => { step: number }[];
}

function handlersOf({ summaries, entries, history }: Script): Partial<RunsHandlers> {
  return {
    Show: (_call, callback) => {
      const detail = detailOf(summaries.length > 1 ? summaries.shift()! : summaries[0]);
      callback(null, { ...detail, ...(history && { history: history() }) });
    },
    Watch: (call) => {
      for (const entry of entries.shift() ?? []) {
        if (entry === 'cut') {
          call.emit('error', refusal(status.UNAVAILABLE, 'going away'));
          return;
        }
        call.write({ json: JSON.stringify(entry) });
      }
      call.end();
    },
  };
}

async function watch(
  handlers: Partial<RunsHandlers>,
  signal = new AbortController().signal,
  pause: (ms: number) => Promise<unknown> = (ms) => Promise.resolve((clock += ms)),
): Promise<ShownRun | null> {
  text = '';
  clock = 0;
  server = await serveRuns(handlers);
  coordinator = new Coordinator(server.address);
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const display = new RunDisplay({ terminal: false, stream, now: () => clock });
  const stands = display.stands.bind(display);
  display.stands = (what) => void (stood.push(what), stands(what));
  stood = [];
  return watchRun(coordinator, 'baseline', { display, signal, now: () => clock, pause });
}

describe('watching a run', () => {
  it('shows it to its end', async () => {
    const ended = await watch(
      handlersOf({
        summaries: [runningRun, doneRun],
        entries: [[started({}), stepEntry(1), evaluationEntry(335), summaryEntry()]],
      }),
    );
    expect(ended?.summary.state).toBe('RUN_STATE_DONE');
    expect(text).toContain('355,347 parameters');
    expect(text).toContain('epoch 1 (step 335): loss 2.2992');
  });

  it('of a run that has ended shows what there is, once', async () => {
    const ended = await watch(
      handlersOf({ summaries: [doneRun], entries: [[started({}), evaluationEntry(335), stepEntry(1340)]] }),
    );
    expect(ended?.summary.id).toBe('r12');
    expect(text.match(/epoch 1 \(step 335\)/g)).toHaveLength(1);
  });

  it('goes on after a lost connection, and shows nothing twice', async () => {
    const ended = await watch(
      handlersOf({
        summaries: [runningRun, runningRun, doneRun],
        entries: [
          [started({}), evaluationEntry(335), stepEntry(336), 'cut'],
          [started({}), evaluationEntry(335), stepEntry(336), evaluationEntry(670, { epoch: 2 })],
        ],
      }),
    );
    expect(ended?.summary.state).toBe('RUN_STATE_DONE');
    expect(text.match(/355,347 parameters/g)).toHaveLength(1);
    expect(text.match(/epoch 1 \(step 335\)/g)).toHaveLength(1);
    expect(text.match(/epoch 2 \(step 670\)/g)).toHaveLength(1);
    expect(text).toMatch(/connection to the coordinator at .* was lost: going away; trying again for 120 s/);
    expect(text).toContain('the coordinator is there again');
    expect(stood.filter((what) => what.startsWith('connect'))).toEqual([
      'connection lost, reconnecting',
      'connected again',
    ]);
  });

  it('begins with the last evaluations, and how fast the run goes', async () => {
    const evaluations = (first: number, last: number): RunLogEntry[] =>
      Array.from({ length: last - first + 1 }, (_, index) => evaluationEntry(10 * (first + index)));
    const histories = [20, 31];
    await watch(
      handlersOf({
        summaries: [{ ...runningRun, secondsLeft: 600 }, { ...runningRun, secondsLeft: 600 }, doneRun],
        history: () =>
          Array.from({ length: histories.shift() ?? 32 }, (_, index) => ({ step: 10 * (index + 1) })),
        entries: [
          [started({}), ...evaluations(1, 20), stepEntry(205), evaluationEntry(210), 'cut'],
          [started({}), ...evaluations(1, 31), stepEntry(315), evaluationEntry(320)],
        ],
      }),
    );
    const lines = text.split('\n').filter((line) => /step|earlier/.test(line));
    expect(
      lines.map((line) => line.replace(/: loss.*/, '').replace(', epoch 1/4, loss 2.5000,', '')),
    ).toEqual([
      '1,340 steps of 32 windows in micro-batches of 16',
      '15 earlier evaluations: ./rocinante run show r12 --all',
      ...[160, 170, 180, 190, 200].map((step) => `epoch 1 (step ${step})`),
      'step 205/1,340 410.3 windows/s, 10 min 00 s left',
      'epoch 1 (step 210)',
      '5 earlier evaluations: ./rocinante run show r12 --all',
      ...[270, 280, 290, 300, 310, 320].map((step) => `epoch 1 (step ${step})`),
    ]);
  });

  it('gives up after a named time without a coordinator', async () => {
    const pause = async (ms: number): Promise<void> => {
      clock += ms * 10;
      await server?.stop();
      server = null;
    };
    const script = { summaries: [runningRun], entries: [[started({}), 'cut' as const]] };
    await expect(watch(handlersOf(script), undefined, pause)).rejects.toThrow(NoCoordinatorError);
    expect(clock).toBeGreaterThanOrEqual(RECONNECT_LIMIT_MS);
    expect(text.match(/trying again/g)).toHaveLength(1);
  });

  it('does not try again where there never was a coordinator, or such a run', async () => {
    const none: Partial<RunsHandlers> = {
      Show: (_call, callback) => callback(refusal(status.NOT_FOUND, 'run baseline: there is none')),
    };
    await expect(watch(none)).rejects.toThrow(RefusedError);
    coordinator.close();
    await server?.stop();
    const gone: Partial<RunsHandlers> = {
      Show: (_call, callback) => callback(refusal(status.UNAVAILABLE, 'going away')),
    };
    const error: unknown = await watch(gone).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoCoordinatorError);
    expect(error).not.toBeInstanceOf(ConnectionLostError);
  });

  it('says where a queued run stands, once for each place', async () => {
    const queued = (queuePosition: number): RunSummary => ({
      ...runningRun,
      state: 'RUN_STATE_QUEUED',
      queuePosition,
    });
    await watch(
      handlersOf({
        summaries: [
          queued(2),
          queued(2),
          queued(1),
          { ...runningRun, state: 'RUN_STATE_WAITING', workers: 1 },
          { ...runningRun, state: 'RUN_STATE_WAITING', reason: 'it waits', pool: 'gpu', poolWorkers: 0 },
          doneRun,
        ],
        entries: [[], [], [], [], [started({})]],
      }),
    );
    const said = text.split('\n').filter((line) => /queued|waiting/.test(line));
    expect(said).toEqual([
      'queued in pool default, position 2',
      'queued in pool default, position 1',
      'waiting for workers: 1 of 2 there',
      'waiting: it waits; no worker is in pool gpu; start one with: ./rocinante worker --pool gpu',
    ]);
  });

  it('passes over entries of other releases', async () => {
    const odd = [{ event: 'telepathy' } as unknown as RunLogEntry, started({})];
    await watch(handlersOf({ summaries: [runningRun, doneRun], entries: [odd] }));
    expect(text).toContain('355,347 parameters');
  });

  it('ends where the signal comes, and leaves the run alone', async () => {
    const watching = new AbortController();
    const ended = await watch(
      {
        Show: (_call, callback) => callback(null, detailOf(runningRun)),
        Watch: (call) => {
          call.write({ json: JSON.stringify(started({})) });
          call.on('cancelled', () => undefined);
          setImmediate(() => watching.abort());
        },
      },
      watching.signal,
    );
    expect(ended).toBeNull();
  });
});
