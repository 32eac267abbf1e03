import { oneLine } from '@rocinante/base';

/** Characters of a value from outside that a message shows at most. */
const LENGTH_MAX = 80;

/** A value from outside as it may stand in one line for a person: as JSON, so on one line, and not without end. */
export function quoted(value: unknown): string {
  const text =
    JSON.stringify(typeof value === 'string' ? value.slice(0, LENGTH_MAX + 1) : value) ?? 'nothing';
  // JSON leaves some control characters as they are.
  return oneLine(text, LENGTH_MAX);
}
