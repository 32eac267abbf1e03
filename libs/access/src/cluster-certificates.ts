/** A cluster's authority and certificates in its folder. What is there is kept; what is missing is made. */
import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { oneLine } from '@rocinante/base';
import { LOOPBACK_NAMES, parseAltNames } from './alt-names.js';
import { makeAuthority, signerOf } from './authority.js';
import { checkValidity, namesOf, readCertificateFile } from './certificate-file.js';
import { makeCertificate, type CertificateUse } from './certificate.js';
import { AccessError } from './errors.js';
import { readKey } from './tls-material.js';
import { PUBLIC_MODE, SECRET_MODE, writeWhole } from './whole-file.js';
import type { IssuedPair } from './x509.js';

/** Whose certificates a cluster has: one for the coordinator, one for all workers, one for all operators. */
export type CertificateOwner = 'coordinator' | 'worker' | 'operator';

/** What became of a file. */
export type Fate = 'made' | 'renewed' | 'kept';

/** A certificate in the folder, and its key beside it. */
export interface FolderCertificate {
  readonly owner: CertificateOwner | 'authority';
  readonly cert: string;
  readonly key: string;
  readonly names: readonly string[];
  readonly notAfter: Date;
  readonly fate: Fate;
}

/** What the certificates of a folder shall be. */
export interface CertificatesRequest {
  readonly folder: string;
  /** Hosts and addresses of the coordinator; null for those that it has. */
  readonly coordinatorNames: readonly string[] | null;
  /** Those of the workers, for their own pages over TLS; null for those that they have, or none. */
  readonly workerNames: readonly string[] | null;
  readonly days: number;
  readonly authorityDays: number;
  /** Whether certificates that are there are made anew. The authority never is. */
  readonly renew: boolean;
  readonly now: number;
}

interface Paths {
  readonly cert: string;
  readonly key: string;
}

interface Planned extends Paths {
  readonly owner: CertificateOwner;
  readonly names: readonly string[];
  readonly fate: Fate;
}

/** What is to be made, once all that is there has been checked. */
export interface CertificatesPlan {
  readonly authority: Paths & { readonly fate: Fate };
  readonly certificates: readonly Planned[];
}

const AUTHORITY_FILES = 'ca';
const OWNERS: readonly CertificateOwner[] = ['coordinator', 'worker', 'operator'];

/**
 * Checks what is there, and says what is to be made. Writes nothing.
 * @throws {AccessError} what is there is damaged, does not fit together, or not with what is asked.
 */
export function planCertificates(request: CertificatesRequest): CertificatesPlan {
  const { folder, now } = request;
  const authority = pathsOf(folder, AUTHORITY_FILES);
  const hasAuthority = existsSync(authority.cert);
  if (!hasAuthority) refuseOrphans(folder, authority);
  const issuer = hasAuthority ? readCertificateFile(authority.cert).certificates[0] : null;
  const certificates = OWNERS.map((owner) => plan(owner, request, issuer));
  if (issuer !== null && certificates.some(({ fate }) => fate !== 'kept')) {
    if (!existsSync(authority.key)) {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${authority.key}: expected the authority's key, which signs what is to be made, received no such file; ` +
          'bring it back for as long as this takes',
      );
    }
    checkValidity(issuer, authority.cert, now, 'begin with a new authority in another folder');
    signerOf(readPair(authority), authority.cert);
  }
  return { authority: { ...authority, fate: hasAuthority ? 'kept' : 'made' }, certificates };
}

/** Makes what was planned. Errors of writing are the operating system's. */
export async function makeCertificates(
  { authority, certificates }: CertificatesPlan,
  { days, authorityDays, now }: CertificatesRequest,
): Promise<FolderCertificate[]> {
  if (authority.fate === 'made') {
    const name = `Rocinante authority ${new Date(now).toISOString().slice(0, 10)}`;
    writePair(authority, await makeAuthority({ name, days: authorityDays, now }));
  }
  for (const { owner, names, fate, ...paths } of certificates) {
    if (fate === 'kept') continue;
    // A certificate that speaks for no host is for clients, and nobody can pretend with it to be a server.
    const uses: CertificateUse[] = names.length > 0 ? ['server', 'client'] : ['client'];
    const pair = readPair(authority);
    writePair(
      paths,
      await makeCertificate({ authority: pair, name: owner, altNames: names, days, uses, now }),
    );
  }
  return [{ owner: 'authority' as const, ...authority }, ...certificates].map(
    ({ owner, cert, key, fate }) => {
      const [certificate] = readCertificateFile(cert).certificates;
      return {
        owner,
        cert,
        key,
        names: namesOf(certificate),
        notAfter: new Date(certificate.validTo),
        fate,
      };
    },
  );
}

