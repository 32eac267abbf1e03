/**
 * Goal: what the chart renders is what Kubernetes takes, is safe in every shape, and lets in nobody but those it names. Method:
 * Helm itself renders every file of values in ci/; the schemas of the oldest and the newest Kubernetes that the chart is for
 * check it, and what they do not know is looked at here.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../support/project-root.js';
import { check, findTool, titleWith, type Checked } from '../support/recipe-tools.js';
import { Workspace } from '../support/rocinante.js';

const OLDEST = '1.29';
const NEWEST = '1.37';
const chart = join('helm', 'rocinante');
const values = readdirSync(join(projectRoot, 'deploy', chart, 'ci'));
/** Without a file: the chart's own values. */
const cases = ['', ...values];

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly securityContext: unknown;
  readonly resources: {
    readonly requests?: Record<string, unknown>;
    readonly limits?: Record<string, unknown>;
  };
  readonly readinessProbe?: { readonly httpGet: Record<string, unknown> };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

interface Pod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly securityContext: unknown;
    readonly automountServiceAccountToken: boolean;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly name: string; readonly [kind: string]: unknown }[];
  };
}

interface JobTemplate {
  readonly name: string;
  readonly template: { readonly spec: { readonly template: Pod } };
}

interface Peer {
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template?: Pod;
    readonly type?: string;
    readonly replicatedJobs?: readonly JobTemplate[];
    readonly ingress?: readonly {
      readonly from?: readonly Peer[];
      readonly ports: readonly { readonly port: number }[];
    }[];
    readonly groups?: readonly unknown[];
  };
  readonly data?: Record<string, string>;
}

const helm = findTool('helm');
const validate = findTool('kubernetes-validate');
const workspace = new Workspace();
afterAll(() => workspace.remove());

function withValues(file: string): string[] {
  return file === '' ? [] : ['--values', join(chart, 'ci', file)];
}

function render(from: string, file: string, ...options: readonly string[]): Checked {
  const all = [
    '--api-versions',
    'monitoring.coreos.com/v1',
    '--kube-version',
    NEWEST,
    ...withValues(file),
    ...options,
  ];
  return check(helm!, ['template', 'spec', from, '--namespace', 'training', ...all]);
}

/** What the chart makes of values. */
function resources(file: string): Resource[] {
  return resourcesOf(chart, file);
}

