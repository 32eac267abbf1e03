import { existsSync } from 'node:fs';
import { LedgerDamagedError } from './errors.js';
import { ledgerLines } from './ledger-lines.js';
import { NO_LINE } from './line.js';
import type { BegunRecord, StateHashes, StepRecord } from './record.js';

/** The place in a ledger behind which a run goes on, and what is recorded up to it. */
export interface LedgerEnd {
  readonly begun: BegunRecord;
  /** Steps that are closed by the records up to it. */
  readonly lastStep: number;
  /** The record of the step that the run goes on from; null where it is not there. */
  readonly step: StepRecord | null;
  /** Hashes of the state after that step; null where no checkpoint of it is recorded. */
  readonly state: StateHashes | null;
  /** Step records behind it: those of steps that are lost. */
  readonly lost: number;
  /** Bytes of the file up to it, and the hash of the line before it. */
  readonly bytes: number;
  readonly hash: string;
}

/**
 * Where a run goes on in its ledger: behind the records of the steps that are closed there. What is behind is to be cut
 * away: records of steps that are lost, and a damaged tail, which is whatever no whole line follows.
 * @param step the steps that are closed where the run goes on.
 * @returns null where there is no ledger, or nothing whole in it: one is to be begun.
 * @throws {LedgerDamagedError} something before a whole line is damaged.
 */
export async function findEnd(path: string, step: number): Promise<LedgerEnd | null> {
  if (!existsSync(path)) return null;
  let problem: { readonly line: number; readonly reason: string } | null = null;
  let begun: BegunRecord | null = null;
  let last = { end: 0, hash: NO_LINE };
  let [lastStep, lost] = [0, 0];
  let stepRecord: StepRecord | null = null;
  let state: StateHashes | null = null;
  for await (const line of ledgerLines(path)) {
    const { record } = line;
    if (line.problem !== null) problem = { line: line.number, reason: line.problem };
    if (record === null) continue;
    if (problem === null && begun === null && record.kind !== 'begun') {
      problem = {
        line: line.number,
        reason: `expected how the ledger began, received kind ${record.kind}`,
      };
    }
    if (problem !== null) throw new LedgerDamagedError(path, problem.line, problem.reason);
    const isLater = record.kind === 'step' && record.step > step;
    if (isLater) lost += 1;
    if (lost > 0) continue;
    last = line;
    if (record.kind === 'begun') begun = record;
    if (record.kind === 'step' || record.kind === 'begun') lastStep = record.step;
    if (record.step !== step) continue;
    if (record.kind === 'step') stepRecord = record;
    if ('moments' in record) state = record;
  }
  if (begun === null) return null;
  return { begun, lastStep, step: stepRecord, state, lost, bytes: last.end, hash: last.hash };
}
