import { expect, it } from 'vitest';
import { plainFinding, reachFindings } from './reach-checks.js';

it('says where nobody is, and that there is no such name', async () => {
  const nobody = await reachFindings('127.0.0.1:1');
  expect(nobody.map(({ check, status }) => [check, status])).toEqual([
    ['name', 'ok'],
    ['connection', 'problem'],
  ]);
  expect(nobody[1].found).toBe('refused: nothing listens there (ECONNREFUSED)');
  const unknown = await reachFindings('no-such-host.invalid:7070');
  expect(unknown).toMatchObject([{ check: 'name', status: 'problem' }]);
});

it('warns of plain traffic over a network', () => {
  expect([plainFinding('127.0.0.1:7070').status, plainFinding('10.0.0.5:7070').status]).toEqual([
    'ok',
    'warning',
  ]);
});
