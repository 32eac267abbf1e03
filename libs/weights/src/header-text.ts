import { quoted } from '@rocinante/base';

/** Objects and arrays inside each other in a header: the header, a tensor, its shape. */
const DEPTH_MAX = 3;

/** What makes the string before it a key, however far behind it. */
const COLON = /\s*:/y;

/**
 * What keeps a text from being a header although `JSON.parse` may accept it: nesting without end, or a key that stands
 * twice in one object (`JSON.parse` keeps the last one, so two readers could see two different files).
 *
 * It reads the text once and takes no memory for nesting, so it goes before `JSON.parse`.
 * @returns one line, or undefined for a text that may be parsed; of a text that is no JSON, either.
 */
export function headerTextProblem(json: string): string | undefined {
  /** The keys of each object that is open; an open array counts as an object without keys. */
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '{':
      case '[':
        if (open.length === DEPTH_MAX) return `expected at most ${DEPTH_MAX} levels, received more`;
        open.push(new Set());
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = stringEnd(json, at);
        COLON.lastIndex = end;
        if (COLON.test(json)) {
          const literal = json.slice(at, end);
          // Two spellings of one key are one key.
          const key = literal.includes('\\') ? unescaped(literal) : literal.slice(1, -1);
          const keys = open.at(-1);
          if (keys?.has(key)) return `${quoted(key)} stands twice in one object`;
          keys?.add(key);
        }
        at = end - 1;
        break;
      }
    }
  }
  return undefined;
}

/** One past the closing quote of the string that opens at `start`; the text's end where none closes it. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === '\\') at++;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}

/** A string literal's value; the literal itself where it is none, which `JSON.parse` refuses afterwards. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}
