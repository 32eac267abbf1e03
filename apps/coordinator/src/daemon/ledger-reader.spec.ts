/** Goal: what a ledger says of each step comes in order and in pieces. Method: real ledgers, whole, cut, damaged and absent. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLine, NO_LINE, type LedgerRecord, type StepRecord } from '@rocinante/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf } from './ledger-reader.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-digests-'));
  path = join(folder, 'ledger.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const digest = (name: string, step: number): string =>
  createHash('sha256').update(`${name} ${step}`).digest('hex').slice(0, 32);

function stepRecord(step: number): StepRecord {
  return {
    ...{ kind: 'step', step, epoch: 1, position: 0, windows: 4, issue: 1 },
    computed: [{ worker: 'sancho', microBatches: '0' }],
    ...{ grid: digest('grid', step), sum: digest('sum', step), parameters: digest('parameters', step) },
    loss: 1 / step,
  };
}

const hash = 'a'.repeat(64);
const checkpoint: LedgerRecord = {
  ...{ kind: 'checkpoint', step: 2, name: 'step-2', parameters: hash, moments: hash },
};

/** The lines of a chain. */
function chain(records: readonly LedgerRecord[]): string[] {
  let previous = NO_LINE;
  return records.map((record) => {
    const { line, hash } = encodeLine(record, previous);
    previous = hash;
    return `${line.trimEnd()}\n`;
  });
}

async function read(most: number): Promise<{ firstStep: number; steps: string[] }[]> {
  const chunks = [];
  for await (const { firstStep, digests } of digestsOf(path, most)) {
    const steps = Array.from({ length: digests.length / 48 }, (_, index) =>
      digests.toString('hex', 48 * index, 48 * (index + 1)),
    );
    chunks.push({ firstStep, steps });
  }
  return chunks;
}

const made = (...steps: number[]): string[] =>
  steps.map((step) => digest('grid', step) + digest('sum', step) + digest('parameters', step));

describe('the digests of a ledger', () => {
  it('are none where there is no ledger', async () => {
    expect(await read(10)).toEqual([]);
  });

  it('are those of its steps, as many at a time as are asked for', async () => {
    writeFileSync(path, chain([stepRecord(1), stepRecord(2), checkpoint, stepRecord(3)]).join(''));
    expect(await read(2)).toEqual([
      { firstStep: 1, steps: made(1, 2) },
      { firstStep: 3, steps: made(3) },
    ]);
    expect(await read(3)).toEqual([{ firstStep: 1, steps: made(1, 2, 3) }]);
  });

  it('begin another piece behind a step that it lacks', async () => {
    writeFileSync(path, chain([stepRecord(1), stepRecord(7), stepRecord(8)]).join(''));
    expect(await read(9)).toEqual([
      { firstStep: 1, steps: made(1) },
      { firstStep: 7, steps: made(7, 8) },
    ]);
  });

  it('end before a line that is cut or not of the chain', async () => {
    const lines = chain([stepRecord(1), stepRecord(2), stepRecord(3)]);
    writeFileSync(path, lines.join('').slice(0, -9));
    expect(await read(9)).toEqual([{ firstStep: 1, steps: made(1, 2) }]);
    writeFileSync(path, [lines[0], lines[2]].join(''));
    expect(await read(9)).toEqual([{ firstStep: 1, steps: made(1) }]);
  });
});
