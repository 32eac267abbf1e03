import { originOf } from '@rocinante/access';

/**
 * Within so long a time so many refusals for one reason are logged, of one address and of all: a port scan fills no disk, and
 * whoever is refused all the time hides nobody else.
 */
export const REFUSALS_INTERVAL_MS = 10_000;
export const REFUSALS_LOGGED_MAX = 5;
export const REFUSALS_OF_CODE_LOGGED_MAX = 50;

/** Addresses that are told apart within that time, for each reason; further ones count as one. */
const ADDRESSES_MAX = 256;

/** @param client what the client calls itself; null or absent where it says nothing. */
export type RefusalWriter = (code: string, message: string, client?: string | null) => void;

/** What came for one reason since a time. */
interface Interval {
  readonly since: number;
  logged: number;
  left: number;
  /** How many came by address. */
  readonly byAddress: Map<string, number>;
  /** Addresses of which some were left out. */
  readonly leftOf: Set<string>;
}

/** Lets a few refusals for each reason and address through to the log, and says how many were left out. All are counted elsewhere. */
export class RefusalLog {
  readonly #write: RefusalWriter;
  readonly #now: () => number;
  /** By code, of which there is a list. */
  readonly #intervals = new Map<string, Interval>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(write: RefusalWriter, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  /** @param message begins with the other side's `address:port`, where it is about a connection. */
  refused(code: string, message: string, client?: string | null): void {
    const now = this.#now();
    const before = this.#intervals.get(code);
    const isOver = before === undefined || now - before.since >= REFUSALS_INTERVAL_MS;
    const interval = isOver ? begun(now) : before;
    this.#intervals.set(code, interval);
    const address = addressOf(message);
    const { byAddress } = interval;
    const key = byAddress.has(address) || byAddress.size < ADDRESSES_MAX ? address : OTHERS;
    const count = (byAddress.get(key) ?? 0) + 1;
    byAddress.set(key, count);
    if (count > REFUSALS_LOGGED_MAX || interval.logged === REFUSALS_OF_CODE_LOGGED_MAX) {
      interval.left += 1;
      interval.leftOf.add(key);
      return;
    }
    interval.logged += 1;
    this.#write(code, isOver && before ? message + leftOut(code, before) : message, client);
  }
}

const OTHERS = 'others';

function begun(since: number): Interval {
  return { since, logged: 0, left: 0, byAddress: new Map(), leftOf: new Set() };
}

function leftOut(code: string, { left, leftOf }: Interval): string {
  if (left === 0) return '';
  // What a worker is refused within its session names the worker.
  const addresses = [...leftOf].filter((address) => address !== '').length;
  const from = addresses === 0 ? '' : `, from ${addresses} address${addresses === 1 ? '' : 'es'}`;
  return ` (and ${left} more of ${code} before it${from}${leftOf.has(OTHERS) ? ' or more' : ''})`;
}

/** Where the other side of a refused connection belongs; empty where a message names none. */
function addressOf(message: string): string {
  const [, address] = /^\[?([\da-fA-F.:]+?(?:%\w+)?)\]?:\d{1,5}: /.exec(message) ?? [];
  return address === undefined ? '' : originOf(address);
}
