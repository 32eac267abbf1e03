/**
 * The run that an address names behind its `#`; null for none.
 * @param hash with its `#`. What is not encoded well names no run.
 */
export function runOf(hash: string): string | null {
  try {
    return decodeURIComponent(hash.slice(1)) || null;
  } catch {
    return null;
  }
}
