import { RocinanteError } from '@rocinante/base';

/** The named corpus cannot be read: no such file, a folder, no permission, a book that was not fetched, a bad disk. */
export class CorpusFileError extends RocinanteError {
  constructor(
    readonly subject: string,
    readonly expected: string,
    readonly received: string,
    options?: ErrorOptions,
  ) {
    super('CORPUS_FILE', 2, `${subject}: expected ${expected}, received ${received}`, options);
  }
}

/** An address of the book is not one that can be fetched: no URL, another scheme, a redirection to such. */
export class BookAddressError extends RocinanteError {
  constructor(
    readonly address: string,
    readonly expected: string,
  ) {
    super('BOOK_ADDRESS', 2, `quijote, address: expected ${expected}, received ${JSON.stringify(address)}`);
  }
}

/** What went wrong while the book was on its way. */
export type BookFetchFailure =
  /** No answer: no network, no such host, refused, a certificate that is not trusted. */
  | 'unreachable'
  /** The server answered with a status other than 200, or redirected too often. */
  | 'status'
  /** Nothing came for as long as a limit allows. */
  | 'timeout'
  /** The transfer ended before the text did. */
  | 'cut'
  /** More bytes than the limit. */
  | 'too-large'
  /** What came is not the book. */
  | 'wrong-text'
  /** The cache folder could not be written. */
  | 'disk';

/** The book was not fetched. Nothing in the cache has changed. */
export class BookFetchError extends RocinanteError {
  constructor(
    readonly failure: BookFetchFailure,
    /** The address, or the file for `disk`. */
    readonly subject: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('BOOK_FETCH', 1, `quijote, ${subject}: ${detail}`, options);
  }
}
