import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointName } from '@rocinante/checkpoint';
import { networkLayout } from '@rocinante/model';
import { INITIAL_POWERS } from '@rocinante/optimizer';
import { networkOf, noProgress } from '@rocinante/training';
import { smallConfig } from '../../daemon/spec-coordinator.js';
import { NOT_PROVEN } from '../exactness.js';
import { RunCheckpoints } from './run-checkpoints.js';

const vocabulary = ['a', 'b'];
const layout = networkLayout(networkOf(smallConfig, vocabulary.length));

let folder: string;
let checkpoints: RunCheckpoints;
let notices: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-checkpoints-'));
  notices = [];
  const frame = { config: smallConfig, layout, vocabulary, corpusSha256: '0'.repeat(64) };
  checkpoints = new RunCheckpoints(folder, frame, { keepLast: 1, keepEverySteps: 0 });
  checkpoints.open((error) => {
    throw error;
  });
});
afterEach(async () => {
  await checkpoints.close();
  rmSync(folder, { recursive: true });
});

async function save(step: number): Promise<void> {
  const { saved } = await checkpoints.save({
    effect: { type: 'save', step, reason: 'interval', best: true, progress: { ...noProgress, step } },
    copied: Promise.resolve(),
    closed: { magnitudes: new Float32Array(layout.blockCount), powers: INITIAL_POWERS },
    exactness: NOT_PROVEN,
    hashed: false,
    untilRoom: () => Promise.resolve(false),
    noticed: (message) => notices.push(message),
  });
  expect(saved).toMatchObject({ step, name: checkpointName(step) });
}

describe('an old checkpoint that the disk does not remove', () => {
  it('ends no run: that is told once, tried again with each save, and told anew of another', async () => {
    // Nobody removes a folder by removing a file.
    for (const step of [1, 2]) mkdirSync(join(folder, checkpointName(step)));
    await save(3);
    await save(4);
    expect(readdirSync(folder)).toEqual([1, 2, 4].map(checkpointName));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /^old checkpoints that need not be kept take room: step-00000001\.safetensors is not removed: .* \(and 1 more\); it is tried again/,
    );
    for (const step of [1, 2]) rmdirSync(join(folder, checkpointName(step)));
    await save(5);
    mkdirSync(join(folder, checkpointName(1)));
    await save(6);
    expect(readdirSync(folder)).toEqual([1, 6].map(checkpointName));
    expect(notices).toHaveLength(2);
    expect(notices[1]).not.toMatch(/more/);
  });
});
