import { status } from '@grpc/grpc-js';
import { hostname } from 'node:os';
import type { CallEnd, CoordinatorProbe } from './coordinator-probe.js';
import { atMost, ok, problem, warning, type Finding } from './finding.js';
import {
  CLOCK_GOOD_SECONDS,
  CLOCK_MOST_SECONDS,
  ROUND_TRIP_GOOD_MS,
  ROUND_TRIP_MOST_MS,
  ROUND_TRIPS,
} from './limits.js';

const LIST = '/rocinante.training.v1.Runs/List';
const HAVE = '/rocinante.training.v1.Runs/Have';
const HEALTH = '/grpc.health.v1.Health/Check';

/** ListRequest with a tag that no run has: an answer without runs. */
const NO_RUNS = Buffer.concat([Buffer.of(10, 17), Buffer.from('rocinante-doctor\0')]);

const SERVING = 1;

/** gRPC is spoken, and the server is healthy. */
export async function healthFinding(
  probe: CoordinatorProbe,
): Promise<Finding & { readonly speaks: boolean }> {
  const check = 'health';
  const expected = 'grpc.health.v1 says SERVING';
  const { status: code, details, bytes } = await probe.ask(HEALTH, Buffer.alloc(0));
  if (code === status.OK && bytes[1] === SERVING) return { ...ok(check, expected, 'SERVING'), speaks: true };
  if (code === status.OK) {
    const advice = 'it starts or stops: ask again in some seconds';
    return { ...warning(check, expected, 'NOT_SERVING', advice), speaks: true };
  }
  // Nobody is asked for a token here: what was not known is the certificate.
  if (code === status.UNAUTHENTICATED) {
    const advice = 'give --tls-cert and --tls-key with a certificate of its authority: ./rocinante certs';
    return { ...problem('own certificate', 'the coordinator takes it', details, advice), speaks: false };
  }
  const speaks = code !== status.UNAVAILABLE && code !== status.DEADLINE_EXCEEDED;
  const advice = speaks
    ? 'another program answers there, or another release'
    : 'what answers there speaks no gRPC, or only over TLS: give --tls-ca';
  return { ...problem(check, expected, saidOf(code, details), advice), speaks };
}

/**
 * What this token lets its holder do, and whether a worker of this release would be welcomed: tried by calls that change
 * nothing, and by joining a pool that no run is of.
 */
export async function accessFindings(probe: CoordinatorProbe, token: string | null): Promise<Finding[]> {
  const joined = await probe.join(`doctor@${hostname()}`.slice(0, 48).replace(/[^\w.:@-]/g, '-'));
  const may = {
    reader: (await probe.ask(LIST, NO_RUNS)).status,
    operator: (await probe.ask(HAVE, Buffer.alloc(0))).status,
    worker: joined.status,
  };
  return [roleFinding(may, token !== null), protocolFinding(joined)];
}

/** @param may how a call ended that each role may make. */
export function roleFinding(
  may: Readonly<Record<'reader' | 'operator' | 'worker', status>>,
  isGiven: boolean,
): Finding {
  const check = 'token';
  const expected = 'it is known, and its role is enough for what is to be done here';
  const advice = 'give --token-file with a token of this coordinator’s';
  if (Object.values(may).includes(status.UNAUTHENTICATED)) {
    const found = isGiven ? 'the coordinator does not know it' : 'none was given, and one is asked for';
    return problem(check, expected, found, advice);
  }
  const isRefused = (code: status): boolean => code === status.PERMISSION_DENIED;
  if (!Object.values(may).some(isRefused)) return ok(check, expected, 'none is asked for');
  const allowed = (['operator', 'reader', 'worker'] as const).find((role) => !isRefused(may[role]));
  if (allowed === undefined) return problem(check, expected, 'it allows nothing', advice);
  return ok(check, expected, `its role is ${allowed}`);
}

function protocolFinding({
  status: code,
  details,
  protocol,
}: Awaited<ReturnType<CoordinatorProbe['join']>>): Finding {
  const expected = 'a version that both speak';
  if (protocol !== null) return ok('protocol', expected, `version ${protocol}`);
  if (code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED) {
    return ok('protocol', expected, 'not asked: without a worker’s token nobody joins');
  }
  const advice = code === status.FAILED_PRECONDITION ? 'use one release on all machines' : 'look at its log';
  return problem('protocol', expected, saidOf(code, details), advice);
}

/** How long a question takes, and what the coordinator's clock says meanwhile. */
export async function tripFindings(probe: CoordinatorProbe): Promise<Finding[]> {
  const ends: (CallEnd & { readonly atSeconds: number })[] = [];
  for (let count = 0; count < ROUND_TRIPS; count++) {
    const end = await probe.ask(LIST, NO_RUNS);
    ends.push({ ...end, atSeconds: Date.now() / 1000 - end.ms / 2000 });
  }
  const times = ends.map(({ ms }) => ms).sort((a, b) => a - b);
  const trip = atMost(
    'round trip',
    { found: times[times.length >> 1], good: ROUND_TRIP_GOOD_MS, most: ROUND_TRIP_MOST_MS },
    (ms) => `${ms.toFixed(1)} ms`,
    'look at the network between here and there, and at the coordinator’s load',
  );
  return [trip, clockFinding(ends)];
}

/** @param ends with the time here in the middle of each. The other's has whole seconds: it is within one of what is said. */
export function clockFinding(
  ends: readonly { readonly dateSeconds: number | null; readonly atSeconds: number }[],
): Finding {
  const check = 'clock';
  const differences = ends.flatMap(({ dateSeconds, atSeconds }) =>
    dateSeconds === null
      ? []
      : [atSeconds < dateSeconds ? dateSeconds - atSeconds : Math.max(0, atSeconds - dateSeconds - 1)],
  );
  const advice = 'set the clocks by NTP: certificates, tokens and the order of logs depend on them';
  if (differences.length === 0) return warning(check, 'the coordinator’s time', 'it says none', advice);
  const bounds = { found: Math.min(...differences), good: CLOCK_GOOD_SECONDS, most: CLOCK_MOST_SECONDS };
  return atMost(check, bounds, (seconds) => `${seconds.toFixed(1)} s between here and there`, advice);
}

function saidOf(code: status, details: string): string {
  return `${status[code] ?? code}${details === '' ? '' : `: ${details.split('\n')[0]}`}`;
}
