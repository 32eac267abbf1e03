import { makeFolder } from '@rocinante/base';
import {
  makeCertificates,
  planCertificates,
  type CertificatesPlan,
  type CertificatesRequest,
  type Fate,
  type FolderCertificate,
} from './cluster-certificates.js';
import { bookPath, checkTokens, makeTokens, tokenFiles, type TokenFile } from './cluster-tokens.js';
import { lockFolder } from './folder-lock.js';
import { checkLinks } from './root-path.js';

const FOLDER_MODE = 0o700;

/** All that a cluster needs of access, in one folder. Paths begin with the folder as it was given. */
export interface ClusterFolder {
  /** The authority first, then coordinator, worker and operator. */
  readonly certificates: readonly FolderCertificate[];
  readonly book: { readonly path: string; readonly fate: Fate };
  /** Those of the book whose files are in the folder. */
  readonly tokens: readonly TokenFile[];
}

/**
 * Makes what is missing of a cluster's folder: authority, certificates, the book of tokens and a token for each role.
 *
 * All that is there is read and checked first, and nothing is written where any of it is refused. Nothing is overwritten but
 * certificates and their keys with `renew`, and those whole or not at all. Made twice, nothing changes the second time; two
 * processes make it one after the other.
 * @throws {AccessError} names, or the folder's contents. Errors of writing are the operating system's.
 */
export async function makeClusterFolder(request: CertificatesRequest): Promise<ClusterFolder> {
  const { folder } = request;
  // What is refused is refused before there is a folder; and once more, since another process may have worked in it.
  check(request);
  makeFolder(folder, FOLDER_MODE);
  const giveBack = lockFolder(folder);
  try {
    const { hasBook, plan } = check(request);
    const certificates = await makeCertificates(plan, request);
    const tokens = hasBook ? tokenFiles(folder) : makeTokens(folder);
    return { certificates, book: { path: bookPath(folder), fate: hasBook ? 'kept' : 'made' }, tokens };
  } finally {
    giveBack();
  }
}

function check(request: CertificatesRequest): { readonly hasBook: boolean; readonly plan: CertificatesPlan } {
  checkLinks(request.folder);
  return { hasBook: checkTokens(request.folder), plan: planCertificates(request) };
}
