/**
 * A loss in the other units of the field. Losses are kept in nats a character, and shown in bits too, in which those of other
 * programs and papers are given: a text that is compressed by the network takes so many.
 */
export function bitsPerCharacter(nats: number): number {
  return nats / Math.LN2;
}

/** As `bitsPerCharacter`; null of a loss that is not there. */
export function bitsOrNull(nats: number | null): number | null {
  return nats === null ? null : bitsPerCharacter(nats);
}

/** A held-out loss for a person: `1.5890 (2.29 bits a character)`. */
export function heldOutShown(nats: number): string {
  return `${nats.toFixed(4)} (${bitsPerCharacter(nats).toFixed(2)} bits a character)`;
}

/** How many equally likely characters there would be to choose from. */
export function perplexityOf(nats: number): number {
  return Math.exp(nats);
}
