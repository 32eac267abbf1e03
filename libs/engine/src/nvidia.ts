import * as cards from './nvidia-cards.mjs';
import * as fitness from './nvidia-fitness.mjs';

// The types of what the launcher uses as it stands, before anything is built.

/** A card, as the driver lists it. */
export interface Card {
  /** By PCI address, as nvidia-smi counts. */
  readonly index: number;
  readonly uuid: string;
  /** The model as its maker names it, such as `NVIDIA H200`. */
  readonly name: string;
  /** Its compute capability, such as `9.0`; null where nobody says, and the model is none that is known. */
  readonly capability: string | null;
}

/** What there is of NVIDIA's on a machine. */
export interface Nvidia {
  /** The driver's version, such as `570.26`; `unknown` where it is there and does not say, null where there is none. */
  readonly driver: string | null;
  /** In the order of their index. */
  readonly cards: readonly Card[];
  /** The line in which nvidia-smi complained; null where it did not, or is not there. */
  readonly trouble: string | null;
}

/**
 * Reads driver and cards: from nvidia-smi, else from what the kernel's module shows, where compute capabilities follow from models.
 * ROCINANTE_DRIVER_ROOT names the folder in which `proc` and `dev` are looked for; PATH leads to nvidia-smi.
 */
export const readNvidia: (environment: NodeJS.ProcessEnv) => Nvidia = cards.readNvidia;

/** The cards that CUDA would show, in its order, with this CUDA_VISIBLE_DEVICES: TensorFlow computes on the first. */
export const visibleCards: (all: readonly Card[], visible: string | undefined) => Card[] = cards.visibleCards;

/** What of driver or cards keeps the engine from computing on a GPU, in one line with what to do; null where nothing is seen. */
export const gpuHindrance: (environment: NodeJS.ProcessEnv, nvidia?: Nvidia) => string | null =
  fitness.gpuHindrance;

/**
 * What CUDA_VISIBLE_DEVICES is to say so that CUDA shows the card alone that the engine computes on; null where it need not be changed.
 * Driver and cards are read only where they decide on it.
 */
export const soleCard: (environment: NodeJS.ProcessEnv, nvidia?: Nvidia) => string | null = fitness.soleCard;

/** The card on which a process computes that is given no other: the first that the engine can use; none where none can be used. */
export const computingCard: (visible: readonly Card[]) => Card[] = fitness.computingCard;

/** What of the cards that are computed on is to be known though they may serve, in one line; null where nothing is. */
export const gpuDoubt: (cards: readonly Card[]) => string | null = fitness.gpuDoubt;

/** Whether cuDNN has kernels for a card, as far as one knows. */
export const servesCudnn: (card: Card) => boolean = fitness.servesCudnn;
