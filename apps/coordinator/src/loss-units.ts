/**
 * A loss in the other units of the field. Losses are kept in nats a character, and shown in bits too, in which those of other
 * programs and papers are given: a text that is compressed by the network takes so many.
 */
export function bitsPerCharacter(nats: number): number {
  return nats / Math.LN2;
}

/** How many equally likely characters there would be to choose from. */
export function perplexityOf(nats: number): number {
  return Math.exp(nats);
}
