import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { boolean, integer, namedBits, octets, sequence } from './der.js';
import { AccessError } from './errors.js';
import {
  commonName,
  CURVE,
  extension,
  keyIdOf,
  newKeys,
  pemOf,
  signCertificate,
  validFor,
  type IssuedPair,
} from './x509.js';

/** What `makeAuthority` is told. */
export interface AuthorityRequest {
  /** What it is called where certificates are shown; 1 to 64 characters. */
  readonly name: string;
  readonly days: number;
  /** Milliseconds since 1970; the clock's where nothing is said. */
  readonly now?: number;
}

/** An authority that signs certificates, and no other authorities. */
export async function makeAuthority({ name, days, now = Date.now() }: AuthorityRequest): Promise<IssuedPair> {
  const { publicKey, privateKey } = await newKeys();
  const subject = commonName(name);
  const cert = signCertificate(privateKey, {
    issuer: subject,
    subject,
    validity: validFor(days, now),
    publicKey,
    extensions: [
      extension('2.5.29.19', true, sequence(boolean(true), integer(0n))), // basic constraints: an authority, none below
      extension('2.5.29.15', true, namedBits(5, 6)), // key usage: signs certificates and lists of revoked ones
      keyIdExtension(publicKey),
    ],
  });
  return { cert, key: pemOf(privateKey) };
}

/** An authority that can sign. */
export interface Signer {
  readonly key: KeyObject;
  /** Its name, DER. */
  readonly subject: Buffer;
  readonly keyId: Buffer;
  /** When its certificate ends, milliseconds since 1970. */
  readonly notAfter: number;
}

/**
 * An authority, read again.
 *
 * Only one that `makeAuthority` made is taken. What another one calls itself and its key need not be written as here, and
 * a certificate that spells them otherwise is not believed; whoever has an authority has its tool too.
 * @param subject for the message.
 * @throws {AccessError} `ACCESS_CERTIFICATE`: it is another's, or none; `ACCESS_CERTIFICATE_KEY`: the key is not its own.
 */
export function signerOf({ cert, key }: IssuedPair, subject = 'the authority'): Signer {
  const certificate = new X509Certificate(cert);
  const privateKey = createPrivateKey(key);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new AccessError(
      'ACCESS_CERTIFICATE_KEY',
      `${subject}: expected its own key beside it, received the key of another certificate`,
    );
  }
  const [, name] = /^CN=(.{1,64})$/.exec(certificate.subject ?? '') ?? [];
  const isOurs =
    certificate.ca &&
    name !== undefined &&
    privateKey.asymmetricKeyDetails?.namedCurve === CURVE &&
    certificate.raw.includes(commonName(name)) &&
    certificate.raw.includes(keyIdExtension(certificate.publicKey));
  if (!isOurs) {
    throw new AccessError(
      'ACCESS_CERTIFICATE',
      `${subject}: expected an authority that rocinante certs made, received another; make certificates with the tool that made it`,
    );
  }
  return {
    key: privateKey,
    subject: commonName(name),
    keyId: keyIdOf(certificate.publicKey),
    notAfter: Date.parse(certificate.validTo),
  };
}

/** Subject key identifier. */
export function keyIdExtension(publicKey: KeyObject): Buffer {
  return extension('2.5.29.14', false, octets(keyIdOf(publicKey)));
}
