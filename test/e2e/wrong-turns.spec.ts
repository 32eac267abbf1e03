/**
 * Wrong usage and input: exit code 2, one line that says what was expected and received, and nothing half-written. Here some of each
 * command as processes; apps/coordinator/src/cli/wrong-turns.spec.ts types all of the coordinator's.
 */
import { createServer, type Server } from 'node:net';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkLayout } from '@rocinante/model';
import { writeWeightsFile, type Weights } from '@rocinante/weights';
import { Daemon, type RunJson } from '../support/daemon.js';
import { rocinante, train, Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

/** Nobody listens there: the port of a service that has not been in use for decades. */
const NOBODY = '127.0.0.1:9';

/** Of a run that ends behind its second evaluation: no loss falls so far. */
const STOPS_EARLY = ['--evaluate-every', '1', '--patience', '1', '--min-delta', '1000'];

const workspace = new Workspace();
let corpus: string;
let config: string;
/** What lies in the workspace before the wrong turns, and after them. */
let there: string[];

beforeAll(async () => {
  // Whatever there is to set up or to build is said once, here.
  await rocinante(['config', 'print']);
  corpus = workspace.write('corpus.txt', smallText(20_000));
  config = workspace.write('config.json', smallConfig);
  workspace.write(
    'latin1.txt',
    Uint8Array.from([...Buffer.from('el ni'), 0xf1, ...Buffer.from('o '.repeat(200))]),
  );
  workspace.write('empty.txt', '');
  // Takes no room: a file of nothing but a hole.
  truncateSync(workspace.write('long.txt', ''), 2 ** 30 + 1);
  workspace.write('unknown-key.json', { optimizer: { momentum: 0.9 } });
  await writeWeights();
  there = readdirSync(workspace.path);
}, 240_000);

afterAll(() => workspace.remove());

/** Weights of the small network over the letters of its text; and the same cut, and of another network. */
async function writeWeights(): Promise<void> {
  const vocabulary = [...new Set(smallText(20_000))].sort();
  const weights = (units: number): Weights => {
    const layers = [units, units].map((units) => ({ units, dropout: 0.3 }));
    const network = {
      input: 'one-hot',
      layers,
      recurrentActivation: 'sigmoid',
      loss: 'every',
      vocabularySize: vocabulary.length,
    } as const;
    return {
      network,
      vocabulary,
      normalisation: 'none',
      window: 20,
      step: 1,
      configuration: {},
      further: {},
      parameters: new Float32Array(networkLayout(network).length),
    };
  };
  await writeWeightsFile(workspace.in('good.st'), weights(24));
  await writeWeightsFile(workspace.in('wider.st'), weights(32));
  const good = readFileSync(workspace.in('good.st'));
  workspace.write('cut.st', good.subarray(0, good.length - 1000));
}

/** Names of files and folders become those of the workspace. */
function inWorkspace(words: readonly string[]): string[] {
  return words.map((word) => (/\.(txt|json|st)$|^new$/.test(word) ? workspace.in(word) : word));
}

/** One line on standard error, nothing on standard output, nothing written. */
async function refuses(code: 1 | 2, words: readonly string[], line: RegExp): Promise<void> {
  const finished = await rocinante(inWorkspace(words));
  expect({ ...finished, stderr: '' }).toEqual({ code, stdout: '', stderr: '' });
  expect(finished.stderr).toMatch(line);
  expect(finished.stderr).toMatch(/^rocinante: .*\n$/);
  expect(readdirSync(workspace.path)).toEqual(there);
}

type Case = readonly [what: string, words: string, line: RegExp];

describe.concurrent('exit code 2, in one line:', () => {
  it.each([
    [
      'train: a missing text',
      'train --run-dir new --corpus nowhere.txt',
      /nowhere\.txt: expected a text file, received no file/,
    ],
    [
      'train: a text that is not UTF-8',
      'train --run-dir new --corpus latin1.txt',
      /latin1\.txt: .*0xF1 at byte 5/,
    ],
    [
      'train: an unknown option',
      'train --run-dir new --step 5',
      /unknown option '--step'; did you mean --steps\?$/m,
    ],
    ['train: an unknown key', 'train --run-dir new --config unknown-key.json', /unknown-key\.json.*momentum/],
    [
      'train: cut weights',
      'train --run-dir new --corpus corpus.txt --config config.json --init-from cut.st',
      /cut\.st: .*the file is cut/,
    ],
    [
      'run start: a text over 1 GiB',
      `run start --coordinator ${NOBODY} --corpus long.txt`,
      /long\.txt: expected at most 1,073,741,824 bytes/,
    ],
    [
      'run start: weights of another network',
      `run start --coordinator ${NOBODY} --corpus corpus.txt --config config.json --init-from wider.st`,
      /wider\.st: lstm_1\/kernel: expected \[19,96\], received \[19,128\]/,
    ],
    [
      'corpus push: an empty text',
      `corpus push empty.txt --coordinator ${NOBODY}`,
      /empty\.txt: expected a text, received no characters/,
    ],
    ['an unknown command', 'frobnicate', /unknown command 'frobnicate'/],
    [
      'weights pull: a file',
      `weights pull r1 --coordinator ${NOBODY} --out good.st`,
      /good\.st: there is a file/,
    ],
    ['serve: in plain for all', 'serve --listen 0.0.0.0:7070', /--listen 0\.0\.0\.0:7070: .*give --insecure/],
    ['worker: no token', `worker --coordinator ${NOBODY} --token-file nowhere`, /nowhere: /],
    ['run list: no authority', `run list --coordinator ${NOBODY} --tls-ca nowhere.crt`, /nowhere\.crt: /],
    ['serve: a file for its data', 'serve --data corpus.txt', /corpus\.txt: expected a directory/],
    [
      'worker: no coordinator',
      'worker',
      /--coordinator: expected .*, or ROCINANTE_COORDINATOR, received neither/,
    ],
    [
      'test: an unknown option',
      'test --longer',
      /test: expected: test \[--long\] \[--json\]; received --longer/,
    ],
    ['worker: an address', 'worker --coordinator nowhere', /--coordinator.*'nowhere'.*expected host:port/],
    ['worker: threads', `worker --coordinator ${NOBODY} --threads 0`, /--threads.*'0'.*from 1 to 1024/],
    ['worker: a name', `worker --coordinator ${NOBODY} --name a/b`, /--name.*'a\/b'.*letters, digits/],
    ['worker: a pool', `worker --coordinator ${NOBODY} --pool a/b`, /--pool.*'a\/b'.*letters, digits/],
    ['worker: a device', `worker --coordinator ${NOBODY} --device abacus`, /--device.*'abacus'.*auto, cpu/],
    ['worker: pages for all', `worker --coordinator ${NOBODY} --http 0.0.0.0:9464`, /--http: .*--insecure/],
    ['sample: cut weights', 'sample cut.st', /cut\.st: .*the file is cut/],
    ['sample: unknown characters', 'sample good.st --prompt Queequeg', /received "Q", "q", "u"/],
  ] as readonly Case[])('%s', { timeout: 180_000 }, (_what, words, line) =>
    refuses(2, words.split(' '), line),
  );
});

describe('exit code 1, in one line:', () => {
  let taken: Server;
  let address: string;

  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(taken.address() as { port: number }).port}`;
  });
  afterAll(() => taken.close());

  it.each([
    'run list',
    'run show r1',
    'run resume r1',
    'run watch r1',
    'weights pull r1 --out new.st',
    'corpus push corpus.txt',
  ])('no coordinator there: %s', async (words) => {
    const line = /no coordinator at 127\.0\.0\.1:9: connection refused; start one with \.\/rocinante serve/;
    await refuses(1, [...words.split(' '), '--coordinator', NOBODY], line);
  });

  it.each(['--listen', '--http'])('a port of serve that is in use: %s', async (option) => {
    const free = option === '--listen' ? '--http' : '--listen';
    const words = ['serve', '--data', workspace.in('data'), option, address, free, '127.0.0.1:0'];
    const { code, stdout, stderr } = await rocinante(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^rocinante: .*\n$/);
    expect(stderr).toContain(address);
    expect(stderr).toMatch(/port \d+ is taken/);
    // Nothing that it made stays.
    expect(existsSync(workspace.in('data'))).toBe(false);
  });

  it('a port of a worker that is in use', async () => {
    const { code, stderr } = await rocinante(['worker', '--coordinator', NOBODY, '--http', address]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`"level":"error".*${address}: port \\d+ is taken`));
  });
});

describe('a run directory', () => {
  it('of another identity is refused, and what differs is said', { timeout: 180_000 }, async () => {
    const runDir = workspace.in('run');
    const args = ['--corpus', corpus, '--config', config, '--steps', '3', '--run-dir', runDir];
    await train(args);
    const before = readFileSync(join(runDir, 'config.json'), 'utf8');
    const again = await rocinante(['train', ...args]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/there is a run in it; use --resume or another --run-dir/);
    const other = await rocinante(['train', ...args, '--resume', '--seed', '9']);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/--seed 9: it has 1/);
    const shorter = await rocinante(['train', ...args, '--resume', '--steps', '2']);
    expect(shorter.code).toBe(2);
    expect(shorter.stderr).toMatch(/--steps 2: the run has 3 steps already/);
    expect(readFileSync(join(runDir, 'config.json'), 'utf8')).toBe(before);
  });

  it(
    'of a run that stopped early is no longer one, but for more patience',
    { timeout: 180_000 },
    async () => {
      const runDir = workspace.in('early');
      const run = ['--corpus', corpus, '--config', config, '--run-dir', runDir];
      expect(await train([...run, '--steps', '6', ...STOPS_EARLY])).toMatchObject({ steps: 2 });
      const before = readFileSync(join(runDir, 'config.json'), 'utf8');
      const longer = ['train', '--resume', '--run-dir', runDir, '--steps', '7'];
      const { code, stdout, stderr } = await rocinante(longer);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^rocinante: the run stopped early after step 2: .*; give --patience 2 or more\n$/,
      );
      expect(readFileSync(join(runDir, 'config.json'), 'utf8')).toBe(before);
      const patient = await rocinante([...longer, '--patience', '9', '--json']);
      expect(JSON.parse(patient.stdout)).toMatchObject({ outcome: 'done', steps: 7 });
    },
  );
});

describe('a damaged checkpoint', () => {
  it('is named, and the one before is used', { timeout: 180_000 }, async () => {
    const runDir = workspace.in('damaged');
    const args = ['--corpus', corpus, '--config', config, '--run-dir', runDir];
    const whole = await train([...args.slice(0, -1), workspace.in('whole'), '--steps', '8']);
    await train([...args, '--steps', '4']);
    const newest = damageNewest(join(runDir, 'checkpoints'));
    const { code, stderr, stdout } = await rocinante([
      'train',
      '--json',
      ...args,
      '--steps',
      '8',
      '--resume',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain(`warning: checkpoint ${newest} is damaged`);
    expect(stdout).toContain(whole.weightsSha256);
  });

  it('with no good one before it ends with 1', async () => {
    const runDir = workspace.in('damaged');
    const folder = join(runDir, 'checkpoints');
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    writeFileSync(join(folder, 'step-00000004.safetensors'), 'nothing of the kind');
    const { code, stderr } = await rocinante(['train', '--run-dir', runDir, '--resume']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/expected a good checkpoint, received step-00000004\.safetensors/);
  });
});

it('test says what it does, and does nothing more', async () => {
  const { code, stdout, stderr } = await rocinante(['test', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const words of [/^Usage: rocinante test \[options\]$/m, /^ {2}--long +\S/m, /^ {2}--json +\S/m]) {
    expect(stdout).toMatch(words);
  }
});

describe('a daemon', () => {
  let daemon: Daemon;
  let run: RunJson;
  let whole: string;

  beforeAll(async () => {
    const args = ['--corpus', corpus, '--config', config];
    const trained = await train([...args, '--run-dir', workspace.in('longer'), '--steps', '12']);
    whole = trained.weightsSha256;
    daemon = await Daemon.start({ data: workspace.in('daemon') });
    daemon.worker('own');
    run = await daemon.startRun([...args, '--steps', '6']);
    await daemon.ended(run.id);
  }, 240_000);
  afterAll(() => daemon.end());

  it.each<[string, string, RegExp]>([
    ['a run that is not there', 'run show r9', /run "r9": there is none of this id or name/],
    ['stopping a run that has ended', 'run stop r1', /run r1 is done: expected one that is queued or active/],
    ['resuming nothing', 'run resume r9', /r9/],
    ['a run shorter than it is', 'run resume r1 --steps 3', /r1.*6.*3|3.*6/],
    ['weights of a run that is not there', 'weights pull r9 --out new.st', /r9/],
  ])('refuses %s', async (_what, words, line) => {
    const { code, stdout, stderr } = await daemon.command(inWorkspace(words.split(' ')));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rocinante: .*\n$/);
    expect(stderr).toMatch(line);
    expect(existsSync(workspace.in('new.st'))).toBe(false);
    expect(daemon.record(run.id).state).toBe('done');
  });

  it(
    'passes over a damaged checkpoint, says so, and goes on from the one before',
    { timeout: 180_000 },
    async () => {
      const folder = join(daemon.data, 'runs', run.id, 'checkpoints');
      const newest = damageNewest(folder);
      await daemon.json(['run', 'resume', run.id, '--steps', '12']);
      expect(await daemon.ended(run.id)).toMatchObject({ state: 'done', step: 12, weightsSha256: whole });
      const { incidents } = await daemon.json<{ incidents: { kind: string; cause: string }[] }>([
        'run',
        'show',
        run.id,
      ]);
      const [passedOver] = incidents.filter(({ kind }) => kind === 'checkpoint-passed-over');
      expect(passedOver.cause).toContain(`${newest} is damaged`);
    },
  );

  it(
    'refuses to go on with a run that stopped early, but for more patience',
    { timeout: 180_000 },
    async () => {
      const order = ['--corpus', corpus, '--config', config, '--steps', '6', ...STOPS_EARLY];
      const { id } = await daemon.startRun(order);
      expect(await daemon.ended(id)).toMatchObject({ state: 'done', step: 2 });
      const { code, stdout, stderr } = await daemon.command(['run', 'resume', id, '--steps', '7']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^rocinante: run r2 stopped early after step 2: .*; give --patience 2 or more\n$/,
      );
      expect(daemon.record(id).state).toBe('done');
      const longer = ['run', 'resume', id, '--steps', '7', '--patience', '9', '--watch'];
      expect(await daemon.json(longer)).toMatchObject({ state: 'done', steps: 7 });
    },
  );
});

/** Flips a bit of the newest checkpoint in a folder, and gives its name. */
function damageNewest(folder: string): string {
  const newest = readdirSync(folder).sort().at(-1)!;
  const path = join(folder, newest);
  const bytes = readFileSync(path);
  bytes[bytes.length - 100] ^= 1;
  writeFileSync(path, bytes);
  return newest;
}
