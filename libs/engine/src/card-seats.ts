import { CardChoiceError, type ChosenCard } from './card-choice.js';

/** Characters that a seat adds to a worker's name, at most: a dash, a number of three digits, a letter. */
export const SEAT_NAME_LENGTH = 5;

/** A worker's place on a card. */
export interface CardSeat {
  /** The worker's name: NAME-0 for the first card, where cards are shared NAME-0a, NAME-0b. */
  readonly name: string;
  readonly card: ChosenCard;
}

/**
 * Places for so many workers on each card: cards in their order, and a card's workers side by side.
 * @param base what the workers are called before the card's number, which is nvidia-smi's.
 * @throws {CardChoiceError} names would not differ: a whole card and a part of one with the same number.
 */
export function seatsOf(cards: readonly ChosenCard[], workersPerCard: number, base: string): CardSeat[] {
  const seats = cards.flatMap((card) =>
    Array.from({ length: workersPerCard }, (_, place) => ({
      name: `${base}-${card.index}${workersPerCard === 1 ? '' : String.fromCharCode('a'.charCodeAt(0) + place)}`,
      card,
    })),
  );
  const names = new Set(seats.map(({ name }) => name));
  if (names.size < seats.length) {
    throw new CardChoiceError(
      'expected whole cards, or parts of cards, and received both; name the ones or the others alone',
    );
  }
  return seats;
}

/** What the environment of a worker in this seat has beside its starter's: CUDA shows it its card alone. */
export function seatEnvironment({ card }: CardSeat): Readonly<Record<string, string>> {
  return {
    CUDA_VISIBLE_DEVICES: card.device,
    // Numbers are nvidia-smi's, for cards that have no UUID.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    // Otherwise the first process takes all of the card's memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  };
}
