/**
 * Goal: one set of bits, and a ledger that holds, whatever befalls a run's processes. Method: a schedule drawn from one seed
 * kills workers and the coordinator with -9, halts workers and begins one late, in a run of real processes;
 * then the weights' SHA-256 is compared with an undisturbed run's. Each seed prints its faults. ROCINANTE_LONG=1 plays ten.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { drawFaults, type Fault } from '../support/fault-schedule.js';
import { FaultedRun } from '../support/faulted-run.js';
import { ENDLESS, Undisturbed } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const SEEDS = process.env.ROCINANTE_LONG === '1' ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1];
const LAST_FAULT_STEP = 120;
const WORKERS = ['sancho', 'dulcinea', 'rocin'];
const LATE = 'rocin';

const workspace = new Workspace();
let order: string[];
let undisturbed: Undisturbed;
let run: FaultedRun;

beforeAll(() => {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', { ...smallConfig, text: { window: 10 } });
  order = ['--corpus', corpus, '--config', config, '--batch', '32', '--micro-batch', '4'];
  order.push('--steps', String(ENDLESS));
  undisturbed = new Undisturbed(workspace, order);
});

afterEach(() => run?.end());
afterAll(() => workspace.remove());

describe('a run whose processes are killed, halted and begun by a schedule', () => {
  it.each(SEEDS)('of seed %d ends with the undisturbed bits', { timeout: 480_000 }, async (seed) => {
    run = new FaultedRun(WORKERS, { data: workspace.in(`data-${seed}`) });
    onTestFailed(() => console.log([`seed ${seed} failed:`, ...run.lastWords].join('\n  ')));
    await run.play(seed, order, drawFaults(seed, WORKERS, LATE, LAST_FAULT_STEP));

    // The weights.
    const shown = await run.shown();
    const { weightsSha256, validationLoss } = await undisturbed.of(shown.step);
    expect(shown).toMatchObject({ state: 'done', weightsSha256, validationLoss });

    // The record: each step once, and the ledger agrees.
    const steps = run.entries('step').map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: shown.step }, (_, index) => index + 1));
    // The third is to the run's end.
    const whole = { agrees: true, problems: [], steps: shown.step, resumed: 3, weightsSha256 };
    expect(await run.verified()).toMatchObject(whole);

    const hit = (kind: Fault['kind']): string[] =>
      run.happened.flatMap(({ fault, worker }) => (fault.kind === kind ? [worker!] : []));
    // The faults hit: who was killed was lost, and nobody else, but for one whose silence in a halt the machine made longer than
    // a connection may be silent; the coordinator came back from a checkpoint, twice.
    const lost = run.entries('worker-left').filter((entry) => entry.lost);
    for (const name of WORKERS) {
      const times = (names: readonly unknown[]): number => names.filter((other) => other === name).length;
      const losses = times(lost.map(({ worker }) => worker));
      expect(losses, `losses of ${name}`).toBeGreaterThanOrEqual(times(hit('worker-killed')));
      expect(losses, `losses of ${name}`).toBeLessThanOrEqual(
        times(hit('worker-killed')) + times(hit('worker-halted')),
      );
    }
    const [started, ...resumed] = run.entries('started').slice(0, -1);
    expect(started).toMatchObject({ cause: 'begun', checkpoint: null });
    const checkpoint = expect.stringMatching(/^step-\d{8}\.safetensors$/) as string;
    expect(resumed).toMatchObject(Array(2).fill({ cause: 'coordinator-restarted', checkpoint }));
    expect(run.entries('worker-joined').map(({ worker }) => worker)).toContain(LATE);
    // A halt is longer than a step: what a halted worker had was given to others.
    const halted = hit('worker-halted');
    expect(run.entries('late').some(({ worker }) => halted.includes(worker as string))).toBe(true);
  });
});
