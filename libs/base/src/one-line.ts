/** Ends of lines, and what moves a terminal's cursor or begins its commands. */
const NOT_IN_A_LINE = /[\p{Cc}\u2028\u2029]/gu;

/** Characters of a value from outside that a message shows at most. */
const QUOTED_LENGTH_MAX = 80;

/**
 * A text that may hold something from outside, as it may stand in one line for a person: control characters as escapes, and
 * at most `lengthMax` UTF-16 units of it.
 */
export function oneLine(text: string, lengthMax = 1000): string {
  // No half of a surrogate pair stands where it is cut.
  const shown =
    text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 3).replace(/[\ud800-\udbff]$/, '')}...`;
  return shown.replace(NOT_IN_A_LINE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value from outside as it may stand in one line for a person: as JSON, so on one line, and not without end. */
export function quoted(value: unknown): string {
  const short = typeof value === 'string' ? value.slice(0, QUOTED_LENGTH_MAX + 1) : value;
  // JSON leaves some control characters as they are.
  return oneLine(JSON.stringify(short) ?? 'nothing', QUOTED_LENGTH_MAX);
}
