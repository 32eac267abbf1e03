export { AccessError, type AccessErrorCode } from './errors.js';
export { readSmallFile, type SmallFile } from './small-file.js';
export { mayDo, ROLES, type Holder, type Need, type Role } from './roles.js';
export { newToken, readToken, TOKEN_PREFIX } from './token.js';
export { ownToken, type OwnToken } from './own-token.js';
export { bookLine, TokenBook } from './token-book.js';
export { readAuthority, readTlsMaterial, type TlsFiles, type TlsMaterial } from './tls-material.js';
export { rereadOnChange, type FileWatching } from './file-change.js';
export { certificatesIn } from './certificate-file.js';
export { endingSoon } from './certificate-end.js';
export { makeAuthority, type AuthorityRequest } from './authority.js';
export { makeCertificate, type CertificateRequest, type CertificateUse } from './certificate.js';
export type { IssuedPair } from './x509.js';
export { AUTHORITY_DAYS_MAX, CERTIFICATE_DAYS_MAX } from './access-limits.js';
export { isTokenName } from './token-book.js';
export { isHost } from './alt-names.js';
export { makeClusterFolder, type ClusterFolder } from './cluster-folder.js';
export type {
  CertificateOwner,
  CertificatesRequest,
  Fate,
  FolderCertificate,
} from './cluster-certificates.js';
export { addToken, type TokenFile } from './cluster-tokens.js';
export { clientName } from './client-name.js';
export { originOf, UnknownConnections } from './unknown-connections.js';
export { handshakeRefusal, type HandshakeRefusal, type HandshakeRefusalCode } from './handshake-refusal.js';
export {
  CLIENT_SECURITY_OPTIONS,
  expectBoth,
  expectPaths,
  readClientSecurity,
  type ClientSecurity,
  type ClientSecurityFlags,
} from './client-security.js';
