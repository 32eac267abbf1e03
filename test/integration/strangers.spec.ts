/**
 * What comes to the port of a `train` beside its own workers: a worker that shows their token, which is welcome, and those who show
 * none, or do not keep to the protocol, who are refused by name. Either way the run ends with the bits of an undisturbed one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, expect, it } from 'vitest';
import { until } from '../support/daemon.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { projectRoot } from '../support/project-root.js';
import { events, Rocinante, train, Workspace } from '../support/rocinante.js';
import { workersIn } from '../support/run-ledger.js';
import { smallConfig, smallText } from '../support/small-run.js';
import { tokenOf } from '../support/running-train.js';
import { speak } from '../support/stranger.js';

const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(40_000));
const config = workspace.write('config.json', smallConfig);
const order = ['--corpus', corpus, '--config', config, '--batch', '64', '--micro-batch', '8'];
const undisturbed = new Undisturbed(workspace, order);
afterAll(() => workspace.remove());

/** Starts a run, and waits until it has taken some steps; `proof` is what admits a worker. */
async function begun(
  name: string,
): Promise<{ run: Rocinante; runDir: string; address: string; token: string; proof: string }> {
  const runDir = workspace.in(name);
  const shape = ['--steps', String(ENDLESS), '--workers', '1', '--threads', '1', '--run-dir', runDir];
  const run = new Rocinante(['train', ...order, ...shape]);
  await run.says(/step 1\//);
  const address = events(runDir).find(({ event }) => event === 'listening')!.address as string;
  const proof = events(runDir).find(({ event }) => event === 'joining-proof')!.sha256 as string;
  return { run, runDir, address, token: tokenOf(run), proof };
}

/** Interrupts a run, which is on its way still, and has it go on to an end. */
async function endsUndisturbed(run: Rocinante, runDir: string): Promise<void> {
  run.process.kill('SIGINT');
  expect((await run.finished).code).toBe(130);
  const end = endAfter(events(runDir).filter(({ event }) => event === 'step').length);
  const { weightsSha256 } = await train(['--resume', '--steps', String(end), '--run-dir', runDir]);
  expect(weightsSha256).toBe((await undisturbed.of(end)).weightsSha256);
}

const hello = { protocolMin: 1, protocolMax: 1, name: 'stranger', threads: 1 };

it(
  'a worker that joins in the middle shares the work, and one that reports on other micro-batches than it was given is sent away',
  { timeout: 180_000 },
  async () => {
    const { run, runDir, address, token, proof } = await begun('joined');
    const main = join(projectRoot, 'apps/worker/dist/main.js');
    const words = [main, '--coordinator', address, '--name', 'extra', '--threads', '1'];
    const env = { ...process.env, ROCINANTE_TOKEN: token };
    const extra = spawn(process.execPath, words, { stdio: 'ignore', env });
    const error = await speak(address, token, { hello }, ({ welcome, startRun, assign }) => {
      if (welcome) return [{ credit: { ranges: 8 } }];
      if (startRun) return [{ ready: { run: startRun.run, activation: startRun.activation, proof } }];
      if (!assign) return [];
      const results = [{ microBatch: 1000, lossSum: 1, norm: 1, finite: true, hash: 0 }];
      const magnitudes = Buffer.alloc(4 * assign.gridExponents.length);
      return [
        { report: { assignment: assign.assignment, results, magnitudes, fits: true, computeSeconds: 1 } },
      ];
    });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    await until('work of the extra one', () => workersIn(runDir).has('extra'));
    await endsUndisturbed(run, runDir);
    const joined = events(runDir).flatMap(({ event, worker }) => (event === 'worker-joined' ? [worker] : []));
    expect(joined).toContain('extra');
    expect(events(runDir).filter(({ event }) => event === 'ignored')).not.toHaveLength(0);
    // It waits for the coordinator's return, as a worker does, and ends when it is told to.
    expect(extra.exitCode).toBeNull();
    extra.kill('SIGTERM');
    const [code] = (await once(extra, 'exit')) as [number];
    expect(code).toBe(0);
  },
);

it(
  'who does not keep to the protocol is refused by name, and the run goes on',
  { timeout: 180_000 },
  async () => {
    const { run, runDir, address, token, proof } = await begun('refused');
    const [host, port] = address.split(':');
    const noise = connect(Number(port), host);
    noise.on('error', () => undefined);
    noise.write(Buffer.from('GET / HTTP/1.1\r\nHost: nobody\r\n\r\n\0\xff\x00garbage'));

    const [unknown, silent, newer, headless, greedy, liar, twice] = await Promise.all([
      speak(address, null, { hello }),
      speak(address, token, null),
      speak(address, token, { hello: { ...hello, protocolMin: 8, protocolMax: 9 } }),
      speak(address, token, { credit: { ranges: 1 } }),
      speak(address, token, { hello }, ({ welcome }) => (welcome ? [{ credit: { ranges: 1000 } }] : [])),
      speak(address, token, { hello }, ({ startRun }) =>
        startRun
          ? [
              { ready: { run: startRun.run, activation: startRun.activation, proof } },
              { report: { assignment: 1 } },
            ]
          : [],
      ),
      speak(address, token, { hello }, ({ welcome }) => (welcome ? [{ hello }] : [])),
    ]);
    expect(unknown.code).toBe(status.UNAUTHENTICATED);
    expect(silent).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no Hello within 5000 ms' });
    expect(newer.code).toBe(status.FAILED_PRECONDITION);
    expect(newer.details).toMatch(/worker stranger: expected protocol 1 to 1, received 8 to 9/);
    expect(headless).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(headless.details).toMatch(/first message of a session must be Hello/);
    expect(greedy.details).toMatch(/credits: expected at most 8 outstanding, received 1000/);
    expect(liar.details).toMatch(/report: expected magnitudes of \d+ blocks, received 0 bytes/);
    expect(twice.details).toMatch(/said Hello twice/);
    noise.destroy();
    await endsUndisturbed(run, runDir);
  },
);