function plan(
  owner: CertificateOwner,
  { folder, coordinatorNames, workerNames, renew }: CertificatesRequest,
  issuer: X509Certificate | null,
): Planned {
  const paths = pathsOf(folder, owner);
  const asked = owner === 'coordinator' ? coordinatorNames : owner === 'worker' ? workerNames : null;
  const there = { cert: existsSync(paths.cert), key: existsSync(paths.key) };
  if (!there.cert && !there.key)
    return { owner, ...paths, names: namesFor(owner, asked ?? [], folder), fate: 'made' };
  if (!there.cert && renew)
    return { owner, ...paths, names: namesFor(owner, asked ?? [], folder), fate: 'renewed' };
  if (!there.cert || (!there.key && !renew)) {
    const [missing, other] = there.cert ? [paths.key, paths.cert] : [paths.cert, paths.key];
    throw new AccessError(
      'ACCESS_FOLDER',
      `${missing}: expected it beside ${other}, received no such file; bring it back, or make both anew with --renew`,
    );
  }
  const [certificate] = readCertificateFile(paths.cert).certificates;
  const has = namesOf(certificate);
  if (renew) {
    return { owner, ...paths, names: asked === null ? has : namesFor(owner, asked, folder), fate: 'renewed' };
  }
  checkKept(paths, certificate, issuer!, join(folder, `${AUTHORITY_FILES}.crt`));
  if (asked !== null) {
    const wanted = namesFor(owner, asked, folder);
    if (wanted.toSorted().join() !== has.toSorted().join()) {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${paths.cert}: expected a certificate for ${wanted.join(', ') || 'no host'}, received one for ` +
          `${oneLine(has.join(', '), 300) || 'no host'}; make it anew with --renew`,
      );
    }
  }
  return { owner, ...paths, names: has, fate: 'kept' };
}

/** The names that a certificate gets: a coordinator's speaks for the machine that it is on, too. */
function namesFor(owner: CertificateOwner, asked: readonly string[], folder: string): string[] {
  if (owner === 'coordinator' && asked.length === 0) {
    throw new AccessError(
      'ACCESS_NAME',
      `${join(folder, 'coordinator.crt')}: expected the coordinator's hosts or addresses for a new certificate, received none; ` +
        'give them with --name',
    );
  }
  const all = owner === 'coordinator' ? [...asked, ...LOOPBACK_NAMES] : asked;
  return parseAltNames(all).map(({ value }) => value);
}

function checkKept(
  { cert, key }: Paths,
  certificate: X509Certificate,
  issuer: X509Certificate,
  authority: string,
): void {
  if (!certificate.checkPrivateKey(readKey(key).key)) {
    throw new AccessError(
      'ACCESS_CERTIFICATE_KEY',
      `${key}: expected the key of ${cert}, received another's; make both anew with --renew`,
    );
  }
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    throw new AccessError(
      'ACCESS_FOLDER',
      `${cert}: expected a certificate that ${authority} signed, received one that it did not; make it anew with --renew`,
    );
  }
}

/** A new authority beside certificates of another would be of use to nobody, and its old key would be lost. */
function refuseOrphans(folder: string, authority: Paths): void {
  for (const path of [authority.key, ...OWNERS.map((owner) => pathsOf(folder, owner).cert)]) {
    if (existsSync(path)) {
      throw new AccessError(
        'ACCESS_FOLDER',
        `${authority.cert}: expected the authority beside ${path}, received no such file; bring it back, or begin in another folder`,
      );
    }
  }
}

function readPair({ cert, key }: Paths): IssuedPair {
  const { certificates } = readCertificateFile(cert);
  return { cert: certificates[0].toString(), key: readKey(key).pem.toString('latin1') };
}

/** The key first: a certificate without its key is of no use. */
function writePair({ cert, key }: Paths, pair: IssuedPair): void {
  writeWhole(key, pair.key, SECRET_MODE);
  writeWhole(cert, pair.cert, PUBLIC_MODE);
}

function pathsOf(folder: string, name: string): Paths {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}
