/** Certificates as their files have them: one or more PEM blocks, and checked before they are believed. */
import { X509Certificate } from 'node:crypto';
import { CERTIFICATE_FILE_BYTES_MAX, CERTIFICATES_MAX } from './access-limits.js';
import { shortAddress } from './alt-names.js';
import { AccessError } from './errors.js';
import { readSmallFile } from './small-file.js';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;

/** A file's certificates, in its order. */
export interface CertificateFile {
  /** The file as it is, for node:tls. */
  readonly pem: Buffer;
  /** At least one. */
  readonly certificates: readonly X509Certificate[];
}

/** @throws {AccessError} `ACCESS_FILE`; `ACCESS_CERTIFICATE`: a block is none, there is none, or there are too many. */
export function readCertificateFile(path: string): CertificateFile {
  const what = 'a certificate (PEM)';
  const pem = readSmallFile(path, { what, bytesMax: CERTIFICATE_FILE_BYTES_MAX, keepFrom: null });
  const text = pem.toString('latin1');
  const blocks = text.match(BLOCK) ?? [];
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (blocks.length === 0) {
    throw new AccessError('ACCESS_CERTIFICATE', `${path}: expected ${what}, received ${otherContents(text)}`);
  }
  if (begun !== blocks.length) {
    throw new AccessError(
      'ACCESS_CERTIFICATE',
      `${path}: expected whole certificates, received one that is cut or damaged`,
    );
  }
  if (blocks.length > CERTIFICATES_MAX) {
    throw new AccessError(
      'ACCESS_CERTIFICATE',
      `${path}: expected at most ${CERTIFICATES_MAX} certificates, received ${blocks.length}`,
    );
  }
  return { pem, certificates: blocks.map((block, index) => parse(block, path, index + 1)) };
}

/** The certificates of PEM that `readCertificateFile` has read, in its order. */
export function certificatesIn(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(BLOCK) ?? []).map((block) => new X509Certificate(block));
}

function parse(block: string, path: string, number: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw new AccessError(
      'ACCESS_CERTIFICATE',
      `${path}: expected a certificate, received a damaged one (number ${number})`,
      {
        cause: error,
      },
    );
  }
}

/**
 * That a certificate is valid at this moment.
 * @param now milliseconds since 1970.
 * @param advice what to do about one that has ended.
 * @throws {AccessError} `ACCESS_CERTIFICATE_EXPIRED`, `ACCESS_CERTIFICATE_NOT_YET_VALID`.
 */
export function checkValidity(certificate: X509Certificate, path: string, now: number, advice: string): void {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) {
    throw new AccessError(
      'ACCESS_CERTIFICATE',
      `${path}: expected a certificate that says when it begins and ends, received one whose times are none`,
    );
  }
  if (now > to.getTime()) {
    throw new AccessError(
      'ACCESS_CERTIFICATE_EXPIRED',
      `${path}: expected a valid certificate, received one that ended at ${moment(to)}; ${advice}`,
    );
  }
  if (now < from.getTime()) {
    throw new AccessError(
      'ACCESS_CERTIFICATE_NOT_YET_VALID',
      `${path}: expected a valid certificate, received one that begins at ${moment(from)}; this machine's clock says ${moment(new Date(now))}`,
    );
  }
}

/** The hosts and addresses that a certificate speaks for, in its order. */
export function namesOf(certificate: X509Certificate): string[] {
  const parts = (certificate.subjectAltName ?? '').split(', ');
  return parts.flatMap((part) => {
    const [, kind, value] = /^(DNS|IP Address):([\w.:*-]+)$/.exec(part) ?? [];
    if (value === undefined) return [];
    return [kind === 'DNS' ? value.toLowerCase() : shortAddress(value)];
  });
}

/** To the second, in UTC. */
function moment(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function otherContents(text: string): string {
  if (text.trim() === '') return 'an empty file';
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return 'a private key';
  return 'something else';
}
