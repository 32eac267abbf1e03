import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import {
  encodeLine,
  findEnd,
  LedgerFile,
  ledgerLines,
  LedgerOrder,
  NO_LINE,
  type LedgerRecord,
} from '@rocinante/ledger';
import type { Edit } from '../byte-edits.js';
import { editJson, jsonOf } from '../json-edits.js';
import { scratchFile, scratchPath } from '../scratch.js';
import { expectLine, type Target } from '../target.js';

const hex = (digits: number): string => 'a'.repeat(digits);

const RECORDS: readonly LedgerRecord[] = [
  {
    kind: 'begun',
    format: 'rocinante-ledger',
    version: 1,
    step: 0,
    stepsTotal: 3,
    seed: 1,
    corpus: hex(64),
    layout: hex(64),
    ranges: 3,
    windowsPerEpoch: 20,
    batch: 8,
    microBatch: 2,
  },
  { kind: 'checkpoint', step: 0, name: 'step-00000000.safetensors', parameters: hex(64), moments: hex(64) },
  ...[1, 2, 3].map((step): LedgerRecord => ({
    kind: 'step',
    step,
    epoch: 1,
    position: (step - 1) * 8,
    windows: step === 3 ? 4 : 8,
    issue: 1,
    computed:
      step === 3
        ? [{ worker: 'sancho', microBatches: '0-1' }]
        : [
            { worker: 'sancho', microBatches: '0,2-3' },
            { worker: 'rocin', microBatches: '1', ranges: '0-1' },
            { worker: 'sancho', microBatches: '1', ranges: '2' },
          ],
    grid: hex(32),
    sum: hex(32),
    parameters: hex(32),
    loss: 2.5,
  })),
  { kind: 'checkpoint', step: 3, name: 'step-00000003.safetensors', parameters: hex(64), moments: hex(64) },
  {
    kind: 'resumed',
    step: 3,
    stepsTotal: 4,
    checkpoint: 'step-00000003.safetensors',
    parameters: hex(64),
    moments: hex(64),
    lost: 0,
    rollbacks: 1,
  },
  { kind: 'weights', step: 3, parameters: hex(64), contents: hex(64) },
];

function written(records: readonly LedgerRecord[]): Uint8Array {
  const path = scratchPath('written.jsonl');
  const [begun, ...rest] = records;
  if (begun.kind !== 'begun') throw new Error('a ledger begins');
  const file = LedgerFile.begin(path, begun);
  for (const record of rest) file.append(record);
  file.close();
  return readFileSync(path);
}

/** The records of a ledger's text, as far as they can be made out. */
function recordsOf(bytes: Uint8Array): Record<string, unknown>[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      const record = JSON.parse(line) as Record<string, unknown>;
      // Those of the chain, which is made anew.
      delete record.previous;
      delete record.hash;
      return [record];
    } catch {
      return [];
    }
  });
}

/** A ledger of these records with true hashes, whatever they are. */
function chain(records: readonly unknown[]): Uint8Array {
  let text = '';
  let before = NO_LINE;
  for (const record of records) {
    const { line, hash } = encodeLine(record as LedgerRecord, before);
    text += `${line}\n`;
    before = hash;
  }
  return Buffer.from(text);
}

/** Edits records, and makes the chain true again. */
const editRecords: Edit = (bytes, draw) => {
  const records = recordsOf(bytes);
  if (records.length === 0) return bytes;
  const at = draw.below(records.length);
  switch (draw.below(6)) {
    case 0:
      records.splice(at, 1);
      break;
    case 1:
      records.splice(draw.below(records.length), 0, records[at]);
      break;
    default: {
      const edited = editJson(records[at], draw);
      if (typeof edited !== 'object' || edited === null || jsonOf(edited) === null) return bytes;
      records[at] = edited as Record<string, unknown>;
    }
  }
  return chain(records);
};

/** Characters of a ledger that is made longer, at most: the reader's memory is looked at, not ours. */
const LENGTH_MAX = 1 << 22;

/** Spans and workers without end: each is well formed by itself. */
const manySpans: Edit = (bytes, draw) => {
  const records = recordsOf(bytes);
  const steps = records.filter(({ computed }) => Array.isArray(computed) && computed.some(isObject));
  if (steps.length === 0) return bytes;
  const step = draw.of(steps) as { computed: unknown[] };
  const shares = step.computed.filter(isObject);
  const times = 2 ** draw.below(15);
  if (draw.chance(0.5)) {
    const span = draw.of(['0', '0-3', '0-1023', '1-2', '0-999999999']);
    Object.assign(draw.of(shares), { microBatches: Array(times).fill(span).join(',') });
  } else {
    const share = draw.of(shares);
    const timesMax = Math.ceil(LENGTH_MAX / JSON.stringify(share).length);
    step.computed = Array<unknown>(Math.min(times, timesMax)).fill(share);
  }
  const [begun] = records;
  if (draw.chance(0.3)) Object.assign(begun, { ranges: 4096, batch: 2048, windowsPerEpoch: 2048 });
  return chain(records);
};

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A line that is no JSON, under a hash that is right. */
const strangeLine: Edit = (bytes, draw) => {
  const text = `{${draw.of(['', '"a":', '[', '"kind":"step"', '\u0000', '"a":1,,"b":2'])},"previous":"${NO_LINE}"`;
  const hash = createHash('sha256').update(`${text}}`).digest('hex');
  const line = Buffer.from(`${text},"hash":"${hash}"}\n`);
  return draw.chance(0.5) ? line : Buffer.concat([bytes, line]);
};

/** A ledger's file: its lines, the order of what they say, and where a run would go on behind it. */
export const ledger = (): Target => ({
  name: 'ledger',
  inputs: [written(RECORDS), written(RECORDS.slice(0, 3))],
  edits: [editRecords, editRecords, editRecords, manySpans, strangeLine],
  read: async (bytes) => {
    const path = scratchFile('read.jsonl', bytes);
    const order = new LedgerOrder();
    let problems = 0;
    let length = 0;
    for await (const { record, problem, begin, end } of ledgerLines(path)) {
      if (begin !== length) throw new Error('lines that do not follow each other');
      length = end;
      const said =
        problem === null && record !== null ? order.take(record) : [problem ?? 'a line of no chain'];
      problems += said.length;
      for (const line of said) expectLine(line);
    }
    await findEnd(path, 3);
    return problems === 0;
  },
});
