/** Goal: dashboards ask for what is exported, and say what they show. Method: by their source, without a server. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dashboardFiles, panelsOf } from '../../deploy/grafana/src/dashboards.js';
import { projectRoot } from '../support/project-root.js';
import { expressionProblems } from './expression-check.js';
import { annotationQueries, panelQueries, variableQueries } from './panel-queries.js';

const folder = join(projectRoot, 'deploy', 'grafana', 'dashboards');
const files = dashboardFiles();

describe('the committed dashboards', () => {
  it('are those of the sources: `npm run dashboards` writes them', () => {
    expect(readdirSync(folder).sort()).toEqual(files.map(({ name }) => name).sort());
    for (const { name, text } of files) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text);
  });

  it('have each its own uid, and are tagged for the links between them', () => {
    const uids = files.map(({ dashboard }) => dashboard.uid);
    expect(new Set(uids).size).toBe(files.length);
    for (const { dashboard } of files) {
      expect(dashboard.links?.[0]).toMatchObject({ tags: dashboard.tags, includeVars: true, keepTime: true });
    }
  });
});

describe.each(files.map(({ name, dashboard }) => [name, dashboard] as const))('%s', (_name, dashboard) => {
  const queries = [
    ...panelQueries(dashboard),
    ...annotationQueries(dashboard),
    ...variableQueries(dashboard),
  ];

  it('asks only for metrics and labels that are exported', () => {
    expect(queries.length).toBeGreaterThan(8);
    expect(
      queries.flatMap(({ of, expr }) => expressionProblems(expr).map((problem) => `${of}: ${problem}`)),
    ).toEqual([]);
  });

  it('knows every variable that it uses', () => {
    const variables = (dashboard.templating.list ?? []).map(({ name }) => name);
    const used = JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g);
    const names = new Set([...used].map(([, name]) => name).filter((name) => !name.startsWith('__')));
    expect([...names].filter((name) => !variables.includes(name))).toEqual([]);
    expect(variables.filter((name) => !names.has(name))).toEqual([]);
  });

  it('says of every panel what it shows, and of every series what it is', () => {
    for (const { title, description, fieldConfig, targets } of panelsOf(dashboard)) {
      expect(title, title).toMatch(/^[A-Z]/);
      expect(description, title).toMatch(/^[A-Z].{15,}[.]$/s);
      expect(fieldConfig?.defaults.unit, title).toMatch(/./);
      expect(targets?.length, title).toBeGreaterThan(0);
    }
    for (const { of, expr, legend } of panelQueries(dashboard)) {
      if (legend === null) continue;
      expect(legend, of).toMatch(/./);
      // What the legend names by a label must be there when the series are grouped.
      const [, by] = /^(?:sum|max|min|count|group)? ?by \(([^)]*)\)/.exec(expr) ?? [];
      for (const [, label] of by === undefined ? [] : legend.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(by.split(', '), of).toContain(label);
      }
    }
  });

  it('has no panel over another', () => {
    const cells = new Set<string>();
    for (const { title, gridPos } of dashboard.panels ?? []) {
      const { x, y, w, h } = gridPos!;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let cell = 0; cell < w * h; cell++) {
        const key = `${x + (cell % w)},${y + Math.floor(cell / w)}`;
        expect(cells.has(key), `${title} at ${key}`).toBe(false);
        cells.add(key);
      }
    }
  });
});

describe('a panel that asks for what is not exported', () => {
  it.each([
    [
      'rate(rocinante_coordinator_losses_total{run=~".*"}[1m])',
      'rocinante_coordinator_losses_total: there is no such metric',
    ],
    [
      'rocinante_worker_step_phase_duration_seconds',
      'rocinante_worker_step_phase_duration_seconds: there is no such metric',
    ],
    ['rocinante_coordinator_step{worker="a"}', 'rocinante_coordinator_step: it has no label worker'],
    [
      'sum by (phase) (rocinante_coordinator_step)',
      'sum by (phase) (rocinante_coordinator_step): nothing in it has a label phase',
    ],
    ['time()', 'time(): it names no metric'],
  ])('is found: %s', (expression, problem) => {
    const [{ dashboard }] = dashboardFiles();
    const [panel] = panelsOf(dashboard);
    (panel.targets![0] as unknown as { expr: string }).expr = expression;
    expect(panelQueries(dashboard).flatMap(({ expr }) => expressionProblems(expr))).toEqual([problem]);
  });
});
