import { expect, it } from 'vitest';
import { VERSION } from '../version.js';
import { seriesOf } from './metric-text.js';
import { lateFindings, versionFindings } from './page-checks.js';

const page = `# HELP x y
# TYPE rocinante_coordinator_build_info gauge
rocinante_coordinator_build_info{version="${VERSION}"} 1
rocinante_coordinator_late_micro_batches_total{run="r1"} 3
rocinante_coordinator_late_micro_batches_total{run="r2"} 0
rocinante_coordinator_disk_free_bytes 1.5e+09
`;

it('reads series with and without labels', () => {
  expect(seriesOf(page)).toEqual([
    { name: 'rocinante_coordinator_build_info', labels: { version: VERSION }, value: 1 },
    { name: 'rocinante_coordinator_late_micro_batches_total', labels: { run: 'r1' }, value: 3 },
    { name: 'rocinante_coordinator_late_micro_batches_total', labels: { run: 'r2' }, value: 0 },
    { name: 'rocinante_coordinator_disk_free_bytes', labels: {}, value: 1.5e9 },
  ]);
});

it('warns of another release, and names whose', () => {
  const same = versionFindings(
    seriesOf(page),
    new Map([
      ['a', VERSION],
      ['b', null],
    ]),
  );
  expect(same).toMatchObject([
    {
      status: 'ok',
      found: `coordinator ${VERSION}, here and 1 worker too; 1 worker not asked: serving metrics elsewhere, or none sent yet`,
    },
  ]);
  const other = versionFindings(
    seriesOf(page),
    new Map([
      ['a', VERSION],
      ['b', '9.9.9'],
    ]),
  );
  expect(other).toMatchObject([{ status: 'warning', found: `coordinator ${VERSION}, b 9.9.9` }]);
});

it('warns of runs whose workers are late', () => {
  expect(lateFindings(seriesOf(page))).toMatchObject([{ check: 'late work in r1', status: 'warning' }]);
});
