import { parseAltNames } from './alt-names.js';
import { keyIdExtension, signerOf } from './authority.js';
import { namedBits, oid, sequence, tagged } from './der.js';
import {
  commonName,
  extension,
  generalName,
  newKeys,
  pemOf,
  signCertificate,
  validFor,
  type IssuedPair,
} from './x509.js';

/** What a certificate may be used for: to be shown by a server, by a client, or by both. */
export type CertificateUse = 'server' | 'client';

const OID_OF_USE: Record<CertificateUse, string> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};

/** What `makeCertificate` is told. */
export interface CertificateRequest {
  /** Who signs it: what `makeAuthority` made. */
  readonly authority: IssuedPair;
  /** What it is called where certificates are shown, 1 to 64 characters; no machine compares it. */
  readonly name: string;
  /** Hosts and addresses that it speaks for. */
  readonly altNames: readonly string[];
  /** Its authority's end is its own, where that comes sooner. */
  readonly days: number;
  /** Both, where nothing is said. */
  readonly uses?: readonly CertificateUse[];
  /** Milliseconds since 1970; the clock's where nothing is said. */
  readonly now?: number;
}

/**
 * A certificate with new keys, signed by an authority.
 * @throws {AccessError} `ACCESS_NAME`: a name is no host and no address; as `signerOf` does.
 */
export async function makeCertificate(request: CertificateRequest): Promise<IssuedPair> {
  const { authority, name, altNames, days, uses = ['server', 'client'], now = Date.now() } = request;
  const names = parseAltNames(altNames);
  const signer = signerOf(authority);
  const { publicKey, privateKey } = await newKeys();
  const { from, to } = validFor(days, now);
  const cert = signCertificate(signer.key, {
    issuer: signer.subject,
    subject: commonName(name),
    validity: { from, to: Math.min(to, signer.notAfter) },
    publicKey,
    extensions: [
      extension('2.5.29.19', true, sequence()), // basic constraints: no authority
      extension('2.5.29.15', true, namedBits(0)), // key usage: signs, as TLS does
      extension('2.5.29.37', false, sequence(...uses.map((use) => oid(OID_OF_USE[use])))),
      ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names.map(generalName)))] : []),
      keyIdExtension(publicKey),
      extension('2.5.29.35', false, sequence(tagged(0x80, signer.keyId))), // the authority's key
    ],
  });
  return { cert, key: pemOf(privateKey) };
}
