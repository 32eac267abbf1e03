import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { connect as connectTls, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { isIP } from 'node:net';
import type { ClientSecurity } from '@rocinante/access';
import { isLoopback, parseAddress } from '@rocinante/base';
import { atLeast, ok, problem, warning, type Finding } from './finding.js';
import { CERTIFICATE_GOOD_DAYS, CERTIFICATE_LEAST_DAYS, REACH_TIMEOUT_MS } from './limits.js';

const DAY_MS = 86_400_000;

/** The name is known, and something takes connections there. */
export async function reachFindings(address: string): Promise<Finding[]> {
  const { host, port } = partsOf(address);
  let found: Finding;
  try {
    const addresses = await lookup(host, { all: true });
    found = ok('name', `${host} has an address`, addresses.map(({ address }) => address).join(', '));
  } catch (error) {
    const advice = 'mend the name, or the machine’s DNS; an address such as 10.0.0.5:7070 needs none';
    return [problem('name', `${host} has an address`, (error as Error).message, advice)];
  }
  const began = performance.now();
  const failure = await reached(host, port);
  const expected = `${address} takes connections`;
  if (failure === null) {
    return [found, ok('connection', expected, `after ${(performance.now() - began).toFixed(1)} ms`)];
  }
  const advice =
    'start the coordinator there (./rocinante serve), or open the port in firewalls and network policies';
  return [found, problem('connection', expected, failure, advice)];
}

/** What a handshake showed; null where none came about. */
export interface TlsSeen {
  readonly certificate: PeerCertificate;
  /** Why the certificate is not trusted: the code of Node's error; null where it is. */
  readonly distrust: string | null;
}

/** A TLS handshake that trusts everybody, to see whom. @throws Node's error. */
export function handshake(address: string, { ca, cert, key, serverName }: ClientSecurity): Promise<TlsSeen> {
  const { host, port } = partsOf(address);
  const name = serverName ?? host;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      ca: ca ?? undefined,
      // A server that asks for a certificate counts who brings none.
      cert,
      key,
      servername: isIP(name) === 0 ? name : undefined,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      timeout: REACH_TIMEOUT_MS,
      // Names are a finding of their own.
      checkServerIdentity: () => undefined,
    });
    socket.on('secureConnect', () => {
      const error = socket.authorizationError as unknown as Error | string | undefined;
      const distrust = socket.authorized ? null : String((error as NodeJS.ErrnoException)?.code ?? error);
      resolve({ certificate: socket.getPeerCertificate(), distrust });
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no handshake within ${REACH_TIMEOUT_MS / 1000} s`)));
    socket.on('error', reject);
  });
}

/**
 * What follows from a handshake: authority, name and time of the certificate.
 * @param host the name that the certificate must have, if it is not the address's.
 */
export function tlsFindings(
  address: string,
  { certificate, distrust }: TlsSeen,
  now: Date,
  host: string = partsOf(address).host,
): Finding[] {
  const names = certificate.subjectaltname ?? '';
  const issuer = String(certificate.issuer?.CN ?? certificate.issuer?.O ?? 'an authority without a name');
  // An expired certificate is not trusted either; its time is a finding of its own.
  const isTrusted = distrust === null || distrust === 'CERT_HAS_EXPIRED' || distrust === 'CERT_NOT_YET_VALID';
  const authority = isTrusted
    ? ok('certificate authority', 'one of --tls-ca', issuer)
    : problem(
        'certificate authority',
        'one of --tls-ca',
        `${issuer} (${distrust})`,
        'give the authority’s certificate that the coordinator’s was made by',
      );
  const mismatch = checkServerIdentity(host, certificate);
  const name =
    mismatch === undefined
      ? ok('certificate names', host, names)
      : problem('certificate names', host, names || 'none', `make one for ${host}: ./rocinante certs`);
  return [authority, name, ...timeFindings(certificate, now)];
}

function timeFindings({ valid_from, valid_to }: PeerCertificate, now: Date): Finding[] {
  const check = 'certificate time';
  if (Date.parse(valid_from) > now.getTime()) {
    const advice = 'set the clocks, or make another certificate';
    return [problem(check, 'valid by now', `from ${dayOf(valid_from)} on`, advice)];
  }
  const days = (Date.parse(valid_to) - now.getTime()) / DAY_MS;
  const finding = atLeast(
    check,
    { found: days, good: CERTIFICATE_GOOD_DAYS, least: CERTIFICATE_LEAST_DAYS },
    (days) => `${Math.floor(days)} days`,
    'make another in time: ./rocinante certs',
  );
  return [
    { ...finding, found: `until ${dayOf(valid_to)}${days < 0 ? ', which is over' : `: ${finding.found}`}` },
  ];
}

/** Plain traffic is right on one machine, and where the network is trusted. */
export function plainFinding(address: string): Finding {
  const expected = 'TLS, or a loopback address';
  if (isLoopback(address)) return ok('encryption', expected, 'in plain, on this machine');
  const advice = 'make certificates by ./rocinante certs, and give --tls-cert and --tls-key to serve';
  return warning('encryption', expected, 'in plain, over a network', advice);
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

function reached(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: REACH_TIMEOUT_MS });
    const end = (failure: string | null): void => {
      resolve(failure);
      socket.destroy();
    };
    socket.on('connect', () => end(null));
    socket.on('timeout', () => end(`nothing within ${REACH_TIMEOUT_MS / 1000} s`));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** An IPv6 address stands in brackets, which sockets do not take. */
function partsOf(address: string): { readonly host: string; readonly port: number } {
  const { host, port } = parseAddress(address)!;
  return { host: host.replace(/^\[|\]$/g, ''), port };
}
