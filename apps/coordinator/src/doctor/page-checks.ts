import type { ClientSecurity } from '@rocinante/access';
import { systemTrouble } from '@rocinante/base';
import { bytesShown, counted } from '../display/quantities.js';
import { presets } from '../presets.js';
import { neededBytes, parametersReckoned } from '../run/disk-space.js';
import { VERSION } from '../version.js';
import { DOCTOR_POOL } from './coordinator-probe.js';
import { atLeast, ok, warning, type Finding } from './finding.js';
import { WORKERS_MAX } from './limits.js';
import { seriesOf, type Series } from './metric-text.js';
import { fetchPage, type Page } from './page.js';

/**
 * What the coordinator's HTTP tells: readiness, its disk, and the releases of it and its workers.
 * @param mayRead whether the token lets its holder read metrics.
 */
export async function pageFindings(
  address: string,
  access: ClientSecurity,
  mayRead: boolean,
): Promise<Finding[]> {
  const check = 'http';
  const expected = `${address} answers ${mayRead ? '/readyz and /metrics' : '/readyz'}`;
  try {
    const ready = await fetchPage(address, '/readyz', access);
    if (ready.status !== 200) return [refusedFinding(check, expected, '/readyz', ready)];
    if (!mayRead) {
      const found = `/readyz answers at ${address}; metrics are not asked for with a worker’s token`;
      return [ok(check, expected, found)];
    }
    const metrics = await fetchPage(address, '/metrics', access);
    if (metrics.status !== 200) return [refusedFinding(check, expected, '/metrics', metrics)];
    const series = seriesOf(metrics.text);
    const workers = await workerVersions(address, access);
    return [
      ok(check, expected, `/readyz and /metrics answer at ${address}`),
      diskFinding(series),
      ...versionFindings(series, workers),
      ...lateFindings(series),
    ];
  } catch (error) {
    const advice =
      'name the coordinator’s --http by --coordinator-http, or open its port; runs work without it';
    return [warning(check, expected, systemTrouble(error), advice)];
  }
}

/** Answers that are no success, and what to do about them. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'it has another book of tokens than the port for gRPC: look whether another coordinator serves there',
  421: 'ask by an address in digits (--coordinator-http), or start serve with --advertise and this name',
  503: 'it starts or stops: ask again in some seconds',
};

function refusedFinding(check: string, expected: string, path: string, { status, text }: Page): Finding {
  const found = `status ${status} of ${path}: ${text.trim().split('\n')[0].slice(0, 300)}`;
  return warning(check, expected, found, ADVICE[status] ?? 'look at the coordinator’s log');
}

/** A worker's release; null where its metrics are not served by the coordinator. */
export type WorkerVersions = ReadonlyMap<string, string | null>;

async function workerVersions(address: string, access: ClientSecurity): Promise<WorkerVersions> {
  const { status, text } = await fetchPage(address, '/sd/workers', access);
  if (status !== 200) return new Map();
  const groups = JSON.parse(text) as { readonly labels?: Record<string, string> }[];
  const versions = new Map<string, string | null>();
  for (const { labels = {} } of groups.slice(0, WORKERS_MAX)) {
    const { worker, pool, __metrics_path__: path } = labels;
    // A doctor, this one or another, is a worker too until its leaving is noticed.
    if (worker === undefined || pool === DOCTOR_POOL) continue;
    const page = path === undefined ? null : await fetchPage(address, encodeURI(path), access);
    const info =
      page?.status === 200 ? named(seriesOf(page.text), 'rocinante_worker_build_info')[0] : undefined;
    versions.set(worker, info?.labels.version ?? null);
  }
  return versions;
}

function diskFinding(series: readonly Series[]): Finding {
  const check = 'disk room of the coordinator';
  const free = named(series, 'rocinante_coordinator_disk_free_bytes')[0]?.value;
  const advice =
    'free some space there, or point --data of serve elsewhere: a run is held before the disk is full';
  if (free === undefined) return warning(check, 'its metric', 'none', advice);
  const least = neededBytes(parametersReckoned(presets.seed));
  return atLeast(check, { found: free, good: 4 * least, least }, bytesShown, advice);
}

/** Equal bits are promised within one release. */
export function versionFindings(series: readonly Series[], workers: WorkerVersions): Finding[] {
  const coordinator = named(series, 'rocinante_coordinator_build_info')[0]?.labels.version ?? 'unknown';
  const expected = 'one release everywhere: equal bits are promised within one';
  const others = [...workers].flatMap(([worker, version]) =>
    version === null || version === coordinator ? [] : [`${worker} ${version}`],
  );
  if (coordinator !== VERSION) others.unshift(`here ${VERSION}`);
  const unknown = [...workers].filter(([, version]) => version === null).length;
  const found =
    `coordinator ${coordinator}` +
    (others.length > 0 ? `, ${others.join(', ')}` : sameWhere(workers.size - unknown)) +
    (unknown > 0
      ? `; ${counted(unknown, 'worker')} not asked: serving metrics elsewhere, or none sent yet`
      : '');
  if (others.length === 0) return [ok('releases', expected, found)];
  return [warning('releases', expected, found, 'upgrade: workers first, the coordinator last')];
}

/** @param workers those that were asked. */
function sameWhere(workers: number): string {
  return workers === 0 ? ', here too' : `, here and ${counted(workers, 'worker')} too`;
}

/** Workers that are late often are told of by their run. */
export function lateFindings(series: readonly Series[]): Finding[] {
  const late = named(series, 'rocinante_coordinator_late_micro_batches_total').filter(
    ({ value }) => value > 0,
  );
  return late.map(({ labels: { run }, value }) =>
    warning(
      `late work in ${run}`,
      'workers that report in time',
      `${counted(value, 'micro-batch', 'micro-batches')} given to others too, since the coordinator was started`,
      `see who: ./rocinante run logs ${run}; a slow machine, or a slow link`,
    ),
  );
}

function named(series: readonly Series[], name: string): Series[] {
  return series.filter((one) => one.name === name);
}
