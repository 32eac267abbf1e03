/** Columns of a terminal that a page for people counts on. */
const COLUMNS = 100;

/**
 * Parts one behind the other, in as many lines as they need, none of them broken: the first begins with the title, the others stand
 * below its text.
 * @param title with the blanks that are to follow it.
 */
export function wrapped(title: string, parts: readonly string[], columns = COLUMNS): string[] {
  const lines: string[] = [];
  let line = title;
  for (const [index, part] of parts.entries()) {
    const piece = index === parts.length - 1 ? part : `${part},`;
    if (line.length > title.length && line.length + 1 + piece.length > columns) {
      lines.push(line);
      line = ' '.repeat(title.length);
    }
    line += line.length > title.length ? ` ${piece}` : piece;
  }
  return [...lines, line];
}
