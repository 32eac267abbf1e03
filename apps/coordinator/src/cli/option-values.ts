import { InvalidArgumentError } from 'commander';

/** Parsers of option values; what they refuse becomes one line that names the option and the value. */

/** A whole number within bounds. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const parsed = Number(value);
    if (!/^\d+$/.test(value) || parsed < least || parsed > most) {
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `expected a whole number, at least ${least}.`
          : `expected a whole number from ${least} to ${most}.`,
      );
    }
    return parsed;
  };
}

/** A number of zero or more. */
export function nonNegative(value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed < 0) {
    throw new InvalidArgumentError('expected a number, at least 0.');
  }
  return parsed;
}
