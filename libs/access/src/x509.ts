/**
 * X.509 certificates, version 3, as RFC 5280 profiles them: ECDSA on P-256 with SHA-256 throughout.
 *
 * node:crypto makes keys and signatures; what is signed is written here, in a hundred lines. The packages that write
 * certificates bring some twenty others and a container for injected dependencies, into the part that holds the keys.
 */
import { createHash, generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { assert } from '@rocinante/base';
import type { AltName } from './alt-names.js';
import { bitString, boolean, integer, octets, oid, sequence, setOf, tagged, time, utf8 } from './der.js';

const MS_PER_DAY = 86_400_000;

/** Clocks differ: what was made just now is valid on a machine that is some minutes behind. */
const BACKDATED_MS = 3_600_000;

const SERIAL_BYTES = 16;

/** The longest name that RFC 5280 lets a certificate have. */
const COMMON_NAME_CHARACTERS_MAX = 64;

/** The curve's name, as OpenSSL gives it. */
export const CURVE = 'prime256v1';

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A certificate and its key, both PEM; the key is PKCS #8 without a passphrase. */
export interface IssuedPair {
  readonly cert: string;
  readonly key: string;
}

/** Milliseconds since 1970. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

/** So many days from now on, and the hour before. */
export function validFor(days: number, now: number): Validity {
  return { from: now - BACKDATED_MS, to: now + days * MS_PER_DAY };
}

/** What a certificate says. Names are DER. */
export interface CertificateContents {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** Signs a certificate. @returns PEM. */
export function signCertificate(key: KeyObject, contents: CertificateContents): string {
  const { issuer, subject, validity, publicKey, extensions } = contents;
  const unsigned = sequence(
    tagged(0xa0, integer(2n)), // version 3
    integer(newSerial()),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(new Date(validity.from)), time(new Date(validity.to))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const whole = sequence(unsigned, ECDSA_WITH_SHA256, bitString(sign('sha256', unsigned, key)));
  const lines = whole.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Random, so that no two certificates of an authority have the same, and above zero. */
function newSerial(): bigint {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return BigInt(`0x${bytes.toString('hex')}`);
}

export function newKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('ec', { namedCurve: CURVE });
}

/** PKCS #8. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A name that has one part. */
export function commonName(name: string): Buffer {
  assert(name.length > 0 && name.length <= COMMON_NAME_CHARACTERS_MAX, 'a name of 1 to 64 characters');
  return sequence(setOf(sequence(oid('2.5.4.3'), utf8(name))));
}

/** By what a certificate says which key signed it: RFC 7093, method 1. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha256').update(pointOf(publicKey)).digest().subarray(0, 20);
}

/** The public point, uncompressed: it ends the DER of a key on P-256. */
function pointOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
}

/** @param critical whoever does not understand it refuses the certificate. */
export function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** A host or an address, as the extension of alternative names holds it. */
export function generalName({ type, value }: AltName): Buffer {
  return type === 'dns' ? tagged(0x82, Buffer.from(value, 'ascii')) : tagged(0x87, addressBytes(value));
}

/** Four bytes, or sixteen. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [before, after] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [
    ...before,
    ...Array<string>(8 - before.length - (after?.length ?? 0)).fill('0'),
    ...(after ?? []),
  ];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(parseInt(group, 16), index * 2);
  return bytes;
}
