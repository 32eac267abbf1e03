import type { CardSeat } from './card-seats.js';

/** A worker may fail so often on its card; at the last of these the card is set aside. */
const FAILURES_MAX = 2;

/** A failure is forgotten after so long: a card that works for a day between two is not the cause that two in a day point to. */
const FAILURE_COUNTS_MS = 24 * 3600_000;

/** From the failure of a worker on a card to its next start: a driver that resets a card takes its time. */
export const SEAT_RESTART_WAIT_MS = 1_000;

/** The exit code of what is wrong in itself, and is wrong again when it is started again. */
const EXIT_USAGE = 2;

/** What becomes of a seat whose worker has ended. */
export type SeatVerdict = 'start-again' | 'set-aside' | 'misconfigured' | 'done';

/** How a process ended: its exit code, or where a signal ended it, null. */
export interface SeatEnd {
  readonly code: number | null;
  /** Milliseconds of a clock that never goes back. */
  readonly at: number;
}

/** Which cards may still be worked on: a card on which a worker fails twice within a day is set aside, with all its seats. */
export class CardRecord {
  readonly #failures = new Map<string, number[]>();
  readonly #setAside = new Set<string>();

  /** Whether the seat's card is set aside. */
  isSetAside({ card }: CardSeat): boolean {
    return this.#setAside.has(card.device);
  }

  /** A worker ended by itself. One that ended with 0 was told to; one with 2 is told what to mend, and is no failure of its card. */
  ended(seat: CardSeat, { code, at }: SeatEnd): SeatVerdict {
    if (this.isSetAside(seat)) return 'set-aside';
    if (code === 0) return 'done';
    if (code === EXIT_USAGE) return 'misconfigured';
    const before = this.#failures.get(seat.name) ?? [];
    const failures = [...before.filter((earlier) => at - earlier < FAILURE_COUNTS_MS), at];
    this.#failures.set(seat.name, failures);
    if (failures.length < FAILURES_MAX) return 'start-again';
    this.#setAside.add(seat.card.device);
    return 'set-aside';
  }
}
