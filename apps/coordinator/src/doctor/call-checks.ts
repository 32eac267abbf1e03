import { status } from '@grpc/grpc-js';
import { hostname } from 'node:os';
import { ROLES, type Role } from '@rocinante/access';
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
const HEALTH = '/grpc.health.v1.Health/Check';

/** ListRequest with a tag that no run has: an answer without runs. */
const NO_RUNS = Buffer.concat([Buffer.of(10, 17), Buffer.from('rocinante-doctor\0')]);

const SERVING = 1;

/** gRPC is spoken, and the server is healthy. */
export async function healthFinding(
  probe: CoordinatorProbe,
  overTls: boolean,
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
    : `what answers there speaks no gRPC${overTls ? '' : ', or only over TLS: give --tls-ca'}; name the port of serve --listen`;
  return { ...problem(check, expected, saidOf(code, details), advice), speaks };
}

/** What whoever asks may do: what a role may; all, where nobody is asked for a token; or nothing. */
export type Standing = Role | 'anybody' | 'nobody';

/** How a call ended, as far as it says who asked. */
type Answer = Pick<CallEnd, 'status' | 'details'>;

/**
 * What this token lets its holder do, and whether a worker of this release would be welcomed: tried by a call that changes
 * nothing, and by joining a pool that no run is of.
 */
export async function accessFindings(
  probe: CoordinatorProbe,
  token: string | null,
): Promise<{ readonly findings: readonly Finding[]; readonly standing: Standing }> {
  const joined = await probe.join(`doctor@${hostname()}`.slice(0, 48).replace(/[^\w.:@-]/g, '-'));
  const listed = await probe.ask(LIST, NO_RUNS);
  const { finding, standing } = tokenFinding({ joined, listed }, token !== null);
  return { findings: standing === 'nobody' ? [finding] : [finding, protocolFinding(joined)], standing };
}

/**
 * Whose token it is. Whoever is refused is told his name and role: a worker may not list, and nobody else may join, so one of
 * the two calls tells both.
 * @param isGiven whether a token was shown.
 */
export function tokenFinding(
  { joined, listed }: { readonly joined: Answer; readonly listed: Answer },
  isGiven: boolean,
): { readonly finding: Finding; readonly standing: Standing } {
  const check = 'token';
  const expected = 'one that the coordinator knows';
  const advice =
    'give --token-file with a token of this coordinator’s; one more is made beside its book by ./rocinante certs token --role reader --name <name>';
  if (joined.status === status.UNAUTHENTICATED || listed.status === status.UNAUTHENTICATED) {
    const found = isGiven ? 'the coordinator does not know it' : 'none was given, and one is asked for';
    return { finding: problem(check, expected, found, advice), standing: 'nobody' };
  }
  const refusals = [joined, listed].filter((answer) => answer.status === status.PERMISSION_DENIED);
  if (refusals.length === 2) {
    return { finding: problem(check, expected, 'one that allows nothing', advice), standing: 'nobody' };
  }
  const [refusal] = refusals;
  if (refusal === undefined)
    return { finding: ok(check, expected, 'none is asked for'), standing: 'anybody' };
  const [, name, word] = HOLDER.exec(refusal.details) ?? [];
  const told = ROLES.find((role) => role === word);
  // Another release may tell it in other words; then what the token may do tells it, but for reader and operator.
  const standing = told ?? (refusal === joined ? 'reader' : 'worker');
  const what =
    told === undefined && refusal === joined ? 'a reader’s or an operator’s' : `its role is ${standing}`;
  return { finding: ok(check, expected, name === undefined ? what : `${what}, called ${name}`), standing };
}

/** How the coordinator's refusal tells who asked. */
const HOLDER = /received ([\w.-]+)'s, of role (\w+)$/;

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
    // Health is for everybody: a token that may not do what is asked would be told of at the coordinator each time.
    const end = await probe.ask(HEALTH, Buffer.alloc(0));
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
