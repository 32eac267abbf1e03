/** Whole numbers as spans, ascending: `0-3,7` is 0, 1, 2, 3 and 7. */

/** The spans of numbers that differ, in any order; empty for none. */
export function spansOf(numbers: Iterable<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const spans: string[] = [];
  let first = 0;
  for (const [index, number] of sorted.entries()) {
    if (sorted[index + 1] === number + 1) continue;
    spans.push(first === index ? `${number}` : `${sorted[first]}-${number}`);
    first = index + 1;
  }
  return spans.join(',');
}

/**
 * The numbers of spans, ascending.
 * @param below what every number must be less than; bounds the memory that hostile spans take.
 * @returns null where the text is not as `spansOf` writes it, or a number is too large.
 */
export function numbersOf(spans: string, below: number): number[] | null {
  const numbers: number[] = [];
  for (const span of spans.split(',')) {
    const [, first, last = first] = /^(0|[1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(span) ?? [];
    if (first === undefined || Number(last) >= below) return null;
    // Each behind the one before: spans that come again would be as many numbers as a line has room for.
    if (Number(first) <= (numbers.at(-1) ?? -1)) return null;
    for (let number = Number(first); number <= Number(last); number++) numbers.push(number);
  }
  return spansOf(new Set(numbers)) === spans ? numbers : null;
}
