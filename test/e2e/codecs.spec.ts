/**
 * Goal: a run whose vectors travel in two bytes an element is as exact as any, sends half as much, and learns what others do.
 * Method: real processes on small networks; with `--long` preset `quick` on its text, in both ways to the end.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { events, Rocinante, rocinante, train, Workspace } from '../support/rocinante.js';
import { stepsTaken } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const STEPS = 40;
/** How far apart the held-out losses may end, in parts of the other's. */
const LOSS_TOLERANCE = 0.005;

const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(40_000));
const config = workspace.write('config.json', smallConfig);
const sizes = ['--corpus', corpus, '--config', config, '--batch', '48', '--micro-batch', '8'];
const short = ['--codec-up', 'int16-grid', '--codec-down', 'bfloat16'];
const undisturbed = new Undisturbed(workspace, [...sizes, ...short]);
const into = (name: string): string[] => ['--run-dir', workspace.in(name)];

afterAll(() => workspace.remove());

describe('a run with int16 up and bfloat16 down', { timeout: 240_000 }, () => {
  it('has the same bits with three workers, and half the traffic of one in four bytes', async () => {
    const steps = ['--steps', String(STEPS)];
    const one = await undisturbed.of(STEPS);
    const three = await train([...sizes, ...short, ...steps, '--workers', '3', ...into('three')]);
    expect(three).toMatchObject({ weightsSha256: one.weightsSha256, validationLoss: one.validationLoss });
    const long = await train([...sizes, ...steps, '--workers', '1', ...into('long')]);
    expect(long.weightsSha256).not.toBe(one.weightsSha256);
    expect(Math.abs(one.validationLoss! / long.validationLoss! - 1)).toBeLessThan(LOSS_TOLERANCE);
    // The text goes down too, and reports go up.
    expect(one.bytesSent / long.bytesSent).toBeLessThan(0.55);
    expect(one.bytesReceived / long.bytesReceived).toBeLessThan(0.55);
  });

  it('goes on to them after a kill, is refused with others, and is replayed', async () => {
    const runDir = workspace.in('killed');
    const endless = [...sizes, ...short, '--steps', String(ENDLESS), '--checkpoint', '1'];
    const killed = new Rocinante(['train', ...endless, '--run-dir', runDir]);
    await stepsTaken(killed, runDir, 12);
    killed.process.kill('SIGKILL');
    await killed.finished;
    const other = await rocinante(['train', '--resume', '--codec-down', 'float32', '--run-dir', runDir]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/--codec-down float32: it has "bfloat16"/);
    const end = endAfter(events(runDir).filter(({ event }) => event === 'step').length);
    const resumed = await train(['--resume', '--steps', String(end), '--run-dir', runDir]);
    expect(resumed.weightsSha256).toBe((await undisturbed.of(end)).weightsSha256);
    const replayed = await rocinante(['replay', runDir, '--step', String(end), '--threads', '2']);
    expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0);
  });
});

it.runIf(LONG)(
  'preset quick ends with the same held-out loss in two bytes and in four',
  { timeout: 3_600_000 },
  async () => {
    const losses: number[] = [];
    for (const codecs of [[], short]) {
      const { validationLoss } = await train([...codecs, ...into(`quick-${losses.length}`)]);
      losses.push(validationLoss!);
    }
    console.log(`held-out loss of preset quick: four bytes ${losses[0]}, two bytes ${losses[1]}`);
    expect(losses[0]).toBeLessThan(1.7);
    expect(Math.abs(losses[1] / losses[0] - 1)).toBeLessThan(LOSS_TOLERANCE);
  },
);
