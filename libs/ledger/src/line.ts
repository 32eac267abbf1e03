/** A record as a line of text that names the line before it. */
import { createHash } from 'node:crypto';
import { oneLine } from '@rocinante/base';
import { recordSchema, type LedgerRecord } from './record.js';

/** What the first record names in place of a line before it. */
export const NO_LINE = '0'.repeat(64);

/** Bytes of a line, at most: 1,024 micro-batches of as many workers take some 200 KB. */
export const LINE_BYTES_MAX = 1 << 20;

/** A line that is whole by itself: its hash is right, and its record is one. */
export interface WholeLine {
  readonly record: LedgerRecord;
  /** The hash of the line before it. */
  readonly previous: string;
  readonly hash: string;
}

/** Of `,"previous":"…"`. */
const PREVIOUS_CHARACTERS = ',"previous":""'.length + NO_LINE.length;

const LINE_PATTERN = /^(\{.*,"previous":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}$/s;

/**
 * A record's line, without its end. `previous` and `hash` are its last members, and the hash is the SHA-256 of the line's
 * bytes without that last member: of `{…,"previous":"…"}`.
 */
export function encodeLine(record: LedgerRecord, previous: string): { line: string; hash: string } {
  const text = JSON.stringify({ ...record, previous });
  const hash = hashOf(text);
  return { line: `${text.slice(0, -1)},"hash":"${hash}"}`, hash };
}

/** @returns the line's record, or why there is none in one clause. */
export function decodeLine(line: string): WholeLine | { readonly problem: string } {
  const [, before, previous, hash] = LINE_PATTERN.exec(line) ?? [];
  if (before === undefined) {
    return { problem: 'expected a record that ends in "previous" and "hash", received other text' };
  }
  const found = hashOf(`${before}}`);
  if (found !== hash) {
    return { problem: `expected bytes of SHA-256 ${hash}, received ${found}: they have changed` };
  }
  // `previous` belongs to the chain, not to the record.
  const parsed = recordSchema.safeParse(parse(`${before.slice(0, -PREVIOUS_CHARACTERS)}}`));
  if (parsed.success) return { record: parsed.data, previous, hash };
  const [{ path, message }] = parsed.error.issues;
  const what = oneLine(`${path.join('.')}: ${message}`);
  return { problem: `expected a record of version 1, received another: ${what}` };
}

/** A JSON text's value; undefined for other text, which is no record either. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
