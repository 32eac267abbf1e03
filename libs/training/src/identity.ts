import type { RunConfig } from './run-config.js';

/** A configuration key, dotted, in which two runs differ, with both values as JSON. */
export interface Difference {
  readonly key: string;
  readonly first: string;
  readonly second: string;
}

/** What only says when a run ends: its steps until then are the same. */
type Ending = 'epochs' | 'steps' | 'earlyStopping';

/** What makes two runs the same run: all of the configuration but when it ends, and the text's SHA-256. */
export interface RunIdentity {
  readonly config: Omit<RunConfig, Ending>;
  readonly corpusSha256: string;
}

/** A run's identity; `config` is resolved. */
export function identityOf(config: RunConfig, corpusSha256: string): RunIdentity {
  const endings: readonly string[] = ['epochs', 'steps', 'earlyStopping'] satisfies Ending[];
  const rest = Object.entries(config).filter(([key]) => !endings.includes(key));
  return { config: Object.fromEntries(rest) as RunIdentity['config'], corpusSha256 };
}

/** The keys in which two identities differ, in alphabetical order; empty where they are of the same run. */
export function identityDifferences(first: RunIdentity, second: RunIdentity): Difference[] {
  const flatFirst = flatten(first);
  const flatSecond = flatten(second);
  const keys = [...new Set([...flatFirst.keys(), ...flatSecond.keys()])].sort();
  return keys
    .filter((key) => flatFirst.get(key) !== flatSecond.get(key))
    .map((key) => ({
      key: key.replace(/^config\./, ''),
      first: flatFirst.get(key) ?? 'absent',
      second: flatSecond.get(key) ?? 'absent',
    }));
}

function flatten(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, prefix ? `${prefix}.${key}` : key, into);
  } else if (value !== undefined) {
    into.set(prefix, JSON.stringify(value));
  }
  return into;
}
