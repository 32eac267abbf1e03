import { expect, it } from 'vitest';
import { planParts } from './file-parts.js';
import type { FilePart } from './manifest.js';

it('sends nothing of a file that is there', () => {
  const parts = [part(0, 100)];
  expect(planParts(parts, 100)).toEqual({ kept: parts, rest: null });
  expect(planParts([], 0)).toEqual({ kept: [], rest: null });
});

it('takes the last parts along as long as they are short', () => {
  expect(planParts([part(0, 100), part(100, 10)], 120)).toEqual({
    kept: [part(0, 100)],
    rest: { from: 100, bytes: 20 },
  });
  expect(planParts([part(0, 100), part(100, 20)], 121).kept).toHaveLength(2);
  expect(planParts([part(0, 30), part(30, 10)], 60)).toEqual({ kept: [], rest: { from: 0, bytes: 60 } });
});

it('keeps a file that grows a little at each of 10,000 checkpoints in few parts, and sends little twice', () => {
  let parts: FilePart[] = [];
  let [bytes, sent, partsMost] = [0, 0, 0];
  for (let saved = 0; saved < 10_000; saved += 1) {
    bytes += 300 + ((saved * 7919) % 700);
    const { kept, rest } = planParts(parts, bytes);
    parts = [...kept, part(rest!.from, rest!.bytes)];
    sent += rest!.bytes;
    partsMost = Math.max(partsMost, parts.length);
    expect(parts.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
  }
  expect(partsMost).toBeLessThanOrEqual(Math.ceil(Math.log2(10_000)) + 1);
  expect(sent / bytes).toBeLessThan(Math.log(10_000) / Math.log(1.5));
});

function part(from: number, bytes: number): FilePart {
  return { from, bytes, sha256: '' };
}