function resourcesOf(from: string, file: string, ...options: readonly string[]): Resource[] {
  const { code, output, said } = render(from, file, ...options);
  expect(code, said).toBe(0);
  const documents = parseAllDocuments(output);
  return documents
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

/** What a resource makes pods of. */
function pods({ spec }: Resource): Pod[] {
  return [
    ...(spec?.template ? [spec.template] : []),
    ...(spec?.replicatedJobs ?? []).map((job) => job.template.spec.template),
  ];
}

describe.skipIf(helm === null)(titleWith('the chart', 'helm'), () => {
  const rendered = new Map<string, Resource[]>();
  const of = (file: string): Resource[] => {
    if (!rendered.has(file)) rendered.set(file, resources(file));
    return rendered.get(file)!;
  };
  const podsOf = (file: string): Pod[] => of(file).flatMap(pods);

  it.each(cases)('passes helm lint with values %j', (file) => {
    const { code, said } = check(helm!, ['lint', '--strict', chart, ...withValues(file)]);
    expect(said).toMatch(/1 chart\(s\) linted, 0 chart\(s\) failed/);
    expect(code).toBe(0);
  });

  it('refuses a value that it does not know', () => {
    const { code, said } = render(chart, '', '--set', 'workers.replica=3');
    expect(code).not.toBe(0);
    expect(said).toMatch(/replica/);
  });

  it.skipIf(validate === null)(
    titleWith('is what Kubernetes takes, for all values', 'kubernetes-validate'),
    { timeout: 180_000 },
    () => {
      const jobs = cases.flatMap((file) =>
        of(file).flatMap(({ spec }) =>
          (spec?.replicatedJobs ?? []).map(({ name, template }) => ({
            apiVersion: 'batch/v1',
            kind: 'Job',
            metadata: { name },
            ...template,
          })),
        ),
      );
      const documents = [...cases.flatMap(of), ...jobs].map((resource) => JSON.stringify(resource));
      const all = workspace.write('all.yaml', [...new Set(documents)].join('\n---\n'));
      const { code, said } = check(validate!, ['--strict', '-k', OLDEST, '-k', NEWEST, all]);
      const lines = said.split('\n');
      expect(lines.filter((line) => !/^(INFO|WARN) /.test(line))).toEqual([]);
      expect(code).toBe(0);
      const unknown = lines.flatMap((line) => /find schema for kind (\S+)/.exec(line)?.[1] ?? []);
      const custom = ['JobSet', 'PodMonitor', 'PrometheusRule', 'ServiceMonitor'];
      expect(unknown.filter((kind) => !custom.includes(kind))).toEqual([]);
      expect(lines.filter((line) => line.includes(`against version ${NEWEST}`)).length).toBeGreaterThan(20);
    },
  );

  it.skipIf(validate === null)(titleWith('would not pass with a wrong type', 'kubernetes-validate'), () => {
    const set = resources('').find(({ kind }) => kind === 'StatefulSet')!;
    const wrong = workspace.write('wrong.yaml', { ...set, spec: { ...set.spec, replicas: 'two' } });
    expect(check(validate!, ['--strict', wrong]).said).toMatch(/^ERROR .*replicas/);
  });

  it.each(cases)('gives no pod more than it needs, with values %j', (file) => {
    expect(podsOf(file).length).toBe(file.startsWith('jobset') ? 3 : 2);
    for (const { spec } of podsOf(file)) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(15);
      for (const { securityContext, resources: wanted } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(wanted.limits ?? {})).toContain('memory');
      }
      // What is mounted is there, and the other way round.
      const mounts = spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
      const isClaimed = (name: string): boolean => name === 'data' && !file.startsWith('jobset');
      expect(mounts.filter((name) => !isClaimed(name)).sort()).toEqual(
        spec.volumes.map(({ name }) => name).sort(),
      );
    }
  });

  it.each(cases)('is under TLS and tokens unless it is told otherwise, with values %j', (file) => {
    const insecure = file.startsWith('minimal');
    for (const { spec } of podsOf(file)) {
      const [{ env, readinessProbe }] = spec.containers;
      expect(env.some(({ name }) => name === 'ROCINANTE_INSECURE')).toBe(insecure);
      expect(spec.volumes.some(({ name }) => name === 'security')).toBe(!insecure);
      if (readinessProbe) expect(readinessProbe.httpGet.scheme).toBe(insecure ? 'HTTP' : 'HTTPS');
    }
  });

  it('calls the coordinator of scraped workers as its own discovery does: by what it advertises', () => {
    const file = 'tls-tokens-values.yaml';
    const [advertised] = podsOf(file).flatMap(({ spec }) =>
      spec.containers.flatMap(({ env }) =>
        env.filter(({ name }) => name === 'ROCINANTE_ADVERTISE').map(({ value }) => value),
      ),
    );
    const monitor = resources(file).find(({ kind }) => kind === 'PodMonitor');
    expect(JSON.stringify(monitor)).toContain(
      JSON.stringify({ targetLabel: 'coordinator', replacement: advertised }),
    );
  });

  it('gives each pod the files of its own part only', () => {
    const files = (component: string, file: string): string[] => {
      const pod = podsOf(file).find(
        ({ metadata }) => metadata.labels['app.kubernetes.io/component'] === component,
      )!;
      const volume = pod.spec.volumes.find(({ name }) => name === 'security')!;
      const { sources } = volume.projected as { sources: { secret: { items: { path: string }[] } }[] };
      return sources.flatMap(({ secret }) => secret.items.map(({ path }) => path)).sort();
    };
    const worker = ['ca.crt', 'tokens', 'worker.crt', 'worker.key', 'worker.token'];
    for (const file of ['', 'tls-tokens-values.yaml', 'jobset-values.yaml']) {
      expect(files('coordinator', file)).toEqual(['ca.crt', 'coordinator.crt', 'coordinator.key', 'tokens']);
      expect(files('worker', file)).toEqual(worker);
    }
    expect(files('run', 'jobset-values.yaml')).toEqual([
      'ca.crt',
      'operator.crt',
      'operator.key',
      'operator.token',
    ]);
  });

  it.each(cases.filter((file) => !file.startsWith('minimal')))(
    'lets in only whom it names, with values %j',
    (file) => {
      const policies = of(file).filter(({ kind }) => kind === 'NetworkPolicy');
      expect(policies.map(({ metadata }) => metadata.name)).toEqual([
        'spec-rocinante-coordinator',
        'spec-rocinante-workers',
      ]);
      const [coordinator, workers] = policies.map(({ spec }) => spec.ingress!);
      // No rule without a source: that would be everybody.
      for (const { from } of [...coordinator, ...workers]) expect(from?.length).toBeGreaterThan(0);
      const inside = coordinator[0].from!.map(
        ({ podSelector }) => podSelector!.matchLabels['app.kubernetes.io/component'],
      );
      expect(inside).toEqual(file.startsWith('jobset') ? ['worker', 'run'] : ['worker']);
      expect(coordinator[0].ports.map(({ port }) => port)).toEqual([7070]);
      const named = file.startsWith('tls-tokens');
      expect(coordinator.slice(1).map(({ ports }) => ports.map(({ port }) => port))).toEqual(
        named ? [[7070, 7071], [7071]] : [],
      );
      expect(workers.map(({ ports }) => ports.map(({ port }) => port))).toEqual(named ? [[9464]] : []);
    },
  );

  it('keeps evictions of workers to some at a time, and where they are a Job’s leaves them to the Job', () => {
    const budgets = (file: string): string[] =>
      of(file).flatMap(({ kind, metadata }) => (kind === 'PodDisruptionBudget' ? [metadata.name] : []));
    expect(budgets('')).toEqual(['spec-rocinante-workers']);
    expect(budgets('tls-tokens-values.yaml')).toEqual([
      'spec-rocinante-workers',
      'spec-rocinante-coordinator',
    ]);
    expect(budgets('jobset-values.yaml')).toEqual([]);
  });

  it.each(cases)('has Services within the cluster only, with values %j', (file) => {
    const services = of(file).filter(({ kind }) => kind === 'Service');
    expect(services.map(({ spec }) => spec.type)).toEqual(services.map(() => 'ClusterIP'));
  });

  it('asks for a card for each worker, and tells the engine to take of it what it needs', () => {
    const worker = podsOf('gpu-values.yaml').find(({ spec }) => spec.containers[0].name === 'worker')!.spec
      .containers[0];
    expect(worker.resources.limits).toMatchObject({ 'nvidia.com/gpu': 1, cpu: '4', memory: '16Gi' });
    expect(worker.resources.requests).toMatchObject({ 'nvidia.com/gpu': 1 });
    expect(worker.env).toContainEqual({ name: 'TF_FORCE_GPU_ALLOW_GROWTH', value: 'true' });
  });

  it('changes no pod of the coordinator in the first step of an upgrade, by a new chart, nor of the workers in the second', () => {
    const next = workspace.in('next-chart');
    cpSync(join(projectRoot, 'deploy', chart), next, { recursive: true, dereference: true });
    const numbers = readFileSync(join(next, 'Chart.yaml'), 'utf8');
    const old = /^appVersion: (\S+)$/m.exec(numbers)![1];
    writeFileSync(join(next, 'Chart.yaml'), numbers.replace(/^(version|appVersion): .*$/gm, '$1: 99.0.0'));
    const sets = (from: string, ...tags: string[]): Resource['spec'][] =>
      resourcesOf(from, 'tls-tokens-values.yaml', ...tags.flatMap((tag) => ['--set', tag]))
        .filter(({ kind }) => kind === 'StatefulSet')
        .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
        .map(({ spec }) => spec);
    const image = ({ template }: Resource['spec']): string => template!.spec.containers[0].image;
    // As it was installed, without tags, those of the chart count.
    const untagged = ['coordinator.image.tag=', 'workers.image.tag='];
    const installed = sets(chart, ...untagged);
    const first = sets(next, `coordinator.image.tag=${old}`, 'workers.image.tag=99.0.0');
    const second = sets(next, 'coordinator.image.tag=99.0.0', 'workers.image.tag=99.0.0');
    expect(installed.map(image)).toEqual([
      expect.stringMatching(new RegExp(`coordinator:${old}$`)),
      expect.stringMatching(new RegExp(`worker:${old}$`)),
    ]);
    expect(first[0]).toEqual(installed[0]);
    expect(image(first[1])).toMatch(/worker:99\.0\.0$/);
    expect(second[1]).toEqual(first[1]);
    expect(image(second[0])).toMatch(/coordinator:99\.0\.0$/);
    // What naming the old tag is for.
    const unnamed = sets(next, 'coordinator.image.tag=', 'workers.image.tag=99.0.0');
    expect(image(unnamed[0])).toMatch(/coordinator:99\.0\.0$/);
  });

  it('brings the alert rules and every dashboard', () => {
    const all = of('tls-tokens-values.yaml');
    const rules = all.find(({ kind }) => kind === 'PrometheusRule')!;
    expect(rules.spec.groups!.length).toBeGreaterThan(0);
    const boards = readdirSync(join(projectRoot, 'deploy', 'grafana', 'dashboards')).filter((name) =>
      name.endsWith('.json'),
    );
    const maps = all.filter(({ kind }) => kind === 'ConfigMap');
    expect(maps.flatMap(({ data }) => Object.keys(data!)).sort()).toEqual(boards.sort());
    for (const { data } of maps) expect(() => JSON.parse(Object.values(data!)[0]) as unknown).not.toThrow();
  });
});
