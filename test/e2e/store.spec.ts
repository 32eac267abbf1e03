/**
 * Goal: a run outlives its machine in an object store, and never waits for that. Method: real runs against a real server by a way
 * that is cut, a coordinator killed with -9, another run directory; the weights are compared with an undisturbed run's.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { CutProxy, findMoto, NO_MOTO, ObjectServer } from '../support/object-server.js';
import { endAfter, Undisturbed } from '../support/open-end.js';
import { events, Rocinante, rocinante, train, Workspace } from '../support/rocinante.js';
import { stepsTaken, workersOf } from '../support/running-train.js';
import { smallOrder } from '../support/small-run.js';

const SECRET = 'hidden-secret-0123456789';
const LONG = process.env.ROCINANTE_LONG === '1';
const python = findMoto();
vi.setConfig({ testTimeout: 240_000 });

describe.skipIf(python === null)(`a store${python === null ? ` (${NO_MOTO})` : ''}`, () => {
  const workspace = new Workspace();
  let server: ObjectServer;
  let proxy: CutProxy;
  let order: string[];
  let undisturbed: Undisturbed;
  let env: NodeJS.ProcessEnv;
  /** Steps of the first test's run, in the end. */
  let end: number;

  beforeAll(async () => {
    server = await ObjectServer.start(python!);
    await server.makeBucket('bucket');
    proxy = await CutProxy.start(() => server.port);
    env = {
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
    order = [...smallOrder(workspace), '--workers', '1', '--threads', '1'];
    undisturbed = new Undisturbed(workspace, order);
  }, 240_000);

  afterAll(async () => {
    proxy?.close();
    await server?.kill();
    workspace.remove();
  });

  /** An object's bytes, as anybody's client gets them. */
  async function object(path: string): Promise<Buffer> {
    const response = await fetch(`${server.endpoint}/bucket/${path}`, {
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request' },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async function latest(prefix: string): Promise<{ latest: { step: number }; weights: { sha256: string } }> {
    return JSON.parse((await object(`${prefix}/latest.json`)).toString()) as Awaited<
      ReturnType<typeof latest>
    >;
  }

  it('is lost in mid-run, catches up, and brings the run to another machine, with the same bits', async () => {
    const args = [...order, '--store', 's3://bucket/runs/one', '--checkpoint', '0.2'];
    const runDir = workspace.in('one');
    const run = new Rocinante(['train', ...args, '--run-dir', runDir], env);
    await stepsTaken(run, runDir, 20);
    await until('a checkpoint in the store', () => kinds(runDir).includes('stored'));
    const words = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(run.process.pid)], {
      encoding: 'utf8',
    });
    expect(words).toContain('s3://bucket/runs/one');
    expect(words).not.toContain(SECRET);

    // The worker stands still wherever the store's time is waited for: the run shall not be long.
    const [worker] = workersOf(run);
    const checkpoints = (): number => kinds(runDir).filter((kind) => kind === 'checkpoint').length;
    const before = checkpoints();
    proxy.cut(true);
    await until('a checkpoint without the store', () => checkpoints() > before);
    process.kill(worker, 'SIGSTOP');
    await until('the loss to be told', () => kinds(runDir).includes('store-lost'));
    const { step } = (await latest('runs/one')).latest;
    const taken = kinds(runDir).filter((kind) => kind === 'step').length;
    process.kill(worker, 'SIGCONT');
    // The run goes on, and the store has what it had.
    await stepsTaken(run, runDir, taken + 10);
    await until('another checkpoint without the store', () => checkpoints() > before + 1);
    process.kill(worker, 'SIGSTOP');
    expect((await latest('runs/one')).latest.step).toBe(step);
    proxy.cut(false);
    await until('the store to be back', () => kinds(runDir).includes('store-back'));
    await until('newer checkpoints there', async () => (await latest('runs/one')).latest.step > step);
    run.process.kill('SIGKILL');
    process.kill(worker, 'SIGKILL');
    await run.finished;
    expect(kinds(runDir).filter((kind) => kind === 'store-lost')).toHaveLength(1);

    const elsewhere = workspace.in('elsewhere');
    end = endAfter(kinds(runDir).filter((kind) => kind === 'step').length);
    const ending = [...args, '--steps', String(end)];
    const summary = await train([...ending, '--run-dir', elsewhere, '--resume'], env);
    const { weightsSha256 } = await undisturbed.of(end);
    expect(summary.weightsSha256).toBe(weightsSha256);
    const [begun] = events(elsewhere).filter(
      ({ event, cause }) => event === 'started' && cause === 'resumed',
    );
    expect(begun.atStep).toBeGreaterThan(0);

    const weights = await object('runs/one/weights/final.safetensors');
    expect(weights.equals(readFileSync(join(elsewhere, 'weights', 'final.safetensors')))).toBe(true);
    const manifest = await latest('runs/one');
    expect(manifest.weights.sha256).toBe(createHash('sha256').update(weights).digest('hex'));
    expect(manifest.latest.step).toBe(end);
    const verified = await rocinante(['verify', elsewhere, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ agrees: true, steps: end, problems: [] });
    for (const file of filesBelow(workspace.path)) expect(readFileSync(file).includes(SECRET)).toBe(false);

    // The first machine comes back, and the store is ahead of it; and another begins a run in the same place.
    const [late, other] = await Promise.all([
      rocinante(['train', ...ending, '--run-dir', runDir, '--resume'], env),
      rocinante(['train', ...ending, '--run-dir', workspace.in('other')], env),
    ]);
    expect(late.code).toBe(2);
    expect(late.stderr).toMatch(new RegExp(`it has step ${end} of this run, which stands at step \\d+ here`));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      new RegExp(`^rocinante: store s3://bucket/runs/one: there is a run in it, at step ${end};.*\n$`),
    );
  });

  it.skipIf(!LONG)('has all of a run that is done: it is done in a third place at once', async () => {
    const place = ['--store', 's3://bucket/runs/one', '--run-dir', workspace.in('third'), '--resume'];
    const { weightsSha256 } = await train([...order, '--steps', String(end), ...place], env);
    expect(weightsSha256).toBe((await undisturbed.of(end)).weightsSha256);
  });

  it('that is lost as a limit ends the run is waited for, which Ctrl-C shortens, and no more', async () => {
    const runDir = workspace.in('limited');
    const further = ['--store', 's3://bucket/runs/limited', '--run-dir', runDir, '--max-hours', '0.004'];
    const run = new Rocinante(['train', '--json', ...order, ...further], env);
    await stepsTaken(run, runDir, 1);
    proxy.cut(true);
    try {
      await until('the end of its time', () => kinds(runDir).includes('finished'));
      run.process.kill('SIGINT');
      const { code, stdout, stderr } = await run.finished;
      expect(stderr).toContain('not in the store: ');
      const reason = expect.stringMatching(/^stopped after step \d+: .* of --max-hours$/) as string;
      const checkpoint = readdirSync(join(runDir, 'checkpoints')).sort().at(-1);
      expect(JSON.parse(stdout)).toMatchObject({ outcome: 'stopped', reason, checkpoint });
      expect(code).toBe(0);
    } finally {
      proxy.cut(false);
    }
  });

  // The wait is half a minute.
  it.skipIf(!LONG)('that stays lost is waited for so long, and the end says what is not there', async () => {
    const runDir = workspace.in('two');
    const args = [...order, '--store', 's3://bucket/runs/two', '--run-dir', runDir];
    const endless = new Rocinante(['train', ...args], env);
    await stepsTaken(endless, runDir, 20);
    endless.process.kill('SIGINT');
    await endless.finished;
    const steps = endAfter(kinds(runDir).filter((kind) => kind === 'step').length);
    // It begins with the store, and has no more of it once it stands.
    const run = new Rocinante(['train', '--json', ...args, '--resume', '--steps', String(steps)], env);
    await until('the run to go on', () => kinds(runDir).filter((kind) => kind === 'started').length === 2);
    proxy.cut(true);
    const { code, stdout, stderr } = await run.finished;
    expect(code).toBe(1);
    const { weightsSha256 } = await undisturbed.of(steps);
    expect(JSON.parse(stdout)).toMatchObject({ weightsSha256 });
    expect(stderr).toContain(
      `not in the store: step-${String(steps).padStart(8, '0')}.safetensors, weights/final.safetensors,`,
    );
    proxy.cut(false);
    const caught = await train([...args, '--steps', String(steps), '--resume'], env);
    expect(caught.weightsSha256).toBe(weightsSha256);
    expect((await latest('runs/two')).weights).not.toBeNull();
  });

  it.skipIf(!LONG)('that is killed and comes back empty gets everything anew', async () => {
    const runDir = workspace.in('three');
    const args = [...order, '--store', 's3://bucket/runs/three', '--checkpoint', '0.2', '--run-dir', runDir];
    const run = new Rocinante(['train', '--json', ...args], env);
    await stepsTaken(run, runDir, 20);
    await server.kill();
    await stepsTaken(run, runDir, 40);
    server = await ObjectServer.start(python!, server.port);
    await server.makeBucket('bucket');
    // It is empty at first.
    const isThere = async (): Promise<boolean> => {
      const found = await latest('runs/three').catch(() => null);
      return (found?.latest?.step ?? 0) >= 40;
    };
    await until('newer checkpoints there', isThere);
    run.process.kill('SIGINT');
    expect((await run.finished).code).toBe(130);
    const steps = endAfter(kinds(runDir).filter((kind) => kind === 'step').length);
    await train([...args, '--resume', '--steps', String(steps)], env);
    expect((await latest('runs/three')).latest.step).toBe(steps);
    const elsewhere = ['--store', 's3://bucket/runs/three', '--run-dir', workspace.in('four'), '--resume'];
    const { weightsSha256 } = await undisturbed.of(steps);
    const resumed = await train([...order, '--steps', String(steps), ...elsewhere], env);
    expect(resumed.weightsSha256).toBe(weightsSha256);
  });

  it.skipIf(!LONG)(
    'that is lost at a daemon’s run’s end gets the rest when it is back',
    { timeout: 240_000 },
    async () => {
      const daemon = await Daemon.start({
        data: workspace.in('data-3'),
        args: ['--store', 's3://bucket/late'],
        env,
      });
      let again: Daemon | null = null;
      try {
        daemon.worker('rocin');
        // It waits for a second worker, and has all its steps before it when the store is lost.
        const limits = ['--steps', '40', '--min-workers', '2'];
        const { id } = await daemon.startRun([...order.slice(0, -4), ...limits]);
        await until('its first checkpoint in the store', () =>
          daemon.events(id).some(({ event }) => event === 'stored'),
        );
        proxy.cut(true);
        daemon.worker('sancho');
        const { state, step } = await daemon.ended(id, 90_000);
        expect({ state, step }).toEqual({ state: 'done', step: 40 });
        const told = daemon.log.find(({ msg }) =>
          msg.startsWith(`not in the store: step-${String(step).padStart(8, '0')}.safetensors`),
        );
        expect(told).toMatchObject({ level: 'warn', run: id });
        proxy.cut(false);
        await daemon.stop();
        again = await daemon.again({ args: ['--store', 's3://bucket/late'], env });
        await until('the rest', async () => (await latest(`late/${id}`)).weights !== null);
        await until('that it is told', () =>
          again!.log.some(({ msg }) => msg === 'all of it is in the store now'),
        );
      } finally {
        proxy.cut(false);
        await daemon.end();
        await again?.end();
      }
    },
  );

  it.each([
    ['no credentials', 's3://bucket/a', { AWS_ACCESS_KEY_ID: '' }, 2, 'expected AWS_ACCESS_KEY_ID'],
    ['no bucket', 's3://no-bucket/a', {}, 1, 'there is no such bucket'],
    ['no server', 's3://bucket/a', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, 1, 'cannot be reached'],
    ['nothing to go on with', 's3://bucket/a', {}, 2, 'there is no checkpoint of a run in it'],
  ])('is refused before anything is made: %s', async (what, url, change, expected, text) => {
    const runDir = workspace.in('refused');
    const resume = what === 'nothing to go on with' ? ['--resume'] : [];
    const args = ['train', ...order, '--run-dir', runDir, '--store', url, ...resume];
    const { code, stderr } = await rocinante(args, { ...env, ...change });
    expect(code).toBe(expected);
    expect(stderr).toContain(text);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(readdirSync(workspace.path)).not.toContain('refused');
  });

  it('refuses wrong credentials, for a run and for a daemon, before anything is made', async () => {
    await server.checkCredentials(true);
    const data = workspace.in('refused-data');
    const store = ['--store', 's3://bucket/runs'];
    const refused = await Promise.all([
      rocinante(['train', ...order, '--run-dir', workspace.in('refused'), ...store], env),
      rocinante(['serve', '--data', data, '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', ...store], env),
    ]);
    await server.checkCredentials(false);
    for (const { code, stderr } of refused) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^rocinante: store s3:\/\/bucket\/runs: the server refuses the credentials \(403 .*\n$/,
      );
      expect(stderr).not.toContain(SECRET);
    }
    for (const name of readdirSync(workspace.path)) expect(name).not.toMatch(/^refused/);
  });

  it.skipIf(!LONG)('brings a daemon’s runs to a fresh data directory, where they go on', async () => {
    const args = ['--store', 's3://bucket/daemon'];
    const first = await Daemon.start({ data: workspace.in('data-1'), args, env });
    let second: Daemon | null = null;
    try {
      first.worker('rocin');
      const { id } = await first.startRun([...order.slice(0, -4), '--checkpoint', '0.2']);
      await first.stepsTaken(id, 20);
      await until('a checkpoint in the store', async () => (await latest(`daemon/${id}`)).latest?.step > 0);
      expect(await first.metric(`rocinante_coordinator_store_lost{run="${id}"}`)).toBe(0);
      await first.end();

      second = await Daemon.start({ data: workspace.in('data-2'), args, env });
      second.worker('rocin');
      const back = (): Record<string, unknown> | undefined =>
        second!.events(id).find(({ cause }) => cause === 'coordinator-restarted');
      await until('the run to go on', () => back() !== undefined);
      expect(back()!.atStep).toBeGreaterThan(0);
      const record = await second.toItsEnd(id);
      const { weightsSha256 } = await undisturbed.of(record.step as number);
      expect(record).toMatchObject({ state: 'done', weightsSha256 });
      expect((await latest(`daemon/${id}`)).weights).not.toBeNull();
    } finally {
      await first.end();
      await second?.end();
    }
  });
});

function kinds(runDir: string): string[] {
  return events(runDir).map(({ event }) => String(event));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
