/**
 * Goal: the job of deploy/slurm trains to the end, and over a requeue to the same bits. Method: the script itself and real
 * coordinator and workers, with a stand-in for the scheduler's two commands, since a scheduler is not at hand.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import { events, train, Workspace } from '../support/rocinante.js';
import { LocalSlurm } from '../support/slurm.js';
import { smallOrder } from '../support/small-run.js';

const STEPS = 150;
const script = join(projectRoot, 'deploy', 'slurm', 'rocinante.sbatch');
const workspace = new Workspace();
const order = smallOrder(workspace, STEPS);
const slurm = new LocalSlurm(workspace.in('slurm'));
const shared = workspace.in('shared');
let expected: string;

beforeAll(async () => {
  expected = (
    await train([...order, '--workers', '1', '--threads', '1', '--run-dir', workspace.in('undisturbed')])
  ).weightsSha256;
}, 60_000);

afterAll(() => workspace.remove());

/** A port that is free, and the one after it. */
async function freePorts(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const next = createServer().listen(port + 1, '127.0.0.1');
    const [event] = await Promise.race([
      once(next, 'listening').then(() => [true]),
      once(next, 'error').then(() => [false]),
    ]);
    server.close();
    next.close();
    if (event) return port;
  }
}

interface Job {
  readonly process: ChildProcess;
  readonly log: () => string;
  readonly ended: Promise<number | null>;
}

async function start(restarts: number): Promise<Job> {
  const env = {
    ...process.env,
    ...slurm.job(2, restarts),
    ROCINANTE_HOME: projectRoot,
    ROCINANTE_SHARED: shared,
    ROCINANTE_PORT: String(await freePorts()),
    ROCINANTE_INSECURE: '1',
  };
  const child = spawn(script, order, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { process: child, log: () => log, ended };
}

const steps = (): number => {
  const run = join(shared, 'data', 'runs', 'r1');
  return existsSync(join(run, 'events.jsonl'))
    ? events(run).filter(({ event }) => event === 'step').length
    : 0;
};

describe('a job of Slurm', () => {
  it('near its end writes a checkpoint, ends, and is queued again', { timeout: 60_000 }, async () => {
    const job = await start(0);
    await until('some steps', () => steps() >= 20, 40_000);
    job.process.kill('SIGUSR1');
    expect(await job.ended, job.log()).toBe(0);
    expect(slurm.asked).toEqual(['requeue 7']);
    expect(steps()).toBeLessThan(STEPS);
    expect(job.log()).toMatch(/node1-0 joined|node1-1 joined/);
  });

  it(
    'started again goes on with its run, to the bits of an undisturbed one',
    { timeout: 60_000 },
    async () => {
      const before = steps();
      const job = await start(1);
      expect(await job.ended, job.log()).toBe(0);
      expect(before).toBeGreaterThanOrEqual(20);
      expect(steps()).toBe(STEPS);
      const record = JSON.parse(readFileSync(join(shared, 'data', 'runs', 'r1', 'run.json'), 'utf8')) as {
        weightsSha256: string;
      };
      expect(record.weightsSha256).toBe(expected);
      expect(existsSync(join(shared, 'weights.safetensors'))).toBe(true);
      expect(existsSync(join(shared, 'data', 'runs', 'r2'))).toBe(false);
    },
  );
});
