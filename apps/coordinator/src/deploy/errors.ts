import { RocinanteError } from '@rocinante/base';

/** What can go wrong with one host; others are not touched by it. Exit code 1. */
export type HostFailure =
  /** ssh did not get there: the network, a key, a host key. */
  | 'UNREACHABLE'
  /** The machine is of another kind than the bundle, or lacks a tool. */
  | 'UNFIT'
  /** There is no room for the bundle. */
  | 'NO_ROOM'
  /** The copy of the bundle did not arrive whole. */
  | 'COPY'
  /** A service did not start, join or end as it should. */
  | 'SERVICE'
  /** The host answered what it should not have. */
  | 'ANSWER';

/** One host's failure. The message is one line without the host's name, which whoever prints it puts before it. */
export class HostError extends RocinanteError {
  constructor(failure: HostFailure, message: string, options?: ErrorOptions) {
    super(failure, 1, message, options);
  }
}
