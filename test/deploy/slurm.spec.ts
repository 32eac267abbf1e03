/**
 * Goal: the job of deploy/slurm trains to the end, over being queued again to the same bits, and ends its parts in good order.
 * Method: a real Slurm with two nodes on this machine runs the script itself, with real coordinator and workers. Half a minute:
 * only with ROCINANTE_LONG=1.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTls } from '../support/has-tls.js';
import { until } from '../support/daemon.js';
import { freePorts } from '../support/free-ports.js';
import { projectRoot } from '../support/project-root.js';
import { events, train, Workspace } from '../support/rocinante.js';
import { findSlurm, Slurm } from '../support/slurm.js';
import { smallOrder } from '../support/small-run.js';

const STEPS = 150;
const script = join(projectRoot, 'deploy', 'slurm', 'rocinante.sbatch');
const missing = findSlurm() === null ? 'needs slurm; see .ci/recipe-tools' : null;
const hindrance = process.env.ROCINANTE_LONG === '1' ? missing : 'needs ROCINANTE_LONG=1';

describe.skipIf(hindrance !== null)(`a job of Slurm${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  const order = smallOrder(workspace, STEPS);
  const shared = workspace.in('shared');
  const logFile = workspace.in('job.log');
  const log = (): string => readFileSync(logFile, 'utf8');
  let slurm: Slurm;
  let job: string;

  beforeAll(async () => {
    slurm = await Slurm.start(workspace.in('slurm'));
    const env = {
      ROCINANTE_HOME: projectRoot,
      ROCINANTE_SHARED: shared,
      ROCINANTE_PORT: String(await freePorts(2)),
      ROCINANTE_INSECURE: hasTls() ? '0' : '1',
    };
    job = slurm.submit(['--nodes=2', '--cpus-per-task=1', `--output=${logFile}`, script, ...order], env);
  }, 180_000);

  afterAll(async () => {
    if (job !== undefined && slurm.job(job, 'JobState') !== 'COMPLETED') slurm.command('scancel', [job]);
    await slurm?.stop();
    workspace.remove();
  }, 180_000);

  const steps = (): number => {
    const run = join(shared, 'data', 'runs', 'r1');
    return existsSync(join(run, 'events.jsonl'))
      ? events(run).filter(({ event }) => event === 'step').length
      : 0;
  };

  it(
    'near the end of its time writes a checkpoint, ends, and is queued again',
    { timeout: 180_000 },
    async () => {
      await until('some steps', () => steps() >= 20);
      slurm.command('scancel', ['--signal=USR1', '--batch', job]);
      await until('the requeue', () => slurm.job(job, 'JobState') === 'PENDING');
      expect(steps()).toBeLessThan(STEPS);
      expect(log()).toContain('back into the queue');
      // Nobody was killed: a coordinator and its workers say so when they end by themselves.
      expect(log()).not.toMatch(/Killed/);
      expect(log()).toContain('stopping: active runs get a checkpoint');
      expect(log().match(/stopping: received SIGTERM/g)).toHaveLength(2);
    },
  );

  it(
    'goes on with its run, to the bits of an undisturbed one, and keeps the weights',
    { timeout: 240_000 },
    async () => {
      // Slurm would wait for two minutes.
      slurm.command('scontrol', ['update', `JobId=${job}`, 'StartTime=now']);
      const undisturbed = ['--workers', '1', '--threads', '1', '--run-dir', workspace.in('undisturbed')];
      const { weightsSha256 } = await train([...order, ...undisturbed]);
      await until('its end', () => slurm.job(job, 'JobState') === 'COMPLETED');
      expect(steps()).toBe(STEPS);
      const record = readFileSync(join(shared, 'data', 'runs', 'r1', 'run.json'), 'utf8');
      expect(JSON.parse(record)).toMatchObject({ name: `slurm-${job}`, weightsSha256 });
      expect(existsSync(join(shared, 'weights.safetensors'))).toBe(true);
      expect(existsSync(join(shared, 'data', 'runs', 'r2'))).toBe(false);
      expect(readdirSync(shared).filter((name) => name.startsWith('security'))).toEqual([]);
      // Both nodes' workers joined, before and after.
      const joined = [...log().matchAll(/"worker":"(\S+?)","pool":"default","msg":"worker joined"/g)].map(
        ([, name]) => name,
      );
      expect(joined.sort()).toEqual(['node1-0', 'node1-0', 'node2-0', 'node2-0']);
    },
  );
});
