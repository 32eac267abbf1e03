/** Goal: each alert fires when it is to, and leads to its runbook. Method: promtool, and the rules' text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';
import { findPrometheus, promtool } from '../support/prometheus.js';

const folder = join(projectRoot, 'deploy', 'prometheus');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const program = findPrometheus();

describe.skipIf(program === null)('promtool (needs prometheus in PATH, or ROCINANTE_PROMETHEUS)', () => {
  it.each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'config', '--syntax-only', 'prometheus-secured.yml'],
    ['check', 'rules', 'rules.yml', 'rules-dcgm.yml'],
    ['test', 'rules', 'rules-test.yml', 'rules-dcgm-test.yml'],
  ])('is content with %s %s %s %s', (...args) => {
    const words = args.filter((word) => word !== undefined);
    const { code, output } = promtool(program!, words, { cwd: folder });
    expect(output).not.toContain('FAILED');
    expect(code, output).toBe(0);
  });
});

describe.each([
  ['rules.yml', 'rules-test.yml'],
  ['rules-dcgm.yml', 'rules-dcgm-test.yml'],
])('%s', (rules, tests) => {
  const alerts = text(rules)
    .split(/^ +- alert: /m)
    .slice(1);

  it.each(alerts.map((alert) => [alert.split('\n')[0], alert] as const))(
    '%s has a severity, a runbook and a test in which it fires',
    (name, alert) => {
      expect(alert).toMatch(/labels: \{ severity: (?:critical|warning) \}/);
      expect(alert).toMatch(/summary: \S/);
      expect(alert).toMatch(/description: \S/);
      const [, anchor] = /runbook_url: docs\/runbooks\.md#(\w+)/.exec(alert) ?? [];
      // RocinanteCertificateEndsSoon shares the section of the alert that comes before it.
      expect(name.toLowerCase().startsWith(anchor)).toBe(true);
      const sections = readFileSync(join(projectRoot, 'docs', 'runbooks.md'), 'utf8')
        .split(/^## /m)
        .slice(1);
      const section = sections.find((one) => one.split('\n')[0].toLowerCase() === anchor);
      expect(section).toContain(name);
      for (const part of ['**Means**', '**Look at**', '**Do**']) expect(section).toContain(part);
      expect(text(tests)).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`));
    },
  );
});
