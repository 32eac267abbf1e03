/** Ends of lines, and what moves a terminal's cursor or begins its commands. */
const NOT_IN_A_LINE = /[\p{Cc}\u2028\u2029]/gu;

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
