import { expect, it } from 'vitest';
import { comparedIn, groupingLabels, selectorsOf } from './promql.js';

it.each([
  ['up', [{ metric: 'up', labels: [] }]],
  ['a{run=~"x and y{z}", by!="b"} == 1', [{ metric: 'a', labels: ['run', 'by'] }]],
  ['sum by (run) (rate(a_total{run="r"}[5m])) / on (run) group_left (name) b', ['a_total', 'b']],
  ['a > a offset 15m', ['a', 'a']],
  ['histogram_quantile(0.5, sum by (le, run) (rate(h_bucket[1m]))) > bool 1e3', ['h_bucket']],
  ['time() - a < 60', ['a']],
  ['vector(0) or m', ['m']],
])('finds the metrics of %s', (expression, expected) => {
  const found = selectorsOf(expression);
  expect(typeof expected[0] === 'string' ? found.map(({ metric }) => metric) : found).toEqual(expected);
});

it('finds the labels that are grouped and joined by', () => {
  const expression = 'sum by (le, run) (a{x="by (y)"}) * on (worker) group_left () b / ignoring(phase) c';
  expect(groupingLabels(expression)).toEqual(['le', 'run', 'worker', 'phase']);
});

it.each([
  ['up{job="a > b"} == 0', ['up{job="a > b"}']],
  [
    'a > 600 unless on (run) a < 10 * rate(s[1h]) / rate(c[1h])',
    ['a', 'a', '10 * rate(s[1h]) / rate(c[1h])'],
  ],
  ['(a > 1 and on () (sum(b) > 0)) or c != 2', ['a', 'sum(b)', 'c']],
  ['sum(a > 0) / (b > 0)', ['sum(a > 0) / (b > 0)']],
  ['(a) + (b) >= bool 1', ['(a) + (b)']],
  ['a - time() < 14 * 86400', ['a - time()']],
  ['land > 1', ['land']],
])('finds what %s compares', (expression, expected) => {
  expect(comparedIn(expression).map((part) => part.trim())).toEqual(expected);
});
