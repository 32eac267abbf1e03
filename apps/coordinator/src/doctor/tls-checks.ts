/** What a handshake shows of a coordinator's certificate, and until when the certificates on this side are valid. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { certificatesIn, isHost, type ClientSecurity } from '@rocinante/access';
import { oneLine, quoted, systemTrouble } from '@rocinante/base';
import { counted } from '../display/quantities.js';
import { atLeast, ok, problem, type Finding } from './finding.js';
import { CERTIFICATE_GOOD_DAYS, CERTIFICATE_LEAST_DAYS, REACH_TIMEOUT_MS } from './limits.js';
import { partsOf } from './reach-checks.js';

const DAY_MS = 86_400_000;

/** Names of this machine for itself, which `certs` adds by itself. */
const LOOPBACK = /^(localhost|127\.|::1$|0:0:0:0:0:0:0:1$)/i;

/** What a handshake showed. */
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
    const socket = connect({
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

/** The coordinator's certificate, by a handshake; where none comes about, that. */
export async function tlsFindingsOf(address: string, access: ClientSecurity): Promise<Finding[]> {
  try {
    return tlsFindings(address, await handshake(address, access), new Date(), access);
  } catch (error) {
    const found = `it does not speak TLS: ${systemTrouble(error)}`;
    const advice =
      'start serve with --tls-cert and --tls-key; or leave --tls-ca out, where the network is trusted';
    return [problem('TLS', 'a coordinator that speaks TLS, since --tls-ca was given', found, advice)];
  }
}

/** That it speaks TLS, where it was spoken to in plain; null where it does not. Not tried before: a plain server counts it. */
export async function tlsInstead(address: string): Promise<Finding | null> {
  try {
    const { certificate } = await handshake(address, { ca: null, token: null });
    const found = `it speaks TLS, as ${namesText(certificate)}`;
    const expected = 'a coordinator in plain, since no --tls-ca was given';
    return problem(
      'TLS',
      expected,
      found,
      'give --tls-ca with the ca.crt of its folder of ./rocinante certs',
    );
  } catch {
    return null;
  }
}

/** What follows from a handshake: authority, name and time of the certificate. */
export function tlsFindings(
  address: string,
  { certificate, distrust }: TlsSeen,
  now: Date,
  { ca, serverName }: Pick<ClientSecurity, 'ca' | 'serverName'>,
): Finding[] {
  const { host } = partsOf(address);
  return [
    authorityFinding(certificate, distrust, ca),
    nameFinding(
      certificate,
      serverName ?? host,
      serverName === undefined ? 'dialled' : 'of --tls-server-name',
      isTrusted(distrust),
    ),
    timeFinding('certificate time', certificate.valid_from, certificate.valid_to, now, RENEW_COORDINATOR),
  ];
}

function authorityFinding({ issuer }: PeerCertificate, distrust: string | null, ca: Buffer | null): Finding {
  const check = 'certificate authority';
  const name = quoted(issuer?.CN ?? issuer?.O ?? 'an authority without a name');
  const believed = authoritiesOf(ca).map(({ subject }) => quoted(commonName(subject)));
  const shown = believed.slice(0, AUTHORITIES_SHOWN_MAX).join(' or ');
  const expected = `a certificate signed by ${shown || 'an authority'}${believed.length > AUTHORITIES_SHOWN_MAX ? ' or another' : ''}, which --tls-ca names`;
  if (isTrusted(distrust)) return ok(check, expected, `signed by ${name}`);
  const advice =
    'give --tls-ca the ca.crt of the folder in which the coordinator’s certificate was made; if you have it, this is not your coordinator';
  return problem(
    check,
    expected,
    `signed by ${name}, which --tls-ca does not believe (${oneLine(String(distrust), 80)})`,
    advice,
  );
}

/** One that has expired is not trusted either by Node; its time is a finding of its own. */
function isTrusted(distrust: string | null): boolean {
  return distrust === null || distrust === 'CERT_HAS_EXPIRED' || distrust === 'CERT_NOT_YET_VALID';
}

function nameFinding(certificate: PeerCertificate, host: string, which: string, trusted: boolean): Finding {
  const check = 'certificate names';
  const expected = `a certificate for ${host}, the name ${which}`;
  const found = `it is for ${namesText(certificate)}`;
  if (checkServerIdentity(host, certificate) === undefined) return ok(check, expected, found);
  // What a stranger's certificate says is in no command that a person copies.
  if (!trusted)
    return problem(
      check,
      expected,
      found,
      'see first that it is your coordinator: its authority is not believed',
    );
  const use =
    'use a name that it has (--tls-server-name says which, where another is dialled), or make it anew where ca.key is';
  const names = namesIn(certificate);
  const kept = [...new Set([host, ...names.filter((name) => !LOOPBACK.test(name))])];
  const isWhole = isHost(host) && names.length <= NAMES_SHOWN_MAX && names.every(isHost);
  const command = isWhole
    ? `./rocinante certs --renew --name ${kept.join(',')}`
    : `./rocinante certs --renew, with --name and all names that it is to have`;
  return problem(check, expected, found, `${use}: ${command}`);
}

const RENEW_COORDINATOR =
  'renew it where ca.key is (./rocinante certs --renew), and copy coordinator.crt and coordinator.key over those that serve has: it takes them without a restart';
const RENEW_OWN =
  'renew it where ca.key is (./rocinante certs --renew), and bring the new one here with its key';
const NEW_AUTHORITY =
  'make a new authority in another folder (./rocinante certs --out), and follow docs/runbooks.md, RocinanteCertificateEnds';

/** Until when the certificates are valid that this side shows and believes. */
export function ownFindings({ cert, ca }: Pick<ClientSecurity, 'cert' | 'ca'>, now: Date): Finding[] {
  const findings: Finding[] = [];
  if (cert !== undefined) {
    const { validFrom, validTo } = new X509Certificate(cert);
    findings.push(timeFinding('own certificate time', validFrom, validTo, now, RENEW_OWN));
  }
  // While an authority is replaced, both are in the file: the one that lasts counts.
  const [last] = authoritiesOf(ca).sort((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo));
  if (last) findings.push(timeFinding('authority time', last.validFrom, last.validTo, now, NEW_AUTHORITY));
  return findings;
}

function timeFinding(check: string, from: string, to: string, now: Date, advice: string): Finding {
  if (Date.parse(from) > now.getTime()) {
    const clocks = 'set the clocks of both machines; a certificate that was just made needs none';
    return problem(
      check,
      'valid by now',
      `valid from ${dayOf(from)} on; here it is ${dayOf(now.toISOString())}`,
      clocks,
    );
  }
  const days = (Date.parse(to) - now.getTime()) / DAY_MS;
  const bounds = { found: days, good: CERTIFICATE_GOOD_DAYS, least: CERTIFICATE_LEAST_DAYS };
  const finding = atLeast(check, bounds, (days) => counted(Math.floor(days), 'day'), advice);
  const found = `valid until ${dayOf(to)}${days < 0 ? ', which is over' : `: ${finding.found}`}`;
  return { ...finding, found };
}

/** Names of a certificate that a line has. */
const NAMES_SHOWN_MAX = 8;

/** Authorities of a bundle that a line names. */
const AUTHORITIES_SHOWN_MAX = 3;

function authoritiesOf(ca: Buffer | null): X509Certificate[] {
  return ca === null ? [] : certificatesIn(ca);
}

/** A subject has a line for each part. */
function commonName(subject: string | undefined): string {
  return /^CN=(.*)$/m.exec(subject ?? '')?.[1] ?? subject ?? 'an authority without a name';
}

function namesIn({ subjectaltname = '' }: PeerCertificate): string[] {
  return subjectaltname
    .split(', ')
    .map((part) => part.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '');
}

function namesText(certificate: PeerCertificate): string {
  const names = namesIn(certificate);
  const shown = names.slice(0, NAMES_SHOWN_MAX).map((name) => (isHost(name) ? name : quoted(name)));
  const left = names.length - shown.length;
  return (shown.join(', ') || 'no host') + (left > 0 ? ` and ${left} more` : '');
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}
