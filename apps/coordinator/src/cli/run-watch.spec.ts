import { status } from '@grpc/grpc-js';
import type { RunsHandlers } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { detailOf, doneRun, refusal, runningRun } from '../client/spec-scripted-coordinator.js';
import { evaluationEntry, started, stepEntry, summaryEntry } from '../display/spec-entries.js';
import { lastLine, rocinante, show, stopServer } from './spec-command.js';

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
      'done: 1,340 steps, loss 1.5995, held-out loss 1.6112 (2.32 bits a character), 413.1 windows/s, 1 step issued again\n' +
        'weights: ./rocinante weights pull r12 --out r12.safetensors (its parameters’ SHA-256: fc0b)\n',
    );
  });

  it('names the commands that go on with it, and that pull its best weights', async () => {
    const summary = summaryEntry({
      bestStep: 1005,
      bestValidationLoss: 1.5,
      lastFall: { nats: 0.0432, sinceStep: 1005 },
    });
    const said = await rocinante(ending(doneRun, started({}), summary), 'run', 'watch', 'r12');
    expect(said.stdout.split('\n').slice(1, 3)).toEqual([
      'best: held-out loss 1.5000 (2.16 bits a character) at step 1,005; its weights: ' +
        './rocinante weights pull r12 --which best --out r12-best.safetensors',
      'the held-out loss was still falling, by 0.0432 since step 1,005; go on with: ./rocinante run resume r12 --epochs 8',
    ]);
  });

  it('ends with train’s JSON, from the run’s summary or from what is known of a run that was done before', async () => {
    const seen = await rocinante(ending(doneRun, summaryEntry()), 'run', 'watch', 'r12', '--json');
    expect(lastLine(seen)).toEqual({
      steps: 1340,
      epoch: 4,
      loss: 1.5995,
      validationLoss: 1.6112,
      validationBitsPerCharacter: 1.6112 / Math.LN2,
      bestStep: 1340,
      bestValidationLoss: 1.6112,
      windowsPerSecond: 413.1,
      bytesSent: 10,
      bytesReceived: 20,
      weightsSha256: 'fc0b',
      notExactSince: null,
      run: 'r12',
      state: 'done',
      reason: '',
    });
    await stopServer();
    const before = await rocinante(ending(doneRun), 'run', 'watch', 'r12', '--json');
    expect(lastLine(before)).toMatchObject({
      steps: 100,
      loss: 2.25,
      bestStep: 25,
      bestValidationLoss: 2.6,
      bytesSent: 2e6,
      weightsSha256: 'ab'.repeat(32),
    });
  });

  it('ends with 3 where somebody stopped the run, 0 where its limit did, and 1 where it failed', async () => {
    const stopped = await rocinante(
      ending({ state: 'RUN_STATE_STOPPED', reason: 'stopped after step 40: lunch' }),
      ...['run', 'watch', 'r12', '--json'],
    );
    expect(stopped.code).toBe(3);
    expect(lastLine(stopped)).toMatchObject({
      state: 'stopped',
      reason: 'stopped after step 40: lunch',
      bestStep: 25,
      weightsSha256: null,
    });
    expect(stopped.stderr).toContain(
      'stopped after step 40: lunch; go on with: ./rocinante run resume r12\n',
    );
    await stopServer();
    const last = { state: 'RUN_STATE_STOPPED', step: 100, reason: 'stopped after step 100: lunch' } as const;
    const behind = await rocinante(ending(last), 'run', 'watch', 'r12');
    expect(behind.stderr).toContain(
      'stopped after step 100: lunch; that was its last step, and what is left is to evaluate it and to write the weights: ' +
        './rocinante run resume r12\n',
    );
    await stopServer();
    // It was done, was resumed, and was stopped before it went on: its account is of that end.
    const again = await rocinante(
      ending({ state: 'RUN_STATE_STOPPED' }, started({}), summaryEntry()),
      ...['run', 'watch', 'r12', '--json'],
    );
    expect(lastLine(again)).toMatchObject({ state: 'stopped', steps: 40, loss: 2.25, bytesSent: 2e6 });
    await stopServer();
    const reason = 'stopped after step 40: it has been active for the 12 hours of --max-hours';
    const late = await rocinante(
      ending({ state: 'RUN_STATE_STOPPED', reason, activeHours: 12 }),
      ...['run', 'watch', 'r12'],
    );
    expect(late.code).toBe(0);
    expect(late.stderr).toContain(`${reason}; go on with: ./rocinante run resume r12 --max-hours 24\n`);
    await stopServer();
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
      expect(call.request).toEqual({ run: 'r12', worker: 'a', follow: false, tail: 0 });
      call.write({ json: JSON.stringify(line) });
      call.end();
    };
    const people = await rocinante({ ...show, Logs }, 'run', 'logs', 'baseline', '--worker', 'a');
    expect(people).toMatchObject({ code: 0, stdout: '2026-11-24 12:00:00 INFO  a: joined\n' });
    await stopServer();
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

  it('of which the last are wanted are followed so too', async () => {
    const tails: number[] = [];
    const Logs: RunsHandlers['Logs'] = (call) => {
      tails.push(call.request.tail);
      if (tails.length === 1) call.write({ json: '{"msg":"b"}', skipped: 1 });
      else for (const msg of ['a', 'b', 'c']) call.write({ json: JSON.stringify({ msg }) });
      if (tails.length === 1)
        setImmediate(() => call.emit('error', refusal(status.UNAVAILABLE, 'going away')));
      else call.end();
    };
    const said = await rocinante(
      { ...show, Logs },
      ...['run', 'logs', 'r12', '--follow', '--tail', '1', '--json'],
    );
    expect(said.stdout).toBe('{"msg":"b"}\n{"msg":"c"}\n');
    expect(tails).toEqual([1, 0]);
  });

  it.each(['0', '10001', 'all'])('are not the last %s', async (count) => {
    const said = await rocinante({}, 'run', 'logs', 'r12', '--tail', count);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(/^rocinante: .*'--tail <n>'.*expected a whole number from 1 to 10000\.\n$/);
  });
});
