/**
 * Goal: a worker that computes wrong, in a bit, by a factor or as not finite, is named, set aside after three times, and in no
 * sum. Method: light workers on a real coordinator, three that compute right and one that does not; the weights are those of
 * one worker that computes right.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Daemon, type RunJson } from '../support/daemon.js';
import { LightWorker } from '../support/light-worker.js';
import { LyingWorker, type Lie } from '../support/lying-worker.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

const STEPS = 14;
const COMPUTE_MS = 5;
const STRIKES = 3;

interface Incident {
  readonly kind: string;
  readonly worker: string | null;
  readonly cause: string;
}

const workspace = new Workspace();
let daemon: Daemon;
let order: string[];
let honest: LightWorker[] = [];
let liar: LyingWorker | null = null;
let undisturbed: Record<string, unknown>;

beforeAll(async () => {
  daemon = await Daemon.start({ data: workspace.in('data') });
  const config = workspace.write('config.json', {
    preset: 'quick',
    network: { input: 'one-hot', layers: [{ units: 32, dropout: 0 }] },
    text: { window: 20, stride: 20 },
    batch: { size: 16, microBatch: 2 },
    steps: STEPS,
  });
  order = ['--config', config, '--corpus', workspace.write('corpus.txt', smallText(20_000))];
  const worker = (name: string): LightWorker => new LightWorker(daemon.grpc, name, { computeMs: COMPUTE_MS });
  honest = [worker('sancho')];
  undisturbed = await daemon.ended((await daemon.startRun(order)).id);
  honest.push(worker('dulcinea'), worker('rocin'));
}, 180_000);

afterEach(async () => {
  liar?.leave();
  await liar?.ended;
});
afterAll(async () => {
  for (const worker of honest) worker.leave();
  await daemon?.end();
  workspace.remove();
});

/** What is said of one strike: of a norm and of bits that two others contradict, of what is not finite that one does. */
const CONTRADICTED =
  /^step \d+, micro-batch [\d, ]+: what worker merlin-\w+ computed is not what \w+ and \w+ computed$/;
const NOT_FINITE =
  /^step \d+, micro-batch \d+: worker merlin-nan computed what is not finite, worker \w+ did not; the second result stands$/;

const LIES: readonly (readonly [lie: Lie, options: readonly string[], why: RegExp])[] = [
  ['bits', ['--audit', '1'], CONTRADICTED],
  ['factor', [], CONTRADICTED],
  ['nan', [], NOT_FINITE],
];

it.each(LIES)(
  'of wrong %s enters no sum, and has its worker set aside',
  { timeout: 180_000 },
  async (lie, options, why) => {
    // A session that has just left may hold the name for a moment.
    const name = `merlin-${lie}`;
    liar = new LyingWorker(daemon.grpc, name, lie, COMPUTE_MS);
    const { id } = await daemon.startRun([...order, '--min-workers', '3', ...options]);
    const { state, step, weightsSha256 } = await daemon.ended(id);
    const expected = { state: 'done', step: STEPS, weightsSha256: undisturbed['weightsSha256'] };
    expect({ state, step, weightsSha256 }).toEqual(expected);
    expect(liar.lies).toBeGreaterThan(0);

    // The log names it, and nobody else.
    const events = (kind: string): Record<string, unknown>[] =>
      daemon.events(id).filter(({ event }) => event === kind);
    const strikes = events('strike');
    expect(strikes.map(({ worker, strikes }) => [worker, strikes])).toEqual(
      Array.from({ length: STRIKES }, (_, index) => [name, index + 1]),
    );
    for (const strike of strikes) expect(strike['why']).toMatch(why);
    expect(events('set-aside')).toMatchObject([
      { worker: name, reason: `it computed what is wrong ${STRIKES} times` },
    ]);
    // So do the incidents.
    const { incidents } = await daemon.json<RunJson & { readonly incidents: readonly Incident[] }>([
      'run',
      'show',
      id,
    ]);
    const named = incidents.filter(({ kind }) => kind === 'strike' || kind === 'set-aside');
    expect(named.map(({ kind, worker }) => [kind, worker])).toEqual([
      ...Array<string[]>(STRIKES).fill(['strike', name]),
      ['set-aside', name],
    ]);
  },
);
