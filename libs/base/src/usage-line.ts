/**
 * What commander writes of wrong usage, as a line of ours: `rocinante: unknown option '--stpes'; did you mean --steps?`. Its guess
 * is a line of its own otherwise.
 */
export function usageLine(text: string): string {
  return text
    .replace(/^error: /, 'rocinante: ')
    .replace(/\n\(Did you mean (.*)\?\)\n$/, '; did you mean $1?\n');
}
