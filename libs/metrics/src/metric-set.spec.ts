import { describe, expect, it } from 'vitest';
import { coordinatorDefinitions } from './coordinator-definitions.js';
import { counter, gauge, histogram, labelSets, type MetricTable } from './definition.js';
import { MetricSet } from './metric-set.js';
import { workerDefinitions } from './worker-definitions.js';

const table = {
  messages: counter('test_messages_total', { unit: 'messages', help: 'h', labels: { what: ['a', 'b'] } }),
  steps: counter('test_steps_total', { unit: 'steps', help: 'h', labels: { run: null } }),
  phases: histogram('test_phase_seconds', {
    unit: 'seconds',
    help: 'h',
    labels: { run: null, phase: ['sum', 'wait'] },
    buckets: [1],
  }),
  share: gauge('test_share_ratio', { unit: 'ratio', help: 'h', labels: { run: null, worker: null } }),
  age: gauge('test_age_seconds', { unit: 'seconds', help: 'h' }),
};

/** Series of a text, without comments. */
async function series(set: { text(): Promise<string> }): Promise<string[]> {
  return (await set.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('a set of metrics', () => {
  it('has series at zero for labels whose values are known, and none for those that are not', async () => {
    expect(await series(new MetricSet(table))).toEqual([
      'test_messages_total{what="a"} 0',
      'test_messages_total{what="b"} 0',
      'test_age_seconds 0',
    ]);
  });

  it('begins the series of a run at zero, and ends them all', async () => {
    const set = new MetricSet(table);
    const before = await series(set);
    set.begin('run', 'r1');
    set.begin('run', 'r2');
    expect(await series(set)).toContain('test_steps_total{run="r1"} 0');
    expect(await series(set)).toContain('test_phase_seconds_count{run="r1",phase="wait"} 0');
    set.metrics.phases.observe({ run: 'r1', phase: 'sum' }, 0.5);
    set.metrics.share.set({ run: 'r1', worker: 'a#1' }, 0.5);
    set.end('run', 'r1', { worker: ['a#1'] });
    expect((await series(set)).filter((line) => line.includes('r1'))).toEqual([]);
    set.end('run', 'r2');
    expect(await series(set)).toEqual(before);
  });

  it('measures before each scrape', async () => {
    const set = new MetricSet(table);
    let age = 0;
    set.beforeScrape(() => set.metrics.age.set((age += 1)));
    expect(await series(set)).toContain('test_age_seconds 1');
    expect(await series(set)).toContain('test_age_seconds 2');
  });

  it('knows nothing of another set of the same table', async () => {
    const [one, other] = [new MetricSet(table), new MetricSet(table)];
    one.metrics.messages.inc({ what: 'a' });
    expect(await series(other)).toContain('test_messages_total{what="a"} 0');
  });

  it('escapes what comes from outside', async () => {
    const set = new MetricSet(table);
    set.metrics.share.set({ run: 'r1', worker: 'a"\n\\' }, 1);
    expect(await series(set)).toContain('test_share_ratio{run="r1",worker="a\\"\\n\\\\"} 1');
  });
});

describe('sets of labels', () => {
  it('are all combinations, and none where an open label has no values', () => {
    expect(labelSets({})).toEqual([{}]);
    expect(labelSets({ run: null })).toEqual([]);
    expect(labelSets({ run: null, phase: ['sum', 'wait'] }, { run: ['r1', 'r2'] })).toEqual([
      { run: 'r1', phase: 'sum' },
      { run: 'r1', phase: 'wait' },
      { run: 'r2', phase: 'sum' },
      { run: 'r2', phase: 'wait' },
    ]);
  });
});

describe.each<[string, MetricTable]>([
  ['coordinator', coordinatorDefinitions],
  ['worker', workerDefinitions],
])('the definitions of the %s', (part, definitions) => {
  const all = Object.values(definitions);

  it('have names of their own, of one form', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, type } of all) {
      expect(name).toMatch(new RegExp(`^rocinante_${part}(_[a-z]+)+$`));
      expect(name.endsWith('_total')).toBe(type === 'counter');
    }
  });

  it('use base units, which the name says', () => {
    for (const { name, unit } of all) {
      const base = unit.split(' ')[0];
      if (base === 'seconds' || base === 'bytes' || base === 'nats') {
        expect(name.replace(/_total$/, '')).toMatch(new RegExp(`_${base}$`));
      }
      expect(name).not.toMatch(/_(ms|milliseconds|mb|kb|percent)(_|$)/);
    }
  });

  it('say what they are in one sentence, and have buckets where they are histograms', () => {
    for (const { help, type, buckets } of all) {
      expect(help).toMatch(/\.$/);
      expect(help).not.toContain('|');
      expect(buckets.length > 0).toBe(type === 'histogram');
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    }
  });
});
