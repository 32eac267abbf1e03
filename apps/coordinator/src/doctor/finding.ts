/** `warning`: it works, and something should be looked at. `problem`: it does not, or not for long. */
export type FindingStatus = 'ok' | 'warning' | 'problem';

/** What one check found. */
export interface Finding {
  /** What was checked, in a few words. */
  readonly check: string;
  readonly status: FindingStatus;
  readonly expected: string;
  readonly found: string;
  /** What to do; empty where all is well. */
  readonly advice: string;
}

/** A check with which all is well. */
export function ok(check: string, expected: string, found: string): Finding {
  return { check, status: 'ok', expected, found, advice: '' };
}

/** A check whose subject works, and should be looked at. */
export function warning(check: string, expected: string, found: string, advice: string): Finding {
  return { check, status: 'warning', expected, found, advice };
}

/** A check whose subject does not work, or not for long. */
export function problem(check: string, expected: string, found: string, advice: string): Finding {
  return { check, status: 'problem', expected, found, advice };
}

/** A quantity that is good from one bound on, and too little below another. */
export function atLeast(
  check: string,
  value: { readonly found: number; readonly good: number; readonly least: number },
  shown: (value: number) => string,
  advice: string,
): Finding {
  const expected = `at least ${shown(value.good)}`;
  if (value.found >= value.good) return ok(check, expected, shown(value.found));
  const say = value.found >= value.least ? warning : problem;
  return say(check, expected, shown(value.found), advice);
}

/** A quantity that is good up to one bound, and too much above another. */
export function atMost(
  check: string,
  value: { readonly found: number; readonly good: number; readonly most: number },
  shown: (value: number) => string,
  advice: string,
): Finding {
  const expected = `at most ${shown(value.good)}`;
  if (value.found <= value.good) return ok(check, expected, shown(value.found));
  const say = value.found <= value.most ? warning : problem;
  return say(check, expected, shown(value.found), advice);
}
