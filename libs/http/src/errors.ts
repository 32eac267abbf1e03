import { RocinanteError } from '@rocinante/base';

/**
 * - `ADDRESS_IN_USE`: another process listens there. Cause: a second coordinator or worker on this machine.
 * - `ADDRESS_UNUSABLE`: this machine cannot listen there. Cause: not one of its addresses, a port below 1024 without the
 *   right to it, a name that is not known.
 */
export type HttpErrorCode = 'ADDRESS_IN_USE' | 'ADDRESS_UNUSABLE';

/** HTTP cannot be served at the address asked for. */
export class HttpAddressError extends RocinanteError {
  declare readonly code: HttpErrorCode;
  /** `host:port`, as asked for. */
  readonly address: string;

  constructor(address: string, cause: NodeJS.ErrnoException) {
    const taken = cause.code === 'EADDRINUSE';
    const port = address.slice(address.lastIndexOf(':') + 1);
    super(
      taken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNUSABLE',
      1,
      `cannot serve HTTP at ${address}: ` +
        (taken
          ? `port ${port} is taken; end what listens there, or choose another with --http`
          : cause.message),
      { cause },
    );
    this.address = address;
  }
}
