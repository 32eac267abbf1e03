import { redact, type Fields } from './redaction.js';

/**
 * A line of another process's log that may be kept: one JSON object with a level, a time and a message, under the fields
 * that the reader knows better than the writer.
 * @param known such as `{ worker: 'a' }`; they replace the line's own.
 * @returns one line without its end; null where it is none: count it.
 */
export function foreignLine(line: string, known: Fields): string | null {
  const entry = parse(line);
  if (entry === null) return null;
  const { level, time, msg } = entry;
  if (typeof level !== 'string' || typeof time !== 'string' || typeof msg !== 'string') return null;
  return JSON.stringify({ ...(redact(entry) as Fields), ...known });
}

/** What a line says: a JSON event's `msg`, else the line itself. */
export function messageOf(line: string): string {
  const msg = parse(line)?.msg;
  return typeof msg === 'string' ? msg : line;
}

/** What TensorFlow writes whenever it is loaded, and a stack trace with its foot. */
const NO_WORDS = /^(WARNING: All log messages before|[IW]\d{4} \d\d:|Node\.js v|\s|}$)/;

/** Whether a line of a worker's standard error may be its last word: why it ended. */
export function isLastWord(line: string): boolean {
  return line !== '' && !NO_WORDS.test(line);
}

/** Objects and arrays inside each other in a line of a log, at most. What goes through them goes by recursion. */
const DEPTH_MAX = 64;

function parse(line: string): Fields | null {
  if (!line.startsWith('{') || isDeep(line)) return null;
  try {
    return JSON.parse(line) as Fields;
  } catch {
    return null;
  }
}

/** Whether a text, of JSON or not, opens more objects and arrays inside each other than a line of a log has. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isInString && character === '\\') at++;
    else if (character === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
