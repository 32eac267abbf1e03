import { existsSync } from 'node:fs';
import { ledgerLines, type StepRecord } from '@rocinante/ledger';

/** The digests of a step's grid, sum and parameters, one behind the other. */
function bytesOf({ grid, sum, parameters }: StepRecord): Buffer {
  return Buffer.from(grid + sum + parameters, 'hex');
}

/**
 * What a ledger says that its steps made, in order, `most` steps at a time, up to the first line that is not of its chain; a
 * step that it lacks begins another piece.
 * @returns none where there is no ledger.
 * @throws Node's error where it cannot be read.
 */
export async function* digestsOf(
  path: string,
  most: number,
): AsyncGenerator<{ firstStep: number; digests: Buffer }> {
  if (!existsSync(path)) return;
  let firstStep = 1;
  let digests: Buffer[] = [];
  for await (const { record, problem } of ledgerLines(path)) {
    if (problem !== null) break;
    if (record?.kind !== 'step') continue;
    if (digests.length === most || record.step !== firstStep + digests.length) {
      if (digests.length > 0) yield { firstStep, digests: Buffer.concat(digests) };
      firstStep = record.step;
      digests = [];
    }
    digests.push(bytesOf(record));
  }
  if (digests.length > 0) yield { firstStep, digests: Buffer.concat(digests) };
}
