import { RocinanteError, type CardList } from '@rocinante/base';
import { readNvidia, type Card, type Nvidia } from './nvidia.js';

/** A part of a card (MIG): it has a UUID of its own, which the list of cards does not show. */
const PART = 'MIG-';

/** A card, or a part of one, that somebody is to compute on. */
export interface ChosenCard {
  /** As nvidia-smi counts; of a part its place in the list. */
  readonly index: number;
  /** What CUDA_VISIBLE_DEVICES is to say, so that CUDA shows this one alone. */
  readonly device: string;
  /** For people: `card 0 (NVIDIA H200, GPU-5c1e…)`. */
  readonly shown: string;
}

/**
 * A card was named that is not there, or none is.
 * Cause: a number or UUID of another machine, a container or job that was given fewer cards, no driver.
 */
export class CardChoiceError extends RocinanteError {
  constructor(what: string) {
    super('CARD_CHOICE', 2, `--gpus ${what}`);
  }
}

/**
 * The cards that a list names, in its order. What CUDA_VISIBLE_DEVICES hides, as a job's scheduler may, is not there: numbers
 * are nvidia-smi's still.
 * @throws {CardChoiceError} one is not there, two words name the same one, or there is none.
 */
export function chooseCards(
  list: CardList,
  environment: NodeJS.ProcessEnv,
  nvidia: Nvidia = readNvidia(environment),
): ChosenCard[] {
  const shown = list === 'all' ? 'all' : list.join(',');
  const there = visible(environment['CUDA_VISIBLE_DEVICES'], nvidia.cards);
  if (there.length === 0) throw new CardChoiceError(`${shown}: ${whyNone(environment, nvidia)}`);
  if (list === 'all') return there;
  const chosen = list.map((word, place) => {
    const card = there.find((one) => isCalled(one, word, nvidia.cards)) ?? partOf(word, place, there);
    if (card !== undefined) return card;
    throw new CardChoiceError(
      `${shown}: expected cards of this machine, received ${word}; there is ${there.map((one) => one.shown).join(', ')}`,
    );
  });
  const twice = chosen.find((card, place) =>
    chosen.some(({ device }, at) => at < place && device === card.device),
  );
  if (twice !== undefined)
    throw new CardChoiceError(`${shown}: expected different cards, received ${twice.shown} twice`);
  return chosen;
}

/** As CUDA would show them with this CUDA_VISIBLE_DEVICES: what follows a word that names no card does not count. */
function visible(words: string | undefined, cards: readonly Card[]): ChosenCard[] {
  if (words === undefined) return cards.map(whole);
  const there: ChosenCard[] = [];
  for (const word of words.split(',').map((entry) => entry.trim())) {
    const card = cards.find(({ index, uuid }) =>
      /^\d+$/.test(word) ? index === Number(word) : word !== '' && uuid.startsWith(word),
    );
    if (card === undefined && !(word.startsWith(PART) && cards.length > 0)) break;
    there.push(card === undefined ? part(word, there.length) : whole(card));
  }
  return there;
}

function whole({ index, uuid, name }: Card): ChosenCard {
  // Where only the kernel's module speaks, a card may have no UUID; its number serves where CUDA counts as nvidia-smi.
  const device = uuid.startsWith('GPU-') ? uuid : String(index);
  return { index, device, shown: `card ${index} (${name}, ${uuid})` };
}

function part(word: string, index: number): ChosenCard {
  return { index, device: word, shown: `part of a card (${word})` };
}

function isCalled({ index, device }: ChosenCard, word: string, cards: readonly Card[]): boolean {
  if (device.startsWith(PART)) return device === word;
  if (/^\d+$/.test(word)) return index === Number(word);
  return cards.find((card) => card.index === index)!.uuid.startsWith(word);
}

/** Nobody lists parts: one that is named is taken as it is, unless the environment says which ones are there. */
function partOf(word: string, place: number, there: readonly ChosenCard[]): ChosenCard | undefined {
  const mayBe = word.startsWith(PART) && !there.some(({ device }) => device.startsWith(PART));
  return mayBe ? part(word, place) : undefined;
}

function whyNone(
  { CUDA_VISIBLE_DEVICES: words }: NodeJS.ProcessEnv,
  { driver, cards, trouble }: Nvidia,
): string {
  if (cards.length > 0)
    return `expected a card, and CUDA_VISIBLE_DEVICES=${words} shows none of the ${cards.length} here`;
  const said = trouble === null ? '' : ` (nvidia-smi: ${trouble})`;
  const found = driver === null ? 'no driver' : `driver ${driver}, which shows no card here`;
  return `expected an NVIDIA card, found ${found}${said}; without a card leave --gpus out`;
}
