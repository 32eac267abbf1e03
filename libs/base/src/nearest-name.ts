/** Letters by which a name that was meant may differ. */
const DISTANCE_MAX = 2;

/** What a misspelt name may have meant: the known name that differs least; null where none is near. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const distances = [...known].map((one) => ({ one, distance: distanceOf(name, one) }));
  const [best] = distances.sort((a, b) => a.distance - b.distance);
  const near = best.distance <= Math.min(DISTANCE_MAX, Math.floor(best.one.length / 3));
  return near ? best.one : null;
}

/** Letters to insert, leave out or replace: Levenshtein's distance. Names whose lengths say enough are not looked at. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > DISTANCE_MAX) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
