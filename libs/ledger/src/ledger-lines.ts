import { createReadStream } from 'node:fs';
import { decodeLine, LINE_BYTES_MAX, NO_LINE } from './line.js';
import type { LedgerRecord } from './record.js';

/** A line of a ledger's file. */
export interface LedgerLine {
  /** From 1. */
  readonly number: number;
  /** Its bytes in the file, with its end: [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** Whether it lacks its end, as a killed process leaves the last line. */
  readonly cut: boolean;
  /** Null where the line is not whole by itself. */
  readonly record: LedgerRecord | null;
  readonly hash: string;
  /** Why the chain does not hold up to this line, for the first such line; null for all others. */
  readonly problem: string | null;
}

/**
 * The lines of a ledger in order. Up to the first line with a problem they are the chain that was written; those behind
 * it say only whether they are whole by themselves.
 * @throws Node's error where the file cannot be read.
 */
export async function* ledgerLines(path: string): AsyncGenerator<LedgerLine> {
  let number = 0;
  let begin = 0;
  let previous = NO_LINE;
  let broken = false;
  for await (const { bytes, ended } of pieces(path)) {
    number += 1;
    const end = begin + bytes.length + (ended ? 1 : 0);
    const decoded = ended ? decodeLine(bytes.toString('utf8')) : { problem: 'the line is cut' };
    const whole = 'record' in decoded ? decoded : null;
    let problem: string | null = null;
    if (!broken) {
      if ('problem' in decoded) problem = decoded.problem;
      else if (decoded.previous !== previous) problem = unchained(number, previous, decoded.previous);
      broken = problem !== null;
    }
    yield {
      number,
      begin,
      end,
      cut: !ended,
      record: whole?.record ?? null,
      hash: whole?.hash ?? '',
      problem,
    };
    previous = whole?.hash ?? '';
    begin = end;
  }
}

function unchained(number: number, expected: string, received: string): string {
  const before = number === 1 ? 'no line before it' : `line ${number - 1}, of SHA-256 ${expected}, before it`;
  const named = received === NO_LINE ? 'none' : `one of SHA-256 ${received}`;
  return `expected ${before}, received a record that names ${named}: a line is missing, added, or elsewhere`;
}

/** The file's lines as bytes without their ends; what is longer than a line may be comes as a line that has not ended. */
async function* pieces(path: string): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, start)) {
      yield { bytes: rest.subarray(start, end), ended: true };
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > LINE_BYTES_MAX) {
      yield { bytes: rest, ended: false };
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length > 0) yield { bytes: rest, ended: false };
}
