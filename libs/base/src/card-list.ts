/** Which cards are meant: all that are visible, or words that name each one, by its number or its UUID. */
export type CardList = 'all' | readonly string[];

export const CARD_LIST_EXPECTED = 'all, or different numbers or UUIDs of cards, such as 0,2';

/** Workers that one card may be shared by: letters name them. */
export const WORKERS_PER_GPU_MAX = 16;

/** Cards of a machine, at most: more words than that are no list of cards. */
const CARDS_MAX = 64;

/** What an option's value says; null where it is no list of cards. */
export function parseCardList(value: string): CardList | null {
  if (value === 'all') return value;
  const words = value.split(',').map((word) => word.trim());
  const areWords = words.every((word) => /^(\d{1,3}|GPU-[\w-]{1,64}|MIG-[\w/-]{1,96})$/.test(word));
  return areWords && words.length <= CARDS_MAX && new Set(words).size === words.length ? words : null;
}
