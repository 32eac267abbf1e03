import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeLine, encodeLine, NO_LINE, type LedgerRecord } from '@rocinante/ledger';

/** The lines of a run's ledger; none before there is one. */
export function ledgerLines(runDir: string): string[] {
  const path = join(runDir, 'ledger.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

export function writeLedger(runDir: string, lines: readonly string[]): void {
  writeFileSync(join(runDir, 'ledger.jsonl'), lines.map((line) => `${line}\n`).join(''));
}

/** @throws {Error} a line is damaged. */
export function recordsOf(runDir: string): LedgerRecord[] {
  return ledgerLines(runDir).map((line) => {
    const decoded = decodeLine(line);
    if ('problem' in decoded) throw new Error(decoded.problem);
    return decoded.record;
  });
}

/** Writes a chain with right hashes, as only someone who wants to deceive makes it of other records. */
export function rechain(runDir: string, records: readonly LedgerRecord[]): void {
  let previous = NO_LINE;
  const lines = records.map((record) => {
    const { line, hash } = encodeLine(record, previous);
    previous = hash;
    return line;
  });
  writeLedger(runDir, lines);
}

/** Where the record of a step stands, from 0. */
export function lineOfStep(runDir: string, step: number): number {
  return recordsOf(runDir).findIndex((record) => record.kind === 'step' && record.step === step);
}

/** Who computed what went into a run's steps. */
export function workersIn(runDir: string): Set<string> {
  const parts = recordsOf(runDir).flatMap((record) => (record.kind === 'step' ? record.computed : []));
  return new Set(parts.map(({ worker }) => worker));
}
