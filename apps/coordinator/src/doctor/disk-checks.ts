import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemTrouble } from '@rocinante/base';
import { bytesShown } from '../display/quantities.js';
import { presets } from '../presets.js';
import { freeBytes, neededBytes, parametersReckoned } from '../run/disk-space.js';
import { atLeast, atMost, ok, problem, warning, type Finding } from './finding.js';
import { FSYNC_BYTES, FSYNC_COUNT, FSYNC_GOOD_MS, FSYNC_MOST_MS } from './limits.js';

/** Room, and how long the disk takes, where runs are kept or would be. */
export async function dataFindings(data: string): Promise<Finding[]> {
  const path = resolve(data);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) {
    return [problem('data folder', 'a directory or nothing', `${path} is a file`, 'point --data elsewhere')];
  }
  const folder = nearest(path);
  if (!isWritable(folder)) {
    const advice = 'let this user write there, or point --data elsewhere';
    return [problem('data folder', 'a directory that can be written', `${folder} cannot be`, advice)];
  }
  const where = found ? path : `${path}, not there yet`;
  return [
    ok('data folder', 'a directory that can be written', where),
    await roomFinding(path),
    await syncFinding(folder),
  ];
}

/** What can be had again: the engine, fetched books, encoded texts. */
export function cacheFinding(path: string): Finding {
  const expected = 'a directory that can be written';
  const folder = nearest(resolve(path));
  if (isWritable(folder))
    return ok('cache folder', expected, existsSync(path) ? path : `${path}, not there yet`);
  const advice = 'let this user write there, or name another folder by ROCINANTE_CACHE';
  return warning('cache folder', expected, `${folder} cannot be written`, advice);
}

async function roomFinding(path: string): Promise<Finding> {
  const least = neededBytes(parametersReckoned(presets.seed));
  const bounds = { found: await freeBytes(path), good: 4 * least, least };
  return atLeast('disk room', bounds, bytesShown, 'free some space, or point --data elsewhere');
}

/** Writes, flushes and renames as a checkpoint is. */
async function syncFinding(folder: string): Promise<Finding> {
  const path = join(folder, `.doctor-${randomBytes(6).toString('hex')}`);
  const bytes = randomBytes(FSYNC_BYTES);
  const advice = 'use a disk of this machine; checkpoints and records wait for it';
  const times: number[] = [];
  try {
    for (let count = 0; count < FSYNC_COUNT; count++) {
      const file = await open(`${path}.part`, 'w', 0o600);
      try {
        const began = performance.now();
        await file.write(bytes);
        await file.sync();
        times.push(performance.now() - began);
      } finally {
        await file.close();
      }
      await rename(`${path}.part`, path);
    }
  } catch (error) {
    return problem('disk flush', 'a file written, flushed and renamed', systemTrouble(error), advice);
  } finally {
    await Promise.all([path, `${path}.part`].map((made) => rm(made, { force: true })));
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1];
  const bounds = { found: median, good: FSYNC_GOOD_MS, most: FSYNC_MOST_MS };
  return atMost('disk flush', bounds, (ms) => `${ms.toFixed(1)} ms for ${bytesShown(FSYNC_BYTES)}`, advice);
}

function nearest(path: string): string {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  return there;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
