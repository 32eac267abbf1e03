/**
 * Goal: one set of bits, and a ledger that holds, whatever befalls a run's processes and links. Method: a schedule drawn from
 * one seed cuts links and heals them, beside killing workers and the coordinator with -9, halting workers and beginning one
 * late, in a run of real processes, each in a network namespace of its own; then the weights' SHA-256 is compared
 * with an undisturbed run's. Links of 4 Mbit/s make a step last long enough for a cut to hit some. Each seed prints its faults.
 * ROCINANTE_LONG=1 plays ten.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { limits } from '@rocinante/wire';
import { drawFaults, PROCESS_FAULTS, type Happened } from '../support/fault-schedule.js';
import { FaultedRun } from '../support/faulted-run.js';
import { Network, networkHindrance } from '../support/network.js';
import { ENDLESS, Undisturbed } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const SEEDS = process.env.ROCINANTE_LONG === '1' ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [7];
const FAULTS = { ...PROCESS_FAULTS, 'worker-killed': 2, 'worker-halted': 2, 'link-cut': 4 };
const LAST_FAULT_STEP = 150;
const WORKERS = ['sancho', 'dulcinea', 'rocin'];
const LATE = 'rocin';
/** A cut of this length is noticed while it lasts. */
const NOTICED_MS = limits.KEEPALIVE_TIME_MS + limits.KEEPALIVE_TIMEOUT_MS + 1_000;

const hindrance = networkHindrance();
const workspace = new Workspace();
let order: string[];
let undisturbed: Undisturbed;
let network: Network | undefined;
let run: FaultedRun | undefined;

/** A switch, the coordinator's host, and one of each worker. */
function hosts(): NonNullable<ConstructorParameters<typeof FaultedRun>[1]['hosts']> {
  network = new Network();
  const coordinator = network.host('coordinator');
  const workers = new Map(WORKERS.map((name) => [name, network!.host(name)]));
  for (const host of workers.values()) host.limit('4mbit');
  return { coordinator, workers };
}

/** Whether a cut lasted so long that the coordinator of that time missed the worker. */
function isMissed({ fault, at }: Happened, happened: readonly Happened[]): boolean {
  if (fault.kind !== 'link-cut' || fault.cutMs < NOTICED_MS) return false;
  return !happened.some(
    (other) => other.fault.kind === 'coordinator-killed' && other.at > at && other.at < at + fault.cutMs,
  );
}

const title =
  'a run whose links are cut and healed, and its processes killed, halted and begun, by a schedule';

describe.skipIf(hindrance !== null)(`${title}${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  beforeAll(() => {
    const corpus = workspace.write('corpus.txt', smallText(40_000));
    const config = workspace.write('config.json', { ...smallConfig, text: { window: 10 } });
    order = ['--corpus', corpus, '--config', config, '--batch', '32', '--micro-batch', '4'];
    order.push('--steps', String(ENDLESS));
    undisturbed = new Undisturbed(workspace, order);
  });

  afterEach(async () => {
    await run?.end();
    network?.remove();
  });
  afterAll(() => workspace.remove());

  it.each(SEEDS)('of seed %d ends with the undisturbed bits', { timeout: 480_000 }, async (seed) => {
    const played = (run = new FaultedRun(WORKERS, { data: workspace.in(`data-${seed}`), hosts: hosts() }));
    onTestFailed(() => console.log([`seed ${seed} failed:`, ...played.lastWords].join('\n  ')));
    await played.play(seed, order, drawFaults(seed, WORKERS, LATE, LAST_FAULT_STEP, FAULTS));

    // The weights.
    const shown = await played.shown();
    const { weightsSha256, validationLoss } = await undisturbed.of(shown.step);
    expect(shown).toMatchObject({ state: 'done', weightsSha256, validationLoss });

    // The record: each step once, and the ledger agrees.
    const steps = played.entries('step').map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: shown.step }, (_, index) => index + 1));
    // The third is to the run's end.
    const whole = { agrees: true, problems: [], steps: shown.step, resumed: 3, weightsSha256 };
    expect(await played.verified()).toMatchObject(whole);

    // The faults hit: who was killed, or cut off for long, was lost, and who was neither was not; where the machine is busy after
    // a halt, the silence may be one after which a connection counts as cut.
    const { happened } = played;
    const left = played.entries('worker-left').filter(({ lost }) => lost);
    for (const name of WORKERS) {
      const own = happened.filter(({ worker }) => worker === name);
      const killed = own.filter(({ fault }) => fault.kind === 'worker-killed').length;
      const cut = own.filter(({ fault }) => fault.kind === 'link-cut');
      const halted = own.filter(({ fault }) => fault.kind === 'worker-halted').length;
      const missed = cut.filter((one) => isMissed(one, happened)).length;
      const lost = left.filter(({ worker }) => worker === name).length;
      expect(lost, `losses of ${name}`).toBeGreaterThanOrEqual(Math.max(killed, missed));
      expect(lost, `losses of ${name}`).toBeLessThanOrEqual(killed + cut.length + halted);
    }
    const [started, ...resumed] = played.entries('started').slice(0, -1);
    expect(started).toMatchObject({ cause: 'begun', checkpoint: null });
    expect(resumed).toMatchObject(Array(2).fill({ cause: 'coordinator-restarted' }));
  });
});
