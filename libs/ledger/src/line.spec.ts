import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeLine, encodeLine, NO_LINE } from './line.js';
import type { LedgerRecord } from './record.js';
import { begun, checkpoint, resumed, stepRecord } from './spec-ledger.js';

const records: LedgerRecord[] = [
  begun,
  stepRecord(3, {
    loss: 0.1 + 0.2,
    computed: [
      { worker: 'sancho "the\n" ¿', microBatches: '0', ranges: '0-1' },
      { worker: 'rocin', microBatches: '0', ranges: '2' },
    ],
  }),
  checkpoint(3),
  resumed(3, 2),
  { kind: 'weights', step: 6, parameters: 'c'.repeat(64), contents: 'd'.repeat(64) },
];

describe('a line', () => {
  it.each(records)('brings a record of kind $kind back, to the bits of its loss', (record) => {
    const { line, hash } = encodeLine(record, NO_LINE);
    expect(line).not.toContain('\n');
    expect(decodeLine(line)).toEqual({ record, previous: NO_LINE, hash });
  });

  it('says how often a run has gone back, where it has', () => {
    const { line } = encodeLine({ ...resumed(3), rollbacks: 1 }, NO_LINE);
    expect(decodeLine(line)).toMatchObject({ record: { rollbacks: 1 } });
    const { line: never } = encodeLine({ ...resumed(3), rollbacks: 0 }, NO_LINE);
    expect(decodeLine(never)).toMatchObject({ problem: expect.stringContaining('rollbacks') as string });
  });

  it('has the hash of its bytes without the hash’s own member', () => {
    const { line, hash } = encodeLine(begun, 'e'.repeat(64));
    const hashed = line.replace(/,"hash":"[0-9a-f]+"\}$/, '}');
    expect(createHash('sha256').update(hashed).digest('hex')).toBe(hash);
  });
});

describe('a line that is not whole', () => {
  const { line } = encodeLine(stepRecord(2), NO_LINE);

  it('is refused for any byte that has changed', () => {
    for (let at = 0; at < line.length; at++) {
      const other = String.fromCharCode(line.charCodeAt(at) ^ 1);
      expect(decodeLine(line.slice(0, at) + other + line.slice(at + 1))).toHaveProperty('problem');
    }
  });

  it.each([
    ['cut', line.slice(0, -20)],
    ['empty', ''],
    ['followed by more', `${line} `],
    ['another program’s', '{"event":"step","step":1}'],
  ])('is refused where it is %s', (_, text) => {
    expect(decodeLine(text)).toEqual({
      problem: 'expected a record that ends in "previous" and "hash", received other text',
    });
  });

  it('is refused where it is no JSON under a hash that is right', () => {
    const text = `{,"previous":"${NO_LINE}"`;
    const hash = createHash('sha256').update(`${text}}`).digest('hex');
    const decoded = decodeLine(`${text},"hash":"${hash}"}`);
    expect(decoded).toHaveProperty('problem', expect.stringContaining('expected a record of version 1'));
  });

  it('is refused in one line, whatever its keys are', () => {
    const record = { ...checkpoint(3), 'a\nb': 1 } as unknown as LedgerRecord;
    expect(decodeLine(encodeLine(record, NO_LINE).line)).toHaveProperty(
      'problem',
      expect.stringContaining('a\\u000ab'),
    );
  });

  it.each([
    ['kind', { kind: 'stop' }],
    ['version', { ...begun, version: 2 }],
    ['parameters', { ...checkpoint(3), parameters: 'A'.repeat(64) }],
    ['step', stepRecord(1, { step: 1.5 })],
    ['computed', stepRecord(1, { computed: [] })],
    ['microBatch', { ...begun, batch: 1_000_000, microBatch: 1 }],
    ['ranges', { ...begun, ranges: 1_000_000 }],
    ['more', { ...checkpoint(3), more: 1 }],
  ])('is refused by its key %s, however right its hash', (key, record) => {
    const decoded = decodeLine(encodeLine(record as LedgerRecord, NO_LINE).line);
    expect(decoded).toHaveProperty('problem', expect.stringContaining(key));
  });
});
