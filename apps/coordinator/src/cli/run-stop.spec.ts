import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import type { RunsHandlers } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { detailOf, refusal, runningRun } from '../client/spec-scripted-coordinator.js';
import { folder, lastLine, rocinante, show, stopServer, type } from './spec-command.js';

describe('run stop, resume and rm', () => {
  it('stop tells the reason', async () => {
    const Stop: RunsHandlers['Stop'] = (call, callback) => {
      expect(call.request).toEqual({ run: 'baseline', reason: 'lunch' });
      callback(null, { ...runningRun, state: 'RUN_STATE_STOPPING' });
    };
    const said = await rocinante({ Stop }, 'run', 'stop', 'baseline', '--reason', 'lunch', '--json');
    expect(lastLine(said)).toMatchObject({ id: 'r12', state: 'stopping' });
  });

  it.each([
    ['run resume baseline', 'Show', 'operator'],
    ['weights pull baseline --out new.safetensors', 'Show', 'operator'],
    ['run show baseline', 'Show', 'reader'],
    ['run stop baseline', 'Stop', 'operator'],
    ['run rm baseline', 'Remove', 'operator'],
  ] as const)('%s names the role that all of it needs', async (words, first, role) => {
    const details = "expected a token of role reader, received ann's, of role worker";
    const refusing: RunsHandlers['Show'] = (_call, callback) =>
      callback(refusal(status.PERMISSION_DENIED, details));
    const said = await rocinante({ [first]: refusing }, ...words.split(' '));
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain(`expected a token of role ${role}, received ann's, of role worker`);
  });

  it('resume changes only the limits that are given', async () => {
    const requests: unknown[] = [];
    const Resume: RunsHandlers['Resume'] = (call, callback) => {
      requests.push(call.request);
      callback(null, { ...runningRun, state: 'RUN_STATE_QUEUED', queuePosition: 1 });
    };
    const longer = await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--steps', '200');
    expect(longer.stdout).toContain('run r12 (baseline) is queued in pool default, position 1');
    await stopServer();
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--min-workers', '3');
    await stopServer();
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--audit', '0.05');
    await stopServer();
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--checkpoint', 'auto');
    await stopServer();
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--norm-checks', 'off');
    expect(requests).toEqual([
      { run: 'r12', steps: 200, epochs: 0, patience: 0, limits: null },
      {
        run: 'r12',
        steps: 0,
        epochs: 0,
        patience: 0,
        limits: {
          ...{ minWorkers: 3, maxHours: 12, checkpointSeconds: 60, keepLast: 3, keepEverySteps: 0 },
          checkpointAuto: false,
          exact: 'auto',
          auditShare: 0,
          normChecks: 'on',
        },
      },
      expect.objectContaining({
        limits: expect.objectContaining({ minWorkers: 2, auditShare: 0.05 }) as unknown,
      }),
      expect.objectContaining({
        limits: expect.objectContaining({ checkpointSeconds: 60, checkpointAuto: true }) as unknown,
      }),
      expect.objectContaining({
        limits: expect.objectContaining({ minWorkers: 2, normChecks: 'off' }) as unknown,
      }),
    ]);
  });

  it('resume gives other early stopping', async () => {
    const requests: unknown[] = [];
    const Resume: RunsHandlers['Resume'] = (call, callback) => {
      requests.push(call.request);
      callback(null, runningRun);
    };
    const stopping = ['--patience', '3', '--min-delta', '0'];
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', ...stopping);
    expect(requests).toMatchObject([{ run: 'r12', patience: 3, minDelta: 0, limits: null }]);
    await stopServer();
    const most = 2 ** 32 - 1;
    await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', '--patience', `${most}`);
    expect(requests[1]).toMatchObject({ patience: most });
    await stopServer();
    const beyond = await rocinante(
      { ...show, Resume },
      'run',
      'resume',
      'baseline',
      '--patience',
      `${most + 1}`,
    );
    expect(beyond).toMatchObject({ code: 2, stdout: '' });
    expect(beyond.stderr).toMatch(/--patience.* '4294967296'.* expected a whole number from 1 to 4294967295/);
    expect(requests).toHaveLength(2);
  });

  it('resume says which of two lengths counts', async () => {
    const Resume: RunsHandlers['Resume'] = (_call, callback) => callback(null, runningRun);
    const lengths = ['--steps', '200', '--epochs', '3'];
    const said = await rocinante({ ...show, Resume }, 'run', 'resume', 'baseline', ...lengths);
    expect(said).toMatchObject({
      code: 0,
      stderr: "--steps 200 --epochs 3: each is the whole run's length; the steps decide\n",
    });
  });

  it('are done with each of several runs, and tell which of them were refused', async () => {
    const details = 'run r4 is active: expected one that is stopped, failed or done; stop it first';
    const Remove: RunsHandlers['Remove'] = (call, callback) => {
      const { run } = call.request;
      if (run === 'r4') callback(refusal(status.FAILED_PRECONDITION, details));
      else callback(null, { run, bytes: 12e6 });
    };
    expect(await rocinante({ Remove }, 'run', 'rm', 'r1', 'r4', 'r5')).toEqual({
      code: 2,
      stdout: 'run r1 is removed: 12.0 MB are free again\nrun r5 is removed: 12.0 MB are free again\n',
      stderr: `rocinante: ${details}\n`,
    });
    await stopServer();
    // As a coordinator refuses: by the word that was given where there is no such run, else by the run's id.
    const unknown: RunsHandlers['Remove'] = ({ request }, callback) => {
      const none = refusal(status.NOT_FOUND, `run "${request.run}": there is none of this id or name`);
      const queued = 'run r12 is queued: expected one that is stopped, failed or done; stop it first';
      callback(request.run === 'r1' ? none : refusal(status.FAILED_PRECONDITION, queued));
    };
    expect(await rocinante({ Remove: unknown }, 'run', 'rm', 'r1', 'r12', 'r', '--json')).toEqual({
      code: 2,
      stdout: '{"runs":[]}\n',
      stderr:
        'rocinante: run "r1": there is none of this id or name\n' +
        'rocinante: run r12 is queued: expected one that is stopped, failed or done; stop it first\n' +
        'rocinante: run r: run r12 is queued: expected one that is stopped, failed or done; stop it first\n',
    });
    await stopServer();
    const Stop: RunsHandlers['Stop'] = (call, callback) =>
      callback(null, { ...runningRun, id: call.request.run, state: 'RUN_STATE_STOPPING' });
    const stopped = await rocinante({ Stop }, 'run', 'stop', 'r1', 'r2', '--json');
    expect(stopped.code).toBe(0);
    expect(lastLine(stopped)).toMatchObject({ runs: [{ id: 'r1' }, { id: 'r2' }] });
    await stopServer();
    const resumed: unknown[] = [];
    const Resume: RunsHandlers['Resume'] = (call, callback) => {
      resumed.push(call.request.steps);
      callback(null, { ...runningRun, state: 'RUN_STATE_QUEUED', queuePosition: resumed.length });
    };
    const both = await rocinante({ ...show, Resume }, 'run', 'resume', 'r1', 'r2', '--steps', '200');
    expect(both.stdout.match(/is queued in pool default, position \d/g)).toHaveLength(2);
    expect(resumed).toEqual([200, 200]);
    await stopServer();
    expect(await rocinante({}, 'run', 'resume', 'r1', 'r2', '--watch')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'rocinante: --watch: expected one run, received 2; leave it out\n',
    });
    await stopServer();
    const lost: RunsHandlers['Stop'] = (_call, callback) => callback(refusal(status.UNAVAILABLE, 'gone'));
    for (const json of [[], ['--json']]) {
      expect(await rocinante({ Stop: lost }, 'run', 'stop', 'r1', 'r2', ...json)).toMatchObject({
        code: 1,
        stdout: '',
      });
      await stopServer();
    }
  });

  it('are refused of the run alone that its own limits speak against', async () => {
    const Show: RunsHandlers['Show'] = (call, callback) => {
      const { run } = call.request;
      const detail = detailOf({ ...runningRun, id: run });
      callback(null, { ...detail, limits: { ...detail.limits, exact: run === 'r2' ? 'off' : 'auto' } });
    };
    const Resume: RunsHandlers['Resume'] = (call, callback) =>
      callback(null, { ...runningRun, id: call.request.run });
    const runs = ['r1', 'r2', 'r3', '--audit', '0.5', '--json'];
    const said = await rocinante({ Show, Resume }, 'run', 'resume', ...runs);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/^rocinante: run r2: --audit: compares bits, [^\n]*\n$/m);
    expect(lastLine(said)).toMatchObject({ runs: [{ id: 'r1' }, { id: 'r3' }] });
  });

  it('print what was done where the connection is lost behind it', async () => {
    const Stop: RunsHandlers['Stop'] = (call, callback) => {
      const { run } = call.request;
      if (run === 'r2') callback(refusal(status.UNAVAILABLE, 'gone'));
      else callback(null, { ...runningRun, id: run, state: 'RUN_STATE_STOPPING' });
    };
    const said = await rocinante({ Stop }, 'run', 'stop', 'r1', 'r2', 'r3', '--json');
    expect(said.code).toBe(1);
    expect(lastLine(said)).toMatchObject({ runs: [{ id: 'r1' }] });
  });

  it('rm says what became free, or why not', async () => {
    const gone = await rocinante(
      { Remove: (_call, callback) => callback(null, { run: 'r12', bytes: 12e6 }) },
      'run',
      'rm',
      'baseline',
    );
    expect(gone).toMatchObject({ code: 0, stdout: 'run r12 is removed: 12.0 MB are free again\n' });
    await stopServer();
    const details = 'run r12 is active: expected one that is stopped, failed or done; stop it first';
    const Remove: RunsHandlers['Remove'] = (_call, callback) =>
      callback(refusal(status.FAILED_PRECONDITION, details));
    const refused = await rocinante({ Remove }, 'run', 'rm', 'r12');
    expect(refused).toEqual({ code: 2, stdout: '', stderr: `rocinante: ${details}\n` });
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
