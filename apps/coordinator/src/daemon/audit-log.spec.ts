import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createLogger } from '@rocinante/log';
import type { Caller } from '@rocinante/wire';
import { AUDIT_FILES_KEPT, AuditLog } from './audit-log.js';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

let folder: string;
let logged: string[];
let audit: AuditLog;
const time = '2026-11-29T10:00:00.000Z';
const actor: Caller = {
  holder: { name: 'hand', role: 'operator' },
  peer: '192.0.2.7:40000',
  client: null,
};

beforeEach(() => {
  folders.push((folder = mkdtempSync(join(tmpdir(), 'rocinante-audit-'))));
  logged = [];
  const destination = { write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg) };
  const logger = createLogger({ level: 'info', pretty: false, destination });
  audit = new AuditLog(join(folder, 'audit.jsonl'), logger, () => new Date(time));
});

async function lines(): Promise<unknown[]> {
  await audit.written();
  const text = readFileSync(join(folder, 'audit.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

it('says who did what, from where, and what came of it', async () => {
  expect(
    await audit.carryOut(
      'start',
      actor,
      'baseline',
      () => ({ id: 'r1' }),
      ({ id }) => id,
    ),
  ).toEqual({ id: 'r1' });
  const remove = audit.carryOut('remove', { ...actor, holder: null }, '../etc', () => {
    throw new Error('there is no run ../etc');
  });
  await expect(remove).rejects.toThrow('there is no run ../etc');
  audit.refused('UNAUTHENTICATED', '192.0.2.9:1: no token');
  audit.refused('PERMISSION_DENIED', '192.0.2.9:2: not this one', 'rocinante-doctor/1');
  const client = 'rocinante-doctor/1';
  audit.acted({ act: 'pull', actor: { ...actor, client }, what: 'r1 (final)', failure: null });
  expect(await lines()).toEqual([
    {
      time,
      act: 'start',
      by: 'hand',
      role: 'operator',
      from: '192.0.2.7:40000',
      what: 'r1',
      outcome: 'done',
    },
    {
      time,
      act: 'remove',
      by: 'local',
      role: null,
      from: '192.0.2.7:40000',
      what: '../etc',
      outcome: 'there is no run ../etc',
    },
    { time, refused: 'UNAUTHENTICATED', what: '192.0.2.9:1: no token' },
    { time, refused: 'PERMISSION_DENIED', what: '192.0.2.9:2: not this one', client },
    {
      time,
      act: 'pull',
      by: 'hand',
      role: 'operator',
      from: '192.0.2.7:40000',
      client,
      what: 'r1 (final)',
      outcome: 'done',
    },
  ]);
  expect(logged).toEqual([
    'hand: start r1: done',
    'local: remove ../etc: there is no run ../etc',
    'hand: pull r1 (final): done',
  ]);
  expect(statSync(join(folder, 'audit.jsonl')).mode & 0o777).toBe(0o600);
});

it.each(['x', 'ñ'])('keeps a bounded number of files of a bounded length, of %s too', async (letter) => {
  const logger = createLogger({ level: 'error', destination: { write: () => undefined } });
  const bounded = new AuditLog(join(folder, 'audit.jsonl'), logger, () => new Date(time), 1_000);
  for (let line = 0; line < 40; line++) bounded.refused('TIMEOUT', `${line} ${letter.repeat(200)}`);
  await bounded.written();
  const files = readdirSync(folder).sort();
  const numbered = Array.from({ length: AUDIT_FILES_KEPT }, (_, index) => `audit.${index + 1}.jsonl`);
  expect(files).toEqual([...numbered, 'audit.jsonl']);
  for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1_000);
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8')).toContain(`"39 ${letter.repeat(3)}`);
});

it('says once that the disk takes nothing, and goes on', async () => {
  rmSync(folder, { recursive: true });
  audit.refused('TIMEOUT', 'one');
  audit.refused('TIMEOUT', 'two');
  await audit.written();
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatch(/audit\.jsonl: not written: there is no such file or folder \(ENOENT\)$/);
  folders.pop();
});
