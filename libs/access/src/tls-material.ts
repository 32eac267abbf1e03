/** What TLS needs of its files, checked before a socket has it. */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { quoted } from '@rocinante/base';
import { KEY_FILE_BYTES_MAX } from './access-limits.js';
import { checkValidity, namesOf, readCertificateFile } from './certificate-file.js';
import { AccessError } from './errors.js';
import { readSmallFile } from './small-file.js';

const RENEW = 'renew it with what made it (rocinante certs --renew)';
const TAKE_NEW = 'take the certificate of an authority that is valid';

/** Where one's own certificate is, and that of the authority whose certificates are believed. */
export interface TlsFiles {
  /** PEM; one's own certificate first, then those between it and the authority. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
  /** PEM, one or more authorities. Null: for a server nobody is asked for a certificate; for a client the system's are believed. */
  readonly caFile: string | null;
}

/** PEM, as node:tls and grpc-js take it. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | null;
  /** The first moment at which a certificate of `cert` ends. */
  readonly notAfter: Date;
  /** The hosts and addresses that the certificate speaks for. */
  readonly names: readonly string[];
}

/**
 * Reads and checks one's own certificate, its key, and the authorities.
 * @param now milliseconds since 1970.
 * @throws {AccessError} a file is missing or no PEM; others can read the key; the key is another certificate's; a
 * certificate has ended or not begun. Names the file.
 */
export function readTlsMaterial(files: TlsFiles, now: number = Date.now()): TlsMaterial {
  const { certFile, keyFile, caFile } = files;
  const { pem, certificates } = readCertificateFile(certFile);
  const own = certificates[0];
  const { pem: key, key: parsed } = readKey(keyFile);
  if (!own.checkPrivateKey(parsed)) {
    throw new AccessError(
      'ACCESS_CERTIFICATE_KEY',
      `${keyFile}: expected the key of ${certFile}, received another's`,
    );
  }
  for (const certificate of certificates) checkValidity(certificate, certFile, now, RENEW);
  return {
    cert: pem,
    key,
    ca: caFile === null ? null : readAuthority(caFile, now),
    notAfter: new Date(Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)))),
    names: namesOf(own),
  };
}

/**
 * Reads and checks the authorities alone, as a client needs them that has no certificate of its own.
 *
 * Of several, some may have ended: while an authority is replaced, both are in the file.
 * @throws {AccessError} the file is missing or no PEM; a certificate is no authority's; none is valid now.
 */
export function readAuthority(path: string, now: number = Date.now()): Buffer {
  const { pem, certificates } = readCertificateFile(path);
  for (const certificate of certificates) {
    if (!certificate.ca && !isSelfSigned(certificate)) {
      throw new AccessError(
        'ACCESS_CERTIFICATE',
        `${path}: expected an authority's certificate, such as ca.crt, received that of ${quoted(nameOf(certificate))}`,
      );
    }
  }
  const refusals = certificates.map((certificate) =>
    refusal(() => checkValidity(certificate, path, now, TAKE_NEW)),
  );
  const [first] = refusals;
  if (first && refusals.every((error) => error !== null)) throw first;
  return pem;
}

/** @throws {AccessError} `ACCESS_FILE`, `ACCESS_FILE_MODE`; `ACCESS_CERTIFICATE`: it is no key, or has a passphrase. */
export function readKey(path: string): { readonly pem: Buffer; readonly key: KeyObject } {
  const what = 'a private key (PEM)';
  const pem = readSmallFile(path, { what, bytesMax: KEY_FILE_BYTES_MAX, keepFrom: 'readers' });
  try {
    return { pem, key: createPrivateKey(pem) };
  } catch {
    // OpenSSL's own words stay out of it: they could hold what the file holds.
    const text = pem.toString('latin1');
    let received = 'something else';
    if (/ENCRYPTED/.test(text)) received = 'one with a passphrase';
    else if (text.includes('BEGIN CERTIFICATE')) received = 'a certificate';
    throw new AccessError('ACCESS_CERTIFICATE', `${path}: expected ${what}, received ${received}`);
  }
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function nameOf(certificate: X509Certificate): string {
  return namesOf(certificate)[0] ?? certificate.subject ?? 'nobody';
}

function refusal(check: () => void): AccessError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof AccessError) return error;
    throw error;
  }
}
