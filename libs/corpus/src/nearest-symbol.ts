/** Characters that people type for each other. */
const ALIKE = ["'’‘`´ʼ′", '"“”„«»″', '-–—‐‑−', ' \u00a0\u202f\t', '…‥.'];

/**
 * The symbol of a vocabulary that may be meant by one that it lacks: one that is typed for it, its simpler form (`ﬁ`, full width),
 * its letter without accents, or its other case, in this order; undefined where there is none.
 */
export function nearestSymbol(symbol: string, symbols: readonly string[]): string | undefined {
  const known = new Set(symbols);
  const alike = ALIKE.filter((characters) => characters.includes(symbol)).flatMap((characters) => [
    ...characters,
  ]);
  const forms = [symbol.normalize('NFKC'), [...symbol.normalize('NFKD')][0]];
  const cases = [symbol, ...forms].flatMap((form) => [form.toLowerCase(), form.toUpperCase()]);
  return [...alike, ...forms, ...cases].find((other) => other !== symbol && known.has(other));
}
