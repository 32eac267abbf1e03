import { RocinanteError } from '@rocinante/base';

/**
 * Why a token, a certificate or one of their files is not taken.
 *
 * - `file`: it is missing, cannot be read, is no file, or is too long.
 * - `file-mode`: a secret that others can read, or a book that anyone can write.
 * - `token`: a client's file holds no token.
 * - `token-book`: a line of the book is wrong, or the book as a whole.
 * - `certificate`: no certificate, no authority's certificate, or no key, where one is expected.
 * - `certificate-key`: the key belongs to another certificate.
 * - `certificate-expired`, `certificate-not-yet-valid`: seen from this machine's clock.
 * - `name`: what should be a host, an address or a token's name is none.
 * - `folder`: what is in a cluster's folder does not fit together, or not with what was asked.
 */
export const ACCESS_ERROR_CODES = [
  'file',
  'file-mode',
  'token',
  'token-book',
  'certificate',
  'certificate-key',
  'certificate-expired',
  'certificate-not-yet-valid',
  'name',
  'folder',
] as const;

export type AccessErrorCode = (typeof ACCESS_ERROR_CODES)[number];

/** Who may come in cannot be told from what was given. The message names the file, and never what a secret file holds. */
export class AccessError extends RocinanteError {
  declare readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, message: string, options?: ErrorOptions) {
    super(code, 2, message, options);
  }
}
