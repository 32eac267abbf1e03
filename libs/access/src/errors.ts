import { RocinanteError } from '@rocinante/base';

/**
 * Why a token, a certificate or one of their files is not taken.
 *
 * - `ACCESS_FILE`: it is missing, cannot be read, is no file, or is too long.
 * - `ACCESS_FILE_MODE`: a secret that others can read, or a book that anyone can write.
 * - `ACCESS_TOKEN`: a client's file holds no token.
 * - `ACCESS_TOKEN_BOOK`: a line of the book is wrong, or the book as a whole.
 * - `ACCESS_CERTIFICATE`: no certificate, no authority's certificate, or no key, where one is expected.
 * - `ACCESS_CERTIFICATE_KEY`: the key belongs to another certificate.
 * - `ACCESS_CERTIFICATE_EXPIRED`, `ACCESS_CERTIFICATE_NOT_YET_VALID`: seen from this machine's clock.
 * - `ACCESS_NAME`: what should be a host, an address or a token's name is none.
 * - `ACCESS_FOLDER`: what is in a cluster's folder does not fit together, or not with what was asked.
 */
export type AccessErrorCode =
  | 'ACCESS_FILE'
  | 'ACCESS_FILE_MODE'
  | 'ACCESS_TOKEN'
  | 'ACCESS_TOKEN_BOOK'
  | 'ACCESS_CERTIFICATE'
  | 'ACCESS_CERTIFICATE_KEY'
  | 'ACCESS_CERTIFICATE_EXPIRED'
  | 'ACCESS_CERTIFICATE_NOT_YET_VALID'
  | 'ACCESS_NAME'
  | 'ACCESS_FOLDER';

/** Who may come in cannot be told from what was given. The message names the file, and never what a secret file holds. */
export class AccessError extends RocinanteError {
  declare readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, message: string, options?: ErrorOptions) {
    super(code, 2, message, options);
  }
}
