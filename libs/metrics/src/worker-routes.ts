import { isLoopback, parseAddress } from '@rocinante/base';
import { line, type HttpAnswer, type HttpRequest, type Route, type Routes } from '@rocinante/http';

/** For how long relayed metrics are served on: a worker sends them every five seconds or so. */
const RELAYED_TEXT_AGE_MAX_MS = 30_000;

/** A live worker as Prometheus may find it. */
export interface DiscoveredWorker {
  /** What its series are called: its name, made unique among live workers. */
  readonly worker: string;
  readonly pool: string;
  /** `host:port` at which it says that it serves its own metrics; empty where it does not. */
  readonly httpAddress: string;
  /** The metrics that it relayed last, and when by the clock of `now`; null where it has relayed none. */
  readonly metrics: { readonly text: string; readonly at: number } | null;
}

export interface WorkerRoutesOptions {
  /** Live workers, at any moment, in the order in which they came. */
  readonly workers: () => readonly DiscoveredWorker[];
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** `host:port` at which others reach this coordinator's HTTP; null for the name by which each request came. */
  readonly advertise: string | null;
  /** The content type of workers' texts: that of any MetricSet. */
  readonly contentType: string;
}

interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What a coordinator serves for its workers: `/sd/workers`, Prometheus's HTTP service discovery, which gives their series the labels
 * `worker`, `pool` and `coordinator`, its own address as others reach it; and
 * `/workers/<worker>/metrics`, a worker's metrics as it last relayed them.
 */
export function workerRoutes(options: WorkerRoutesOptions): Routes {
  return new Map<string, Route>([
    ['/sd/workers', { needs: 'reader', answer: (request) => discovery(request, options) }],
    ['/workers/*', { needs: 'reader', answer: (request) => relayedMetrics(request, options) }],
  ]);
}

function discovery(
  { host, secure, holder }: HttpRequest,
  { workers, advertise }: WorkerRoutesOptions,
): HttpAnswer {
  const own = advertise ?? host;
  if (own === null) return line(400, 'expected a Host header: it is the address that workers are relayed at');
  const groups = workers().map((worker) => targetGroup(worker, own, secure, secure || holder !== null));
  return { status: 200, contentType: 'application/json', body: JSON.stringify(groups) };
}

function targetGroup(
  { worker, pool, httpAddress }: DiscoveredWorker,
  own: string,
  secure: boolean,
  relaysAll: boolean,
): TargetGroup {
  // Names of workers and pools are each coordinator's own.
  const labels = { worker, pool, coordinator: own };
  // Prometheus shows its token to whom it is sent. A worker says itself where that is, and serves in plain there.
  if (!relaysAll && isReachable(httpAddress)) return { targets: [httpAddress], labels };
  // Prometheus takes this for a path without escapes, and escapes it itself.
  const path = `/workers/${worker}/metrics`;
  return {
    targets: [own],
    labels: { ...labels, ...(secure ? { __scheme__: 'https' } : {}), __metrics_path__: path },
  };
}

/**
 * Whether others can reach a worker at the address it gives: not where it has none, nor at one that only means something on
 * its own machine (loopback, or any address). Those are relayed, which always works.
 */
function isReachable(address: string): boolean {
  const host = parseAddress(address)?.host;
  return host !== undefined && !isLoopback(address) && host !== '0.0.0.0' && host !== '[::]';
}

function relayedMetrics({ rest }: HttpRequest, options: WorkerRoutesOptions): HttpAnswer {
  const [part, what, ...more] = rest.split('/');
  const name = decoded(part);
  if (name === null || what !== 'metrics' || more.length > 0) {
    return line(404, 'expected /workers/<worker>/metrics');
  }
  const found = options.workers().find(({ worker }) => worker === name);
  if (!found) return line(404, `there is no worker ${part}`);
  const { metrics } = found;
  if (metrics === null || options.now() - metrics.at > RELAYED_TEXT_AGE_MAX_MS) {
    return line(404, `worker ${part} has relayed no metrics for ${RELAYED_TEXT_AGE_MAX_MS / 1000} s`);
  }
  return { status: 200, contentType: options.contentType, body: metrics.text };
}

/** A part of a path without its escapes; null where they are none. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
