import { RocinanteError, type ErrorCode } from '@rocinante/base';

/** Nobody answers at the address: no daemon runs there, the address is another's, or a firewall is between. */
export class NoCoordinatorError extends RocinanteError {
  constructor(
    readonly address: string,
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(
      'NO_COORDINATOR',
      1,
      `no coordinator at ${address}: ${why}; start one with ./rocinante serve`,
      options,
    );
  }
}

/** The connection broke while an answer was on its way: the coordinator ended, or the network did. */
export class ConnectionLostError extends RocinanteError {
  constructor(
    readonly address: string,
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super('CONNECTION_LOST', 1, `the connection to the coordinator at ${address} was lost: ${why}`, options);
  }
}

/** The coordinator refused what was asked: no such run, a wrong value, or a run that is not in a state for it. */
export class RefusedError extends RocinanteError {
  constructor(details: string, options?: ErrorOptions) {
    super('REFUSED', 2, details, options);
  }
}

/** The coordinator could not do what was asked: its disk is full, it is too slow, of another release, or has a fault. */
export class CoordinatorError extends RocinanteError {
  constructor(
    readonly address: string,
    what: string,
    options?: ErrorOptions,
  ) {
    super('COORDINATOR', 1, `coordinator at ${address}: ${what}`, options);
  }
}

/**
 * One side does not take the other for who it should be, or they do not speak the same: TLS with plain, another authority's
 * certificate, one for other names, one that has expired. `code` is libs/wire's. The exit code is 2 where this side speaks in plain
 * and TLS is expected, or names the port of a page: an option is missing or wrong, as where no token is given. For all else it is 1:
 * the mistake may be the other side's.
 */
export class UntrustedError extends RocinanteError {
  constructor(
    readonly address: string,
    what: string,
    code: ErrorCode,
    options?: ErrorOptions,
  ) {
    super(
      code,
      code === 'EXPECTS_TLS' || code === 'SPEAKS_HTTP' ? 2 : 1,
      `coordinator at ${address}: ${what}`,
      options,
    );
  }
}

/** The coordinator does not let whoever asks do this: no token, one that it does not know, or one of another role. */
export class AccessRefusedError extends RocinanteError {
  constructor(address: string, details: string, options?: ErrorOptions) {
    super('ACCESS_REFUSED', 2, `coordinator at ${address}: ${details}`, options);
  }
}
