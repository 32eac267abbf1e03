/** Of such symbols so many are named. */
const NAMED_MAX = 4;

/** Symbols that no text has, by what a text with them was rather made of, and what to do. The first that is found is told. */
const KINDS: readonly (readonly [is: (symbol: string) => boolean, advice: string])[] = [
  [
    (symbol) => symbol === '\0',
    'it is binary, or UTF-16 without a byte-order mark: `iconv -f UTF-16LE -t UTF-8` makes a text of that',
  ],
  [
    (symbol) => symbol >= '\u0080' && symbol <= '\u009f',
    'it was Windows-1252, converted as if it were ISO-8859-1: convert what it was made of with `iconv -f WINDOWS-1252 -t UTF-8`',
  ],
  [(symbol) => symbol === '\ufffd', 'characters were lost in a conversion: convert what it was made of anew'],
];

/**
 * What is to be told of a text's symbols where some are no text's: NUL, the control characters U+0080 to U+009F (C1 of ISO/IEC 6429), or the
 * one that stands for a character that was lost; in a line, null where there is none.
 */
export function controlSymbolsLine(subject: string, symbols: readonly string[]): string | null {
  for (const [is, advice] of KINDS) {
    const found = symbols.filter(is);
    if (found.length === 0) continue;
    const named = found.slice(0, NAMED_MAX).map(codePoint).join(', ');
    const more = found.length > NAMED_MAX ? ` and ${found.length - NAMED_MAX} more` : '';
    return `${subject} has symbols that are no text's (${named}${more}): perhaps ${advice}`;
  }
  return null;
}

function codePoint(symbol: string): string {
  return `U+${symbol.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
