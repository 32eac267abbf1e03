import { RocinanteError } from '@rocinante/base';

/** Closed list: what can be wrong with a store, or with what is in it. */
export type StoreErrorCode =
  | 'STORE_ADDRESS'
  | 'STORE_ENVIRONMENT'
  | 'STORE_DENIED'
  | 'STORE_NO_BUCKET'
  | 'STORE_UNREACHABLE'
  | 'STORE_REFUSED'
  | 'STORE_DAMAGED'
  | 'STORE_HOLDS_RUN'
  | 'STORE_EMPTY'
  | 'STORE_AHEAD'
  | 'STORE_TAKEN';

/** Wrong usage: a person has to say something else. All others are failures. */
const USAGE: readonly StoreErrorCode[] = [
  'STORE_ADDRESS',
  'STORE_ENVIRONMENT',
  'STORE_HOLDS_RUN',
  'STORE_EMPTY',
  'STORE_AHEAD',
];

/** What time does not mend: what goes to the store ends with these. */
const FOR_GOOD: readonly StoreErrorCode[] = [
  'STORE_HOLDS_RUN',
  'STORE_AHEAD',
  'STORE_TAKEN',
  'STORE_DAMAGED',
];

/**
 * A store that cannot be used. `code` says why:
 * - `STORE_ADDRESS`: `--store` is not `s3://bucket/prefix`;
 * - `STORE_ENVIRONMENT`: no credentials in the environment, or an endpoint that is no URL, or in plain on another machine;
 * - `STORE_DENIED`: wrong credentials, or none that may do this; also a clock that is wrong by minutes;
 * - `STORE_NO_BUCKET`: there is no such bucket;
 * - `STORE_UNREACHABLE`: no answer, a cut connection, or a server that is overloaded or failing;
 * - `STORE_REFUSED`: another answer that means no: a server that lacks what is asked of it, for one, or does not keep what it took;
 * - `STORE_DAMAGED`: what is there is not what was put there;
 * - `STORE_HOLDS_RUN`: another run is there; `STORE_EMPTY`: none is, where one is to be gone on with;
 * - `STORE_AHEAD`: the same run is there with more steps than here;
 * - `STORE_TAKEN`: another coordinator has taken the place over, or was first.
 */
export class StoreError extends RocinanteError {
  declare readonly code: StoreErrorCode;
  /** What is wrong, without the store's name. */
  readonly reason: string;

  /** @param store its name, `s3://bucket/prefix`. */
  constructor(code: StoreErrorCode, store: string, reason: string, options?: ErrorOptions) {
    super(code, USAGE.includes(code) ? 2 : 1, `store ${store}: ${reason}`, options);
    this.reason = reason;
  }

  /** Whether it makes no sense to try again. */
  get forGood(): boolean {
    return FOR_GOOD.includes(this.code);
  }
}
