import { NAME_LENGTH_MAX } from './limits.js';

/** What a worker or a pool may be called, for messages. */
export const NAME_EXPECTED = `1 to ${NAME_LENGTH_MAX} letters, digits or -_.:@`;

/** Whether a worker or a pool may be called so: names stand in logs, in metrics and in addresses. */
export function isName(text: string): boolean {
  return /^[\w.:@-]+$/.test(text) && text.length <= NAME_LENGTH_MAX;
}
