/** Edits of text whose lines are JSON: of a line's value, and of the lines themselves. */
import type { Edit } from './byte-edits.js';
import { editJson, jsonOf } from './json-edits.js';

/** Takes a line out, puts one elsewhere or twice or very often, or edits its value. */
export const editLines: Edit = (bytes, draw) => {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const at = draw.below(lines.length);
  switch (draw.below(6)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1: {
      const times = draw.chance(0.1) ? 2 ** draw.below(10) : 1;
      lines.splice(draw.below(lines.length + 1), 0, ...Array<string>(times).fill(lines[at]));
      break;
    }
    case 2:
      lines[at] = lines[at].slice(0, draw.below(lines[at].length));
      break;
    default:
      try {
        lines[at] = jsonOf(editJson(JSON.parse(lines[at]), draw)) ?? '';
      } catch {
        lines.splice(at, 0, '');
      }
  }
  return Buffer.from(lines.join('\n'));
};
