/**
 * The integer grid costs nothing: the reference network's losses over its first 50 steps against Keras's, which
 * keras_seed_losses.py wrote from the same first values and order of windows, without dropout, on chapters 1 to 10.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { events, train, Workspace } from '../support/rocinante.js';

const quijote = process.env.ROCINANTE_QUIJOTE;
const long = process.env.ROCINANTE_LONG === '1';
const workspace = new Workspace();
afterAll(() => workspace.remove());

it.skipIf(!quijote || !long)(
  'the losses are Keras’s, within 1e-4 for 20 steps and 1e-3 for 50',
  { timeout: 600_000 },
  async () => {
    const golden = JSON.parse(readFileSync(new URL('golden/seed-losses.json', import.meta.url), 'utf8')) as {
      losses: number[];
    };
    const config = workspace.write('config.json', {
      preset: 'seed',
      network: { layers: [512, 512, 512].map((units) => ({ units, dropout: 0 })) },
    });
    const runDir = workspace.in('run');
    const corpus = join(quijote!, 'don-quijote-chapters-1-10.txt');
    await train(['--config', config, '--corpus', corpus, '--steps', '50', '--run-dir', runDir]);
    const losses = events(runDir).flatMap((event) => ('step' in event ? [event.loss as number] : []));
    const errors = losses.map((loss, step) => Math.abs(loss - golden.losses[step]));
    expect(errors).toHaveLength(50);
    expect(Math.max(...errors.slice(0, 20))).toBeLessThan(1e-4);
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  },
);
