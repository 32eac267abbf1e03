/**
 * Goal: a step that takes longer than the silence after which a connection counts as cut is not taken for a death, and nothing of
 * it is computed twice. Method: one worker with micro-batches of the reference network so large that the engine's thread
 * answers nobody for longer than that; 7 GB of memory, a minute.
 */
import { afterAll, expect, it } from 'vitest';
import { limits } from '@rocinante/wire';
import { events, train, Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

const SILENCE_SECONDS = (limits.KEEPALIVE_TIME_MS + limits.KEEPALIVE_TIMEOUT_MS) / 1000;
const STEPS = 2;
const workspace = new Workspace();
afterAll(() => workspace.remove());

it.skipIf(process.env.ROCINANTE_LONG !== '1')(
  'a step longer than the keep-alive is not a death (ROCINANTE_LONG=1)',
  { timeout: 900_000 },
  async () => {
    const runDir = workspace.in('run');
    await train([
      ...['--preset', 'seed', '--corpus', workspace.write('corpus.txt', smallText(60_000))],
      ...['--batch', '512', '--micro-batch', '256', '--steps', String(STEPS)],
      ...['--workers', '1', '--threads', '1', '--run-dir', runDir],
    ]);
    const entries = events(runDir);
    const steps = entries.filter(({ event }) => event === 'step') as unknown as { seconds: number }[];
    expect(steps).toHaveLength(STEPS);
    for (const { seconds } of steps) expect(seconds).toBeGreaterThan(SILENCE_SECONDS);
    const troubles = ['worker-left', 'late', 'strike', 'set-aside', 'second-word'];
    expect(entries.filter(({ event, lost }) => troubles.includes(String(event)) && lost !== false)).toEqual(
      [],
    );
  },
);
