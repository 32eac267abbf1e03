import { expect, it } from 'vitest';
import type { Session } from '../service/session.js';
import { Shares } from './shares.js';

const seen = (microBatches: number) => ({ assignment: 1, microBatches, computeSeconds: 1 });

it('tells who computed how much of the last closed step: of its last issue', () => {
  const shares = new Shares();
  const [a, b] = [{ worker: 'a#1' }, { worker: 'b#2' }] as Session[];
  shares.stepIssued();
  shares.reported(a, seen(3));
  shares.stepIssued();
  shares.reported(a, seen(1));
  shares.reported(b, seen(2));
  shares.reported(a, seen(1));
  expect([...shares.last]).toEqual([]);
  shares.stepClosed();
  shares.stepIssued();
  shares.reported(b, seen(4));
  expect([...shares.last]).toEqual([
    ['a#1', 2],
    ['b#2', 2],
  ]);
});
